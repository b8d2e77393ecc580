use proptest::prelude::*;

use super::*;

fn base(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn prefixes(list: &[&str]) -> Vec<String> {
    list.iter().map(|&s| s.to_owned()).collect()
}

#[test]
fn a_path_joins_below_the_base_and_its_prefix() {
    let allowed = prefixes(&["/admin/api/", "/graphql.json"]);
    let ok = |path| join(&base("https://h.example/shop"), path, &allowed).map(|u| u.to_string());
    assert_eq!(
        ok("/admin/api/orders/1:2/a%20b").unwrap(),
        "https://h.example/shop/admin/api/orders/1:2/a%20b"
    );
    assert_eq!(
        ok("/graphql.json").unwrap(),
        "https://h.example/shop/graphql.json"
    );
    assert_eq!(
        ok("/graphql.json/x").unwrap(),
        "https://h.example/shop/graphql.json/x"
    );
    assert_eq!(ok("/graphql.jsonx"), Err(PathError::Prefix));
    assert_eq!(ok("/admin/api"), Err(PathError::Prefix));
    assert_eq!(ok("/admin/apix/y"), Err(PathError::Prefix));
}

#[test]
fn hostile_paths_are_refused_by_name() {
    use PathError::{Character, Escape, NotAbsolute, Segment};
    let table = [
        ("", NotAbsolute),
        ("orders", NotAbsolute),
        ("//evil.example/x", NotAbsolute),
        ("https://evil.example/", NotAbsolute),
        ("/../x", Segment),
        ("/a/..", Segment),
        ("/a/./b", Segment),
        ("/a//b", Segment),
        ("/a/..//", Segment),
        ("/\\evil.example", Character),
        ("/a?x=1", Character),
        ("/a#x", Character),
        ("/a b", Character),
        ("/a\r\nhost: evil", Character),
        ("/a\u{0}", Character),
        ("/ä", Character),
        ("/%2e%2e/x", Escape),
        ("/%2E./x", Escape),
        ("/a%2fb", Escape),
        ("/a%5Cb", Escape),
        ("/a%252fb", Escape),
        ("/a%00", Escape),
        ("/a%0d%0a", Escape),
        ("/a%", Escape),
        ("/a%2", Escape),
        ("/a%zz", Escape),
    ];
    for (path, reason) in table {
        assert_eq!(check(path), Err(reason), "{path:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever a plugin writes, the URL that is dialled lies on the origin and below a prefix, also
    /// in the eyes of a server that decodes escapes and resolves dots.
    #[test]
    fn no_path_leaves_the_prefix(
        path in prop_oneof![
            "[/.%2eEfF5cC\\\\a-c:?#@]{0,24}",
            "/api/[/.%2eEfF5cC\\\\a-c:?#@\r\n ]{0,24}",
            "/api/\\PC{0,16}",
        ]
    ) {
        let allowed = prefixes(&["/api/"]);
        let home = base("https://h.example:8443/shop");
        if let Ok(url) = join(&home, &path, &allowed) {
            prop_assert_eq!(url.host_str(), Some("h.example"));
            prop_assert_eq!(url.port(), Some(8443));
            prop_assert_eq!(url.scheme(), "https");
            prop_assert!(url.query().is_none() && url.fragment().is_none());
            prop_assert!(url.path().starts_with("/shop/api/"));
            let decoded = percent_encoding::percent_decode_str(url.path())
                .decode_utf8_lossy()
                .replace('\\', "/");
            let mut depth = 0_i32;
            for segment in decoded.trim_start_matches("/shop/api/").split('/') {
                depth += match segment { ".." => -1, "." | "" => 0, _ => 1 };
                prop_assert!(depth >= 0, "{} climbs", url);
            }
        }
    }

    /// Ordinary paths are not refused, so that the rule above is not kept by refusing everything.
    #[test]
    fn ordinary_paths_are_joined(path in "/api/[a-zA-Z0-9_~-]{1,8}(/[a-zA-Z0-9:@._~-]{0,6}[a-z0-9]){0,3}") {
        let joined = join(&base("https://h.example"), &path, &prefixes(&["/api/"])).unwrap();
        prop_assert_eq!(joined.path(), path);
    }
}
