//! Records derived again from the reading they were made of: what differs is written, what is newer stays.

use ordercase_model::Record;
use rstest::rstest;
use serde_json::{Value, json};

use super::support::*;
use crate::*;

async fn read_with_answers(home: &Home, snapshots: Vec<Snapshot>, page: &str) {
    let raw = RawBody {
        role: "orders".into(),
        content_type: "application/json".into(),
        bytes: page.as_bytes().to_vec(),
    };
    let snapshots = snapshots.into_iter().map(|snapshot| Snapshot {
        raw: vec![0],
        ..snapshot
    });
    let batch = Batch {
        raw: vec![raw],
        ..home.batch(snapshots.collect())
    };
    home.store
        .apply_batch(batch, "orders", at(1_000))
        .await
        .unwrap();
}

async fn candidates(home: &Home, filter: &RecordFilter) -> Vec<Candidate> {
    home.store
        .candidates(&home.connection, filter, None, 100)
        .await
        .unwrap()
}

fn told(home: &Home, candidate: &Candidate, body: Value) -> Rederivation {
    let snapshot = order(&candidate.key.source_id, 1, 10, body);
    Rederivation {
        connection: home.connection.clone(),
        plugin_digest: "d2".to_owned(),
        records: vec![Derived {
            candidate: candidate.clone(),
            record: Record {
                api_version: None,
                ..snapshot.record
            },
        }],
    }
}

async fn replay(home: &Home, ask: Rederivation) -> Outcome {
    let preview = home
        .store
        .preview_rederivation(&ask, at(2_000))
        .await
        .unwrap();
    let done = home
        .store
        .rederive(ask, "admin", json!({}), at(2_000))
        .await
        .unwrap();
    assert_eq!(preview, done, "a preview says what happens");
    home.adds_up().await;
    done[0].outcome.clone()
}

async fn stored(home: &Home) -> StoredRecord {
    let mut view = home.store.view(&home.connection.tenant).await.unwrap();
    let found = view.by_order_number("1").await.unwrap();
    found.into_iter().next().unwrap()
}

#[rstest]
#[tokio::test]
async fn the_same_again_changes_nothing_but_who_told_it(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    read_with_answers(&home, vec![order("1", 1, 10, plain_order(1))], "page").await;
    let before = stored(&home).await;
    let found = candidates(&home, &RecordFilter::default()).await;
    let outcome = replay(&home, told(&home, &found[0], plain_order(1))).await;
    assert_eq!(outcome, Outcome::Duplicate);
    let after = stored(&home).await;
    assert_eq!(after.record.body.get(), before.record.body.get());
    assert_eq!(
        (after.revision, after.changed_at),
        (before.revision, before.changed_at)
    );
    assert_eq!(after.observed_at, before.observed_at);
    assert_eq!(after.record.api_version, before.record.api_version);
    assert_eq!(after.plugin_digest, "d2");
    let of_the_old = RecordFilter {
        plugin_digest: Some("d1".into()),
        ..RecordFilter::default()
    };
    assert!(candidates(&home, &of_the_old).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn what_the_plugin_tells_differently_is_written_and_both_versions_are_audited(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    read_with_answers(&home, vec![order("1", 1, 10, plain_order(1))], "page").await;
    let found = candidates(&home, &RecordFilter::default()).await;
    let mut better = plain_order(1);
    better["lines"][0]["title"] = json!("Green tea");
    let ask = told(&home, &found[0], better.clone());
    let preview = home
        .store
        .preview_rederivation(&ask, at(2_000))
        .await
        .unwrap();
    assert!(preview[0].before.as_ref().unwrap().contains("\"Tea\""));
    assert!(preview[0].after.as_ref().unwrap().contains("Green tea"));
    assert_eq!(stored(&home).await.revision, 1, "a preview writes nothing");
    assert!(home.store.audits(&tenant("t1")).await.unwrap().is_empty());
    assert_eq!(replay(&home, ask).await, Outcome::Applied);
    let after = stored(&home).await;
    assert!(after.record.body.get().contains("Green tea"));
    assert_eq!((after.revision, after.observed_at), (2, at(10)));
    let audits = home.store.audits(&tenant("t1")).await.unwrap();
    assert_eq!(audits[0].action, "replay.records");
    assert_eq!(audits[0].detail["from_plugins"], json!({"d1": 1}));
    assert_eq!(audits[0].detail["to_plugin"], "d2");
    assert_eq!(audits[0].detail["changed"], 1);
    // The source's next reading of the same version says the old thing no more than before.
    read_with_answers(&home, vec![order("1", 1, 20, better)], "later").await;
    assert_eq!(stored(&home).await.revision, 2);
}

#[rstest]
#[tokio::test]
async fn what_came_in_between_stays(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    read_with_answers(&home, vec![order("1", 1, 10, plain_order(1))], "page").await;
    let found = candidates(&home, &RecordFilter::default()).await;
    let mut newer = plain_order(1);
    newer["state"] = json!("newer");
    read_with_answers(&home, vec![order("1", 2, 20, newer.clone())], "page 2").await;
    let mut wrong = plain_order(1);
    wrong["state"] = json!("from old answers");
    assert_eq!(
        replay(&home, told(&home, &found[0], wrong)).await,
        Outcome::Superseded
    );
    assert!(stored(&home).await.record.body.get().contains("newer"));
}

#[rstest]
#[tokio::test]
async fn the_answers_kept_are_those_of_the_newest_reading(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    read_with_answers(&home, vec![order("1", 1, 10, plain_order(1))], "page").await;
    let first = candidates(&home, &RecordFilter::default()).await;
    read_with_answers(
        &home,
        vec![order("1", 1, 20, plain_order(1))],
        "the same, told later",
    )
    .await;
    let second = candidates(&home, &RecordFilter::default()).await;
    assert_ne!(first[0].raw, second[0].raw);
    let raw = home
        .store
        .raw_body(&home.connection, &second[0].raw[0])
        .await;
    assert_eq!(raw.unwrap().unwrap().bytes, b"the same, told later");
    assert_eq!(
        replay(&home, told(&home, &first[0], plain_order(1))).await,
        Outcome::Superseded
    );
}

#[rstest]
#[tokio::test]
async fn what_vanished_stays_and_what_only_the_old_plugin_told_goes(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let refunds = |ids: &[&str]| {
        let mut body = plain_order(1);
        body["refunds"] = ids.iter().map(|id| json!({"source_id": id})).collect();
        body
    };
    read_with_answers(&home, vec![order("1", 1, 10, refunds(&["gone"]))], "page").await;
    read_with_answers(
        &home,
        vec![order("1", 2, 20, refunds(&["wrong"]))],
        "page 2",
    )
    .await;
    let found = candidates(&home, &RecordFilter::default()).await;
    assert_eq!(
        replay(&home, told(&home, &found[0], refunds(&["right"]))).await,
        Outcome::Applied
    );
    let body: Value = serde_json::from_str(stored(&home).await.record.body.get()).unwrap();
    assert_eq!(
        body["refunds"],
        json!([{"source_id": "right"}, {"source_id": "gone", "vanished": true}])
    );
}

#[rstest]
#[tokio::test]
async fn a_record_of_several_readings_has_none_to_be_told_from(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    read_with_answers(&home, vec![order("1", 1, 10, plain_order(1))], "page").await;
    let mut part = order("1", 2, 20, json!({"shipments": []}));
    part.record.completeness =
        ordercase_model::Completeness::Partial(vec![ordercase_model::Group::Shipments]);
    read_with_answers(&home, vec![part], "part").await;
    let found = candidates(&home, &RecordFilter::default()).await;
    assert_eq!(found[0].reading, None);
    assert_eq!(
        replay(&home, told(&home, &found[0], plain_order(1))).await,
        Outcome::Superseded
    );
}

#[rstest]
#[tokio::test]
async fn a_plugin_that_tells_of_another_record_is_refused(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    read_with_answers(&home, vec![order("1", 1, 10, plain_order(1))], "page").await;
    let found = candidates(&home, &RecordFilter::default()).await;
    let mut ask = told(&home, &found[0], plain_order(1));
    ask.records[0].record.source_id = "2".into();
    assert!(matches!(replay(&home, ask).await, Outcome::Refused(_)));
    let mut ask = told(&home, &found[0], plain_order(1));
    ask.records[0].record.schema = "commerce/9".into();
    assert!(matches!(replay(&home, ask).await, Outcome::Refused(_)));
    assert_eq!(stored(&home).await.revision, 1);
}

#[rstest]
#[tokio::test]
async fn candidates_come_in_order_and_within_the_filter(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    for n in 1..=5_u32 {
        let seconds = i64::from(n) * 10;
        read_with_answers(
            &home,
            vec![order(&n.to_string(), 1, seconds, plain_order(n))],
            "p",
        )
        .await;
    }
    let filter = RecordFilter {
        since: Some(at(20)),
        until: Some(at(50)),
        ..RecordFilter::default()
    };
    let ids = |found: Vec<Candidate>| -> Vec<String> {
        found.into_iter().map(|one| one.key.source_id).collect()
    };
    assert_eq!(ids(candidates(&home, &filter).await), ["2", "3", "4"]);
    let after = ordercase_model::RecordRef {
        kind: ordercase_model::Kind::Order,
        source_id: "2".into(),
    };
    let page = home
        .store
        .candidates(&home.connection, &filter, Some(&after), 1)
        .await;
    assert_eq!(ids(page.unwrap()), ["3"]);
    let one = RecordFilter {
        entity: Some(after),
        ..RecordFilter::default()
    };
    assert_eq!(ids(candidates(&home, &one).await), ["2"]);
}

#[rstest]
#[tokio::test]
async fn a_replay_forgets_no_word_that_must_be_mapped(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let body = |canonical: &str, number: u32| {
        let mut body = plain_order(number);
        body["order_state"] =
            json!({"canonical": canonical, "raw": "OnHold", "source_field": "state"});
        body
    };
    let known = order("1", 1, 10, body("on_hold", 1));
    let unknown = order("2", 1, 10, body("unknown", 2));
    read_with_answers(&home, vec![known, unknown], "page").await;
    let required = MappingsCommit {
        connection: home.connection.clone(),
        mappings: Mappings {
            overrides: Overrides::new(),
            required: vec!["state".to_owned()],
        },
        expected: None,
        actor: "admin".to_owned(),
        now: at(1_500),
    };
    home.store.set_mappings(required).await.unwrap();
    let all = candidates(&home, &RecordFilter::default()).await;
    let before = stored(&home).await.record;

    let name = MappingName::new("state", "OnHold").unwrap();
    let lost = told(&home, &all[0], body("unknown", 1));
    assert_eq!(replay(&home, lost).await, Outcome::Parked(name));
    let after = stored(&home).await.record;
    assert_eq!(after.body.get(), before.body.get());
    // What was stored as unknown already is still mended in everything else.
    let mended = told(&home, &all[1], body("unknown", 3));
    assert_eq!(replay(&home, mended).await, Outcome::Applied);
    home.adds_up().await;
}
