use ordercase_model::{Kind, Order, RecordRef, TombstoneReason};
use rstest::rstest;
use serde_json::json;

use super::support::*;
use crate::*;

fn ids(records: &[StoredRecord]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record.key.source_id.as_str())
        .collect()
}

#[rstest]
#[tokio::test]
async fn records_are_found_by_all_that_people_quote(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let orders = (1..=12)
        .map(|n| order(&format!("o{n}"), 1, 10, plain_order(n)))
        .collect();
    let person = json!({"source_id": "c1", "emails": [{"value": "p1@example.com", "normalised": "p1@example.com", "kind": "direct"}],
        "phones": [{"raw": "+49 228 123456", "e164": "+49228123456"}]});
    assert!(
        home.apply(orders)
            .await
            .iter()
            .all(|outcome| *outcome == Outcome::Applied)
    );
    home.apply(vec![customer("c1", 10, person)]).await;
    let mut view = home.store.view(&home.connection.tenant).await.unwrap();
    assert_eq!(
        ids(&view.by_email(" P1@Example.com ").await.unwrap()),
        ["o11", "o1", "c1"]
    );
    assert_eq!(
        ids(&view.by_phone("+49 (228) 12 34 56").await.unwrap()),
        ["c1"]
    );
    assert_eq!(ids(&view.by_phone("49228123456").await.unwrap()), ["c1"]);
    assert_eq!(ids(&view.by_order_number("#7").await.unwrap()), ["o7"]);
    assert_eq!(ids(&view.by_order_digits("no 7").await.unwrap()), ["o7"]);
    assert_eq!(ids(&view.by_tracking("track-3").await.unwrap()), ["o3"]);
    let of_customer = view
        .by_customer(&home.connection.connection, "c1")
        .await
        .unwrap();
    assert_eq!(ids(&of_customer), ["o11", "o1", "c1"]);
    let found = view.by_order_number("7").await.unwrap();
    assert_eq!(
        found[0].record.read::<Order>().unwrap().number.as_deref(),
        Some("#7")
    );
    assert_eq!(
        (found[0].observed_at, found[0].path),
        (at(10), ReadPath::Poll)
    );
    assert_eq!(
        view.counts(&home.connection.connection).await.unwrap()[&Kind::Order],
        12
    );
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_view_is_of_one_moment(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.apply(vec![order("o1", 1, 10, plain_order(1))]).await;
    let mut before = home.store.view(&home.connection.tenant).await.unwrap();
    assert_eq!(before.by_order_number("1").await.unwrap().len(), 1);
    home.apply(vec![
        order("o1", 2, 20, plain_order(3)),
        order("o2", 1, 20, plain_order(2)),
    ])
    .await;
    assert_eq!(before.by_order_number("1").await.unwrap()[0].revision, 1);
    assert!(before.by_order_number("2").await.unwrap().is_empty());
    drop(before);
    let mut after = home.store.view(&home.connection.tenant).await.unwrap();
    assert!(after.by_order_number("1").await.unwrap().is_empty());
    assert_eq!(after.by_order_number("2").await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn another_tenant_finds_nothing(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let (other, _) = settle(&home.store, "t2").await;
    home.apply(vec![order("o1", 1, 10, plain_order(1))]).await;
    let mut view = home.store.view(&other.tenant).await.unwrap();
    assert!(view.by_email("p1@example.com").await.unwrap().is_empty());
    assert!(view.by_order_number("1").await.unwrap().is_empty());
    let target = RecordRef {
        kind: Kind::Order,
        source_id: "o1".into(),
    };
    assert!(
        view.record(&home.connection.connection, &target)
            .await
            .unwrap()
            .is_none()
    );
}

#[rstest]
#[tokio::test]
async fn outcomes_are_counted_and_the_newest_stays(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let number = |n: u32| json!({"number": format!("#{n}")});
    let outcomes = home
        .apply(vec![
            order("o", 2, 20, number(2)),
            order("o", 1, 10, number(1)),
            order("o", 2, 25, number(2)),
            order("o", 3, 30, number(3)),
        ])
        .await;
    use Outcome::{Applied, Duplicate, Superseded};
    assert_eq!(outcomes, [Applied, Superseded, Duplicate, Applied]);
    let mut view = home.store.view(&home.connection.tenant).await.unwrap();
    assert!(
        view.by_order_number("2").await.unwrap().is_empty(),
        "old keys go"
    );
    assert_eq!(view.by_order_number("3").await.unwrap()[0].revision, 2);
    let rows = home.store.accounts(None).await.unwrap();
    assert_eq!(
        (
            rows[0].received,
            rows[0].applied,
            rows[0].superseded,
            rows[0].duplicate
        ),
        (4, 2, 1, 1)
    );
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_record_that_cannot_be_stored_is_a_dead_letter_and_its_page_is_not(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let outcomes = home
        .apply(vec![
            order("good", 1, 10, json!({"number": "#1"})),
            order("bad", 1, 10, json!({"lines": "none"})),
            order(&"x".repeat(256), 1, 10, json!({})),
        ])
        .await;
    assert_eq!(outcomes[0], Outcome::Applied);
    assert!(matches!(&outcomes[1], Outcome::Refused(reason) if reason.contains("no order")));
    assert!(matches!(&outcomes[2], Outcome::Refused(reason) if reason.contains("256")));
    let dead = home
        .store
        .receipts(&home.connection.tenant, ReceiptState::Dead)
        .await
        .unwrap();
    assert_eq!(dead.len(), 2);
    assert!(
        dead.iter()
            .any(|receipt| receipt.body == br#"{"lines":"none"}"#)
    );
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn raw_answers_are_stored_once_and_shared(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let raw = |bytes: &[u8]| RawBody {
        role: "orders".into(),
        content_type: "application/json".into(),
        bytes: bytes.to_vec(),
    };
    let mut first = order("o1", 1, 10, plain_order(1));
    let mut second = order("o2", 1, 10, plain_order(2));
    first.raw = vec![0];
    second.raw = vec![0, 1];
    let mut batch = home.batch(vec![first, second]);
    batch.raw = vec![raw(b"{\"page\":1}"), raw(&[0xff, 0x00])];
    home.store
        .apply_batch(batch, "orders", at(1))
        .await
        .unwrap();
    let mut view = home.store.view(&home.connection.tenant).await.unwrap();
    let one = &view.by_order_number("1").await.unwrap()[0];
    let two = &view.by_order_number("2").await.unwrap()[0];
    assert_eq!(one.raw[0], two.raw[0]);
    let kept = home
        .store
        .raw_body(&home.connection, &two.raw[1])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.bytes, [0xff, 0x00]);
}

#[rstest]
#[tokio::test]
async fn a_purge_takes_the_person_out_of_records_keys_and_raw_answers(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let mut snapshot = order("o1", 1, 10, plain_order(1));
    snapshot.raw = vec![0];
    let mut batch = home.batch(vec![snapshot]);
    batch.raw = vec![RawBody {
        role: "o".into(),
        content_type: "t".into(),
        bytes: b"p1@example.com".to_vec(),
    }];
    home.store
        .apply_batch(batch, "orders", at(1))
        .await
        .unwrap();
    let mut view = home.store.view(&home.connection.tenant).await.unwrap();
    let raw = view.by_order_number("1").await.unwrap()[0].raw[0].clone();
    let purge = tombstone(
        Kind::Order,
        "o1",
        TombstoneReason::PurgedByPrivacyRequest,
        20,
    );
    assert_eq!(home.apply(vec![purge]).await, [Outcome::Applied]);
    let mut view = home.store.view(&home.connection.tenant).await.unwrap();
    assert!(view.by_email("p1@example.com").await.unwrap().is_empty());
    assert!(
        home.store
            .raw_body(&home.connection, &raw)
            .await
            .unwrap()
            .is_none()
    );
    let left = &view.by_order_number("1").await.unwrap()[0];
    assert!(left.is_deleted() && !left.record.body.get().contains("example.com"));
    assert_eq!(
        left.deleted_reason,
        Some(TombstoneReason::PurgedByPrivacyRequest)
    );
}

#[rstest]
#[tokio::test]
async fn orders_follow_their_customer_into_a_merge(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.apply(vec![
        order("o1", 1, 10, plain_order(1)),
        customer("c1", 10, json!({"source_id": "c1"})),
    ])
    .await;
    let mut merged = tombstone(Kind::Customer, "c1", TombstoneReason::Merged, 20);
    let body =
        json!({"kind": "customer", "source_id": "c1", "reason": "merged", "merged_into": "c99"});
    merged.record.body = serde_json::value::to_raw_value(&body).unwrap();
    home.apply(vec![merged]).await;
    let mut view = home.store.view(&home.connection.tenant).await.unwrap();
    let found = view
        .by_customer(&home.connection.connection, "c99")
        .await
        .unwrap();
    assert!(ids(&found).contains(&"o1"), "{:?}", ids(&found));
}

#[rstest]
#[tokio::test]
async fn more_lookups_at_a_time_than_there_are_readers_do_not_wait_for_each_other(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.apply(vec![customer("c1", 10, json!({"source_id": "c1"}))])
        .await;
    let (store, key) = (&home.store, &home.connection);
    let lookups = (0..4 * limits::READERS_MAX).map(async |_| {
        let mut view = store.view(&key.tenant).await.unwrap();
        let found = view.by_customer(&key.connection, "c1").await.unwrap();
        assert_eq!(ids(&found), ["c1"]);
        drop(view);
        assert!(store.accounts_add_up(Some(&key.tenant)).await.unwrap());
    });
    let all = futures::future::join_all(lookups);
    // Far below the time after which a reader that cannot be had is given up.
    let within = std::time::Duration::from_secs(20);
    tokio::time::timeout(within, all).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn what_is_known_only_by_a_tombstone_is_not_found(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let gone = tombstone(Kind::Order, "o1", TombstoneReason::Deleted, 20);
    assert_eq!(
        home.apply(vec![gone.clone(), gone]).await,
        [Outcome::Applied, Outcome::Duplicate]
    );
    let target = RecordRef {
        kind: Kind::Order,
        source_id: "o1".into(),
    };
    let mut view = home.store.view(&home.connection.tenant).await.unwrap();
    assert!(
        view.record(&home.connection.connection, &target)
            .await
            .unwrap()
            .is_none()
    );
    // Read before it was deleted, arrived after: there, and marked.
    home.apply(vec![order("o1", 1, 10, plain_order(1))]).await;
    let mut view = home.store.view(&home.connection.tenant).await.unwrap();
    let found = view
        .record(&home.connection.connection, &target)
        .await
        .unwrap()
        .unwrap();
    assert!(found.is_deleted());
}
