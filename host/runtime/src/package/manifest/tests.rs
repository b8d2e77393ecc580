use serde_json::json;

use super::*;
use crate::package::{Capabilities, Change, Delivery, SECTION, embed, section};

const SHOPIFY: &str = include_str!("example.toml");
/// The eight bytes that begin every component; nothing else is needed to be an empty one.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

fn problems(text: &str) -> String {
    Manifest::parse(text).unwrap_err().to_string()
}

#[test]
fn the_example_reads_in_full() {
    let manifest = Manifest::parse(SHOPIFY).unwrap();
    insta::assert_json_snapshot!(manifest);
    assert!(manifest.emits(Kind::Order) && manifest.emits(Kind::Tombstone));
    assert!(!manifest.emits(Kind::Product));
    assert_eq!(manifest.origin(None), manifest.origin(Some("admin")));
    assert_eq!(manifest.origin(Some("other")), None);
}

#[test]
fn every_problem_names_its_key_and_a_way_out() {
    let broken = SHOPIFY
        .replace("id = \"shopify\"", "id = \"S\"")
        .replace("version = \"0.1.0\"", "version = \"1.0\"")
        .replace("source@0.1.0", "source@0.2.0")
        .replace("[secrets.access_token]", "[secrets.other_token]")
        .replace("path-prefixes = [\"/admin", "path-prefixes = [\"/../admin")
        .replace("page-limit = 50", "page-limit = 0")
        .replace("kind = \"customer\"", "kind = \"shopper\"")
        .replace("signed = \"{body}\"", "signed = \"{header:x-time}\"")
        .replace("topic-header", "id-header2")
        .replace("id-header2", "topic-pointer")
        .replace("reserve = 100", "reserve = 5000");
    insta::assert_snapshot!(problems(&broken));
}

#[test]
fn shapes_that_are_not_a_manifest_say_where() {
    let unknown = problems(&SHOPIFY.replace("licence", "license"));
    assert!(
        unknown.contains("license") && unknown.contains("licence"),
        "{unknown}"
    );
    let scheme = problems(&SHOPIFY.replace("https://{shop_domain}", "http://{shop_domain}"));
    assert!(scheme.contains("https://"), "{scheme}");
    let pattern = problems(&SHOPIFY.replace("^[a-z0-9]", "^[a-z0-9"));
    assert!(pattern.contains("pattern"), "{pattern}");
    let export = problems(&SHOPIFY.replace("\"probe\", ", "\"probe\", \"act\", "));
    assert!(export.contains("act"), "{export}");
    assert!(matches!(
        Manifest::parse(&" ".repeat(limits::MANIFEST_BYTES_MAX + 1)),
        Err(ManifestError::TooLong { .. })
    ));
}

#[test]
fn a_credential_header_may_not_be_one_that_steers_the_request() {
    for header in ["host", "Cookie", "x-forwarded-for", "content-length"] {
        let text = SHOPIFY.replace(
            "header = \"x-shopify-access-token\"",
            &format!("header = \"{header}\""),
        );
        assert!(
            problems(&text).contains("origins.admin.auth.header"),
            "{header}"
        );
    }
}

#[test]
fn settings_are_checked_and_defaults_filled_in() {
    let manifest = Manifest::parse(SHOPIFY).unwrap();
    let good = manifest
        .check_settings(&json!({"shop_domain": "a.myshopify.com"}))
        .unwrap();
    assert_eq!(
        good,
        json!({"shop_domain": "a.myshopify.com", "backfill_days": 60})
    );
    let fields = |settings| -> Vec<String> {
        let problems = manifest.check_settings(&settings).unwrap_err();
        problems.into_iter().map(|p| p.field).collect()
    };
    assert_eq!(fields(json!({})), ["shop_domain"]);
    assert_eq!(fields(json!({"shop_domain": null})), ["shop_domain"]);
    assert_eq!(
        fields(json!({"shop_domain": "evil.example"})),
        ["shop_domain"]
    );
    assert_eq!(
        fields(json!({"shop_domain": "a.myshopify.com", "backfill_days": "9"})),
        ["backfill_days"]
    );
    assert_eq!(
        fields(json!({"shop_domain": "a.myshopify.com", "shop": 1})),
        ["shop"]
    );
    assert_eq!(fields(json!([])), ["settings"]);
}

#[test]
fn a_manifest_travels_inside_its_component() {
    let packed = embed(EMPTY, SHOPIFY).unwrap();
    assert_eq!(section(&packed).unwrap(), SHOPIFY.as_bytes());
    assert_eq!(
        Manifest::of_component(&packed).unwrap(),
        Manifest::parse(SHOPIFY).unwrap()
    );
    assert_eq!(packed, embed(EMPTY, SHOPIFY).unwrap());
    assert!(matches!(
        Manifest::of_component(EMPTY),
        Err(ManifestError::Absent)
    ));
    assert!(matches!(
        embed(&packed, SHOPIFY),
        Err(ManifestError::Repeated(2))
    ));
    assert!(matches!(
        Manifest::of_component(b"\0asm\x01\0\0\0"),
        Err(ManifestError::NotAComponent(_))
    ));
    assert!(matches!(
        Manifest::of_component(b"no"),
        Err(ManifestError::NotAComponent(_))
    ));
    assert_eq!(SECTION, "ordercase:manifest");
}

#[test]
fn the_capability_digest_follows_what_may_be_done_and_nothing_else() {
    let of = |text: &str| Capabilities::of(&Manifest::parse(text).unwrap(), ["http".to_owned()]);
    let before = of(SHOPIFY);
    let renamed = of(&SHOPIFY
        .replace("name = \"Shopify\"", "name = \"S\"")
        .replace("0.1.0\"\nwit", "0.1.9\"\nwit"));
    assert_eq!(renamed.change_from(&before), Change::Same);
    assert_eq!(renamed.digest(), before.digest());
    let wider = of(&SHOPIFY.replace("methods = [\"POST\"]", "methods = [\"POST\", \"DELETE\"]"));
    assert_eq!(wider.change_from(&before), Change::Wider);
    assert_eq!(before.change_from(&wider), Change::Narrower);
    assert_ne!(wider.digest(), before.digest());
    let subscribes = of(&SHOPIFY.replace("\"receive\"]", "\"receive\", \"subscribe\"]"));
    assert_eq!(subscribes.change_from(&before), Change::Wider);
}

#[test]
fn a_topic_is_its_delivery_alone_or_says_who_registers_it() {
    let text = SHOPIFY.replace(
        "\"orders/updated\" = \"hint\"",
        "\"orders/updated\" = \"hint\"\n\"shop/redact\" = { delivery = \"none\", registered-by = \"app\" }",
    );
    let manifest = Manifest::parse(&text).unwrap();
    let webhooks = manifest.webhooks.as_ref().unwrap();
    let registered: Vec<&str> = webhooks.registered_by_host().collect();
    assert_eq!(registered, ["orders/create", "orders/updated"]);
    assert_eq!(webhooks.topics["shop/redact"].delivery, Delivery::None);
    // As it is stored: the short form stays short, and both come back.
    let stored = serde_json::to_value(&manifest).unwrap();
    assert_eq!(stored["webhooks"]["topics"]["orders/create"], "hint");
    assert_eq!(
        stored["webhooks"]["topics"]["shop/redact"],
        json!({"delivery": "none", "registered-by": "app"})
    );
    let back: Manifest = serde_json::from_value(stored).unwrap();
    assert_eq!(back, manifest);
    let odd = problems(&SHOPIFY.replace(
        "\"orders/updated\" = \"hint\"",
        "\"orders/updated\" = { delivery = \"hint\", by = \"app\" }",
    ));
    assert!(odd.contains("orders/updated"), "{odd}");
}

#[test]
fn whoever_subscribes_also_receives() {
    let text = SHOPIFY.replace("\"map\", \"receive\"]", "\"map\", \"subscribe\"]");
    let text = text.split("[webhooks]").next().unwrap();
    assert!(problems(text).contains("`subscribe` without `receive`"));
}
