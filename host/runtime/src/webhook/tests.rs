use super::*;

const BODY: &[u8] = br#"{"type":"order.updated","id":7}"#;

fn recipe(toml: &str) -> Webhooks {
    toml::from_str(toml).unwrap()
}

fn shopify() -> Webhooks {
    recipe(
        r#"
        scheme = "hmac"
        algorithm = "sha256"
        encoding = "base64"
        signature-header = "x-signature"
        signed = "{body}"
        slot = "webhook_secret"
        topic-header = "x-topic"
        id-header = "x-event-id"
        time-header = "x-triggered-at"
        [topics]
        "orders/create" = "hint"
        "#,
    )
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(*name, value.parse().unwrap());
    }
    map
}

fn key() -> SecretText {
    SecretText::from("hush")
}

/// HMAC by the book (RFC 2104), independent of the crate that the code under test uses.
fn hmac_by_hand<D: Digest>(key: &[u8], block: usize, message: &[u8]) -> Vec<u8> {
    let mut padded = key.to_vec();
    padded.resize(block, 0);
    let inner: Vec<u8> = padded.iter().map(|b| b ^ 0x36).collect();
    let outer: Vec<u8> = padded.iter().map(|b| b ^ 0x5c).collect();
    let hash = D::new()
        .chain_update(inner)
        .chain_update(message)
        .finalize();
    D::new()
        .chain_update(outer)
        .chain_update(hash)
        .finalize()
        .to_vec()
}

fn sign(body: &[u8]) -> String {
    STANDARD.encode(hmac_by_hand::<Sha256>(b"hush", 64, body))
}

#[test]
fn a_good_delivery_is_verified_with_its_topic_id_and_time() {
    let signature = sign(BODY);
    let headers = headers(&[
        ("x-signature", &signature),
        ("x-topic", "orders/create"),
        ("x-event-id", "e-1"),
        ("x-triggered-at", "2026-01-31T09:05:00Z"),
    ]);
    let verified = verify(&shopify(), Some(&key()), &headers, BODY).unwrap();
    assert_eq!(
        verified,
        VerifiedWebhook {
            topic: "orders/create".to_owned(),
            delivery: Some(Delivery::Hint),
            delivery_id: "e-1".to_owned(),
            occurred_at: Some("2026-01-31T09:05:00Z".parse().unwrap()),
        }
    );
}

#[test]
fn a_changed_body_key_or_signature_is_refused() {
    let signature = sign(BODY);
    let with = |sig: &str| headers(&[("x-signature", sig), ("x-topic", "orders/create")]);
    let outcome = |key: &str, headers: &HeaderMap, body: &[u8]| {
        verify(&shopify(), Some(&SecretText::from(key)), headers, body).map(|v| v.topic)
    };
    assert!(outcome("hush", &with(&signature), BODY).is_ok());
    let mut changed = BODY.to_vec();
    changed[3] ^= 1;
    assert_eq!(
        outcome("hush", &with(&signature), &changed),
        Err(VerifyError::Mismatch)
    );
    assert_eq!(
        outcome("hush", &with(&signature), b""),
        Err(VerifyError::Mismatch)
    );
    assert_eq!(
        outcome("other", &with(&signature), BODY),
        Err(VerifyError::Mismatch)
    );
    assert_eq!(
        outcome("hush", &with(&sign(b"x")), BODY),
        Err(VerifyError::Mismatch)
    );
    let short = STANDARD.encode(&STANDARD.decode(&signature).unwrap()[..8]);
    assert_eq!(
        outcome("hush", &with(&short), BODY),
        Err(VerifyError::Mismatch)
    );
    assert_eq!(outcome("hush", &with(""), BODY), Err(VerifyError::Mismatch));
    assert_eq!(
        outcome("hush", &with("???"), BODY),
        Err(VerifyError::Encoding("x-signature".to_owned()))
    );
}

#[test]
fn what_is_missing_is_named() {
    let signature = sign(BODY);
    let all = headers(&[("x-signature", &signature), ("x-topic", "t")]);
    for gone in ["x-signature", "x-topic"] {
        let mut some = all.clone();
        some.remove(gone);
        assert_eq!(
            verify(&shopify(), Some(&key()), &some, BODY),
            Err(VerifyError::MissingHeader(gone.to_owned()))
        );
    }
    let no_key = VerifyError::NoKey("webhook_secret".to_owned());
    assert_eq!(verify(&shopify(), None, &all, BODY), Err(no_key.clone()));
    assert_eq!(
        verify(&shopify(), Some(&SecretText::from("")), &all, BODY),
        Err(no_key)
    );
    let mut twice = all;
    twice.append("x-signature", signature.parse().unwrap());
    assert_eq!(
        verify(&shopify(), Some(&key()), &twice, BODY),
        Err(VerifyError::RepeatedHeader("x-signature".to_owned()))
    );
}

#[test]
fn hex_sha1_sha512_prefix_and_signed_headers_follow_the_recipe() {
    let text = r#"
        scheme = "hmac"
        algorithm = "ALG"
        encoding = "hex"
        signature-header = "x-signature"
        signature-prefix = "v1="
        signed = "{header:x-time}.{body}"
        slot = "s"
        topic-pointer = "/type"
        [topics]
        "order.updated" = "full"
    "#;
    let message = [b"17.".as_slice(), BODY].concat();
    let cases = [
        ("sha1", hmac_by_hand::<Sha1>(b"hush", 64, &message)),
        ("sha512", hmac_by_hand::<Sha512>(b"hush", 128, &message)),
    ];
    for (algorithm, mac) in cases {
        let recipe = recipe(&text.replace("ALG", algorithm));
        let signature = format!("v1={}", hex::encode(mac));
        let good = headers(&[("x-signature", &signature), ("x-time", "17")]);
        let verified = verify(&recipe, Some(&key()), &good, BODY).unwrap();
        assert_eq!(verified.topic, "order.updated");
        assert_eq!(verified.delivery, Some(Delivery::Full));
        assert!(verified.delivery_id.starts_with("sha256:"));
        let replayed = headers(&[("x-signature", &signature), ("x-time", "18")]);
        assert_eq!(
            verify(&recipe, Some(&key()), &replayed, BODY),
            Err(VerifyError::Mismatch)
        );
    }
}

#[test]
fn unsigned_deliveries_get_a_content_id_that_follows_topic_and_body() {
    let recipe = recipe("scheme = \"none\"\ntopic-header = \"x-topic\"\n[topics]\na = \"hint\"");
    let id = |topic: &str, body: &[u8]| {
        verify(&recipe, None, &headers(&[("x-topic", topic)]), body)
            .unwrap()
            .delivery_id
    };
    assert_eq!(id("a", b"1"), id("a", b"1"));
    assert_ne!(id("a", b"1"), id("a", b"2"));
    assert_ne!(id("a", b"1"), id("b", b"1"));
}

#[test]
fn templates_that_leave_out_the_body_are_not_accepted() {
    for good in [
        "{body}",
        "{header:x-id}.{body}",
        "v0:{header:x-time}:{body}",
    ] {
        assert!(template_signs_body(good), "{good}");
    }
    for bad in [
        "",
        "body",
        "{header:x-id}",
        "{body",
        "{bodies}",
        "{header:}{body}",
        "{header:a b}{body}",
    ] {
        assert!(!template_signs_body(bad), "{bad}");
    }
}
