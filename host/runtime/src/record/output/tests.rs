use super::*;
use crate::{
    CallStats, Exchange, SentRequest,
    abi::bindings::{
        exports::ordercase::source::receive,
        ordercase::source::records::{Completeness, MissingField, RecordRef},
    },
    package::Method,
};

const MANIFEST: &str = include_str!("../../package/manifest/example.toml");

fn manifest() -> Manifest {
    Manifest::parse(&MANIFEST.replace(
        "\"orders/updated\" = \"hint\"",
        "\"orders/updated\" = \"full\"",
    ))
    .unwrap()
}

fn tombstone() -> Envelope {
    Envelope {
        schema: "commerce/1".to_owned(),
        kind: "tombstone".to_owned(),
        source_id: "7".to_owned(),
        parent: None,
        source_version: Some("2026-01-31T09:05:00Z".to_owned()),
        source_updated_at: Some("2026-01-31T09:05:00Z".to_owned()),
        api_version: None,
        completeness: Completeness::Full,
        missing: vec![MissingField {
            field: "at".to_owned(),
            reason: "not_reported".to_owned(),
        }],
        warnings: vec!["b".to_owned(), "a".to_owned(), "b".to_owned()],
        body: br#"{"kind":"order","source_id":"7","reason":"deleted"}"#.to_vec(),
    }
}

fn called<T>(value: T, exchanges: u32) -> Called<T> {
    let exchange = |index| Exchange {
        index,
        role: "r".to_owned(),
        status: 200,
        content_type: String::new(),
        headers: Vec::new(),
        body: bytes::Bytes::new(),
        sent_at: "2026-01-31T09:05:00Z".parse().unwrap(),
        request: SentRequest {
            origin: "admin".to_owned(),
            method: Method::Post,
            path: "/".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
        },
    };
    Called {
        value,
        exchanges: (0..exchanges).map(exchange).collect(),
        log: Vec::new(),
        stats: CallStats::default(),
    }
}

/// Path and problem after a change to a sound record, as `map` would return it second.
fn breach(change: impl FnOnce(&mut Envelope)) -> (String, String) {
    let mut broken = tombstone();
    change(&mut broken);
    let outcome = Output(&manifest()).mapped(called(vec![tombstone(), broken], 0));
    let invalid = outcome.err().unwrap();
    (invalid.path, invalid.problem)
}

fn path(change: impl FnOnce(&mut Envelope)) -> String {
    breach(change).0
}

#[test]
fn a_sound_record_passes_with_sorted_warnings() {
    let mapped = Output(&manifest())
        .mapped(called(vec![tombstone()], 0))
        .unwrap();
    let record = &mapped.value[0];
    assert_eq!(record.warnings, ["a", "b"]);
    assert_eq!(record.missing.len(), 1);
    assert_eq!(
        record.body.get(),
        r#"{"kind":"order","source_id":"7","reason":"deleted"}"#
    );
}

#[test]
fn each_breach_has_its_path() {
    assert_eq!(
        path(|e| e.schema = "commerce/2".to_owned()),
        "records[1].schema"
    );
    assert_eq!(path(|e| e.kind = "parcel".to_owned()), "records[1].kind");
    assert_eq!(path(|e| e.kind = "product".to_owned()), "records[1].kind");
    assert_eq!(
        path(|e| e.source_id = String::new()),
        "records[1].source_id"
    );
    assert_eq!(
        path(|e| e.source_id = "é".repeat(256)),
        "records[1].source_id"
    );
    assert_eq!(
        path(|e| e.source_id = "a\nb".to_owned()),
        "records[1].source_id"
    );
    assert_eq!(
        path(|e| e.source_updated_at = Some("yesterday".to_owned())),
        "records[1].source_updated_at"
    );
    assert_eq!(
        path(|e| e.source_version = Some("9".repeat(256))),
        "records[1].source_version"
    );
    assert_eq!(
        path(|e| e.completeness = Completeness::Partial(vec![])),
        "records[1].completeness"
    );
    assert_eq!(
        path(|e| e.completeness = Completeness::Partial(vec!["half".to_owned()])),
        "records[1].completeness"
    );
    assert_eq!(
        path(|e| e.warnings = vec![String::new(); 257]),
        "records[1].warnings"
    );
    let parent = RecordRef {
        kind: "order".to_owned(),
        source_id: String::new(),
    };
    assert_eq!(
        path(|e| e.parent = Some(parent)),
        "records[1].parent.source_id"
    );
}

#[test]
fn bodies_are_bounded_typed_json() {
    assert_eq!(path(|e| e.body = vec![0xff, 0xfe]), "records[1].body");
    assert_eq!(
        path(|e| e.body = vec![b' '; limits::RECORD_BODY_BYTES_MAX + 1]),
        "records[1].body"
    );
    assert_eq!(
        path(|e| e.body = br#"["order","7",null,"deleted",null]"#.to_vec()),
        "records[1].body"
    );
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40));
    assert!(
        breach(|e| e.body = deep.into_bytes())
            .1
            .contains("nests deeper")
    );
    assert_eq!(
        path(|e| e.body = br#"{"kind":"order","source_id":7}"#.to_vec()),
        "records[1].body.source_id"
    );
    let (place, problem) = breach(|e| e.body = br#"{"kind":"order"}"#.to_vec());
    assert_eq!(
        (place.as_str(), problem.as_str()),
        ("records[1].body", "missing field `source_id`")
    );
    let (place, _) = breach(|e| {
        e.kind = "customer".to_owned();
        e.body = br#"{"source_id":"1","identifiers":[],"addresses":[{"kind":1}]}"#.to_vec();
    });
    assert!(place.starts_with("records[1].body"), "{place}");
}

#[test]
fn pulled_records_name_exchanges_of_their_call() {
    let page = |exchanges: Vec<u32>, next: Option<String>| {
        let raw = RawPage {
            records: vec![RawPulled {
                envelope: tombstone(),
                exchanges,
            }],
            next,
            total: None,
        };
        Output(&manifest())
            .page(called(raw, 2))
            .map_err(|invalid| invalid.path)
    };
    assert_eq!(page(vec![1], None).unwrap().value.records[0].exchanges, [1]);
    assert_eq!(page(vec![], None).unwrap_err(), "records[0].exchanges");
    assert_eq!(page(vec![0, 2], None).unwrap_err(), "records[0].exchanges");
    assert_eq!(page(vec![0], Some(String::new())).unwrap_err(), "next");
    assert_eq!(
        page(vec![0], Some("x".repeat(limits::CURSOR_BYTES_MAX + 1))).unwrap_err(),
        "next"
    );
}

#[test]
fn a_reading_keeps_to_the_topics_delivery_and_says_why_nothing_follows() {
    let read = |topic: &str, hints: usize, snapshots: usize, ignored: Option<&str>| {
        let hint = receive::Hint {
            target: RecordRef {
                kind: "order".to_owned(),
                source_id: "7".to_owned(),
            },
            occurred_at: None,
        };
        let raw = RawReading {
            hints: vec![hint; hints],
            snapshots: (0..snapshots).map(|_| tombstone()).collect(),
            ignored: ignored.map(str::to_owned),
        };
        let outcome = Output(&manifest()).reading(topic, called(raw, 0));
        outcome
            .map(|c| c.value.hints.len() + c.value.snapshots.len())
            .map_err(|invalid| invalid.path)
    };
    assert_eq!(read("orders/create", 1, 0, None), Ok(1));
    assert_eq!(read("orders/updated", 0, 1, None), Ok(1));
    assert_eq!(read("orders/create", 0, 0, Some("a draft")), Ok(0));
    assert_eq!(
        read("orders/create", 0, 1, None),
        Err("snapshots".to_owned())
    );
    assert_eq!(read("orders/create", 0, 0, None), Err("ignored".to_owned()));
    assert_eq!(
        read("orders/create", limits::HINTS_MAX + 1, 0, None),
        Err("hints".to_owned())
    );
}

#[test]
fn too_many_records_are_refused_as_a_whole() {
    let many = (0..=limits::RECORDS_PER_CALL_MAX)
        .map(|_| tombstone())
        .collect();
    let invalid = Output(&manifest()).mapped(called(many, 0)).err().unwrap();
    assert_eq!(invalid.path, "records");
}
