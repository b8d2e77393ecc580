//! Records that wait for a mapping: parked under its name, released with it, counted throughout.

use ordercase_model::{Kind, RecordRef};
use rstest::rstest;
use serde_json::{Value, json};

use super::support::*;
use crate::*;

/// Order `id` whose state the plugin knows by that word only.
fn odd(id: &str, version: i64, word: &str) -> Snapshot {
    let mut body = plain_order(1);
    body["order_state"] = json!({"canonical": "unknown", "raw": word, "source_field": "state"});
    order(id, version, version, body)
}

fn told(home: &Home, revision: u64, snapshots: Vec<Snapshot>) -> Batch {
    Batch {
        mappings: revision,
        ..home.batch(snapshots)
    }
}

async fn page(home: &Home, revision: u64, snapshots: Vec<Snapshot>) -> Vec<Outcome> {
    let batch = told(home, revision, snapshots);
    let applied = home.store.apply_batch(batch, "orders", at(50)).await;
    applied
        .unwrap()
        .into_iter()
        .map(|one| one.outcome)
        .collect()
}

fn commit(connection: &ConnectionKey, overrides: Value, required: &[&str]) -> MappingsCommit {
    MappingsCommit {
        connection: connection.clone(),
        mappings: Mappings {
            overrides: serde_json::from_value(overrides).unwrap(),
            required: required.iter().map(|&field| field.to_owned()).collect(),
        },
        expected: None,
        actor: "admin".to_owned(),
        now: at(100),
    }
}

async fn map(home: &Home, overrides: Value, required: &[&str]) -> u64 {
    let commit = commit(&home.connection, overrides, required);
    home.store.set_mappings(commit).await.unwrap()
}

fn on_hold() -> Value {
    json!({"state": {"ONHOLD": {"order": "on_hold"}}})
}

async fn waiting(home: &Home, connection: &ConnectionKey) -> Vec<(String, u64)> {
    let waiting = home.store.waiting_for_mappings(connection).await.unwrap();
    let waiting = waiting.into_iter();
    waiting
        .map(|one| (one.mapping.to_string(), one.letters))
        .collect()
}

fn one(name: &str, letters: u64) -> Vec<(String, u64)> {
    vec![(name.to_owned(), letters)]
}

async fn letters(home: &Home) -> Vec<DeadLetter> {
    let all = DeadFilter::default();
    home.store.dead_letters(&all, None, 9).await.unwrap()
}

async fn claimed(home: &Home) -> Vec<Receipt> {
    let ask = ask(Lane::Poll, "a", 10, 200);
    home.store.claim_receipts(ask).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn one_record_of_a_page_waits_and_the_rest_is_stored(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let unasked = page(&home, 0, vec![odd("0", 1, "OnHold")]).await;
    assert_eq!(unasked, [Outcome::Applied], "unknown words are normal");
    map(&home, json!({}), &["state"]).await;
    let snapshots = vec![
        odd("1", 1, "OnHold"),
        order("2", 1, 1, plain_order(2)),
        odd("0", 1, "OnHold"),
    ];
    let name = MappingName::new("state", "OnHold").unwrap();
    let expected = [
        Outcome::Parked(name.clone()),
        Outcome::Applied,
        Outcome::Duplicate,
    ];
    assert_eq!(page(&home, 1, snapshots).await, expected);
    home.adds_up().await;
    let letters = letters(&home).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].class, ErrorClass::Mapping);
    assert_eq!(letters[0].mapping, Some(name));
    assert!(letters[0].reason.contains("`state=OnHold` is missing"));
}

#[rstest]
#[tokio::test]
async fn the_mapping_releases_what_waits_for_it_and_nothing_else(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let (other, _) = settle(&home.store, "t2").await;
    for key in [&home.connection, &other] {
        let required = commit(key, json!({}), &["state"]);
        home.store.set_mappings(required).await.unwrap();
        let batch = Batch {
            connection: key.clone(),
            ..told(&home, 1, vec![odd("1", 1, "OnHold"), odd("2", 1, "Lost")])
        };
        home.store
            .apply_batch(batch, "orders", at(50))
            .await
            .unwrap();
    }
    assert_eq!(map(&home, on_hold(), &["state"]).await, 1, "in any case");
    assert_eq!(waiting(&home, &home.connection).await, one("state=Lost", 1));
    assert_eq!(waiting(&home, &other).await.len(), 2, "another tenant's");
    home.adds_up().await;

    let taken = claimed(&home).await;
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].page_record().unwrap().source_id, "1");
    let mapped = order("1", 1, 1, plain_order(1));
    let applied = home.store.apply_receipt(
        taken[0].claim(),
        vec![told(&home, 2, vec![mapped])],
        at(201),
    );
    assert_eq!(applied.await.unwrap().1, Settlement::Applied);
    assert_eq!(map(&home, on_hold(), &["state"]).await, 0, "once");
    assert!(claimed(&home).await.is_empty());
    home.adds_up().await;

    assert_eq!(map(&home, json!({}), &[]).await, 1, "required no longer");
    let audits = home.store.audits(&home.connection.tenant).await.unwrap();
    let noted: Vec<_> = audits
        .iter()
        .filter(|row| row.action == "connection.mappings_set")
        .collect();
    assert_eq!(noted.len(), 4);
    let detail = noted.iter().find(|row| row.detail["revision"] == 2);
    let detail = &detail.unwrap().detail;
    assert_eq!(detail["released"], json!({"state=OnHold": 1}));
    assert_eq!(detail["overrides"], on_hold());
    assert!(noted.iter().all(|row| row.actor == "admin"));
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_released_one_parks_again_under_the_next_name(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    map(&home, json!({}), &["state"]).await;
    page(&home, 1, vec![odd("1", 1, "OnHold")]).await;
    map(&home, on_hold(), &["state"]).await;
    let taken = claimed(&home).await;
    let lost = told(&home, 2, vec![odd("1", 2, "Lost")]);
    let applied = home
        .store
        .apply_receipt(taken[0].claim(), vec![lost], at(201));
    let (_, settlement) = applied.await.unwrap();
    assert!(matches!(settlement, Settlement::Dead(_)), "{settlement:?}");
    assert_eq!(waiting(&home, &home.connection).await, one("state=Lost", 1));
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn what_was_read_before_the_mapping_came_is_read_again(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    map(&home, json!({}), &["state"]).await;
    let put = home
        .store
        .put_receipt(home.webhook("w", "w"))
        .await
        .unwrap();
    let taken = home.claim("a", 1, 60).await;
    map(&home, on_hold(), &["state"]).await;
    let old = told(&home, 1, vec![odd("1", 1, "OnHold")]);
    let applied = home
        .store
        .apply_receipt(taken[0].claim(), vec![old], at(61));
    assert_eq!(applied.await.unwrap().1, Settlement::Released);
    let receipt = home.store.receipt(&home.connection.tenant, put.id()).await;
    assert_eq!(receipt.unwrap().unwrap().state, ReceiptState::Pending);
    page(&home, 1, vec![odd("2", 1, "OnHold")]).await;
    assert!(waiting(&home, &home.connection).await.is_empty());
    assert_eq!(claimed(&home).await.len(), 1, "the page's record too");
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_record_has_one_letter_however_often_it_is_shown(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    map(&home, json!({}), &["state"]).await;
    for (version, word) in [(1, "OnHold"), (1, "OnHold"), (2, "OnHold"), (3, "Lost")] {
        page(&home, 1, vec![odd("1", version, word)]).await;
        home.adds_up().await;
    }
    assert_eq!(waiting(&home, &home.connection).await, one("state=Lost", 1));

    // Put away, it stays away until the source says something else.
    let id = letters(&home).await[0].id.clone();
    let discard = home
        .store
        .discard_dead_letter(None, &id, "no", "admin", at(60));
    discard.await.unwrap();
    page(&home, 1, vec![odd("1", 3, "Lost")]).await;
    assert!(waiting(&home, &home.connection).await.is_empty());
    page(&home, 1, vec![odd("1", 4, "OnHold")]).await;
    assert_eq!(
        waiting(&home, &home.connection).await,
        one("state=OnHold", 1)
    );
    home.adds_up().await;

    // Worked off, it opens anew when it lacks a word again.
    map(&home, on_hold(), &["state"]).await;
    let taken = claimed(&home).await;
    let known = told(&home, 2, vec![order("1", 4, 4, plain_order(1))]);
    let applied = home
        .store
        .apply_receipt(taken[0].claim(), vec![known], at(201));
    assert_eq!(applied.await.unwrap().1, Settlement::Applied);
    page(&home, 2, vec![odd("1", 5, "Lost")]).await;
    assert_eq!(waiting(&home, &home.connection).await, one("state=Lost", 1));
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_release_that_breaks_off_changes_nothing_and_the_next_one_is_whole(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    map(&home, json!({}), &["state"]).await;
    let many: Vec<Snapshot> = (0..40).map(|n| odd(&n.to_string(), 1, "OnHold")).collect();
    page(&home, 1, many).await;
    let stale = MappingsCommit {
        expected: Some(0),
        ..commit(&home.connection, on_hold(), &["state"])
    };
    let refused = home.store.set_mappings(stale.clone()).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    // A caller that is gone before the answer: all of it happened, or nothing did.
    let gone = MappingsCommit {
        expected: Some(1),
        ..stale
    };
    let store = home.store.clone();
    let task = tokio::spawn(async move { store.set_mappings(gone).await });
    tokio::task::yield_now().await;
    task.abort();
    let _broken_off = task.await;
    let left = waiting(&home, &home.connection).await;
    assert!(
        left.is_empty() || left == one("state=OnHold", 40),
        "{left:?}"
    );
    home.adds_up().await;
    map(&home, on_hold(), &["state"]).await;
    assert!(waiting(&home, &home.connection).await.is_empty());
    let pending = home
        .store
        .receipts(&home.connection.tenant, ReceiptState::Pending);
    assert_eq!(pending.await.unwrap().len(), 40);
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_person_may_try_or_put_away_what_waits(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    map(&home, json!({}), &["state"]).await;
    page(&home, 1, vec![odd("1", 1, "OnHold")]).await;
    let ids: Vec<DeadId> = letters(&home).await.into_iter().map(|one| one.id).collect();
    let retried = home.store.retry_dead_letters(None, ids, "admin", at(60));
    assert_eq!(retried.await.unwrap().retried.len(), 1);
    assert!(waiting(&home, &home.connection).await.is_empty());
    home.adds_up().await;
    let missing = MissingMapping {
        name: MappingName::new("state", "OnHold").unwrap(),
        revision: 1,
    };
    let taken = claimed(&home).await;
    let end = Settlement::Dead(Death::parked(missing));
    home.store
        .settle_receipt(taken[0].claim(), end, at(201))
        .await
        .unwrap();
    assert_eq!(
        waiting(&home, &home.connection).await,
        one("state=OnHold", 1)
    );
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn what_is_shown_while_its_letter_is_worked_on_is_read_once_more(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    map(&home, json!({}), &["state"]).await;
    page(&home, 1, vec![odd("1", 1, "OnHold")]).await;
    map(&home, on_hold(), &["state"]).await;
    let early = claimed(&home).await;
    // Read before the source changed; the change is shown before it is stored.
    let old = told(&home, 2, vec![order("1", 1, 1, plain_order(1))]);
    page(&home, 2, vec![odd("1", 2, "Lost")]).await;
    let late = home
        .store
        .apply_receipt(early[0].claim(), vec![old], at(201));
    assert!(matches!(late.await, Err(StoreError::LeaseLost { .. })));
    home.adds_up().await;

    let again = claimed(&home).await;
    assert_eq!(again.len(), 1);
    let new = told(&home, 2, vec![odd("1", 2, "Lost")]);
    let applied = home
        .store
        .apply_receipt(again[0].claim(), vec![new], at(202));
    assert!(matches!(applied.await.unwrap().1, Settlement::Dead(_)));
    assert_eq!(waiting(&home, &home.connection).await, one("state=Lost", 1));
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn what_was_put_away_comes_back_for_a_new_mapping_and_for_another_word(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let put_away = async || {
        let id = letters(&home).await[0].id.clone();
        let store = &home.store;
        let done = store.discard_dead_letter(None, &id, "no", "admin", at(60));
        done.await.unwrap();
    };
    map(&home, json!({}), &["state"]).await;
    page(&home, 1, vec![odd("1", 1, "OnHold")]).await;
    put_away().await;
    map(&home, on_hold(), &["state"]).await;
    // A page that was read before the mapping came: what it shows may be told by now.
    page(&home, 1, vec![odd("1", 1, "OnHold")]).await;
    assert_eq!(claimed(&home).await.len(), 1);
    home.adds_up().await;

    // A plugin that cannot tell of a record shows no body, so only the word tells two showings apart.
    let target = RecordRef {
        kind: Kind::Order,
        source_id: "2".to_owned(),
    };
    for (word, letters) in [("Odd", 1), ("Odd", 0), ("Even", 1)] {
        let missing = MissingMapping {
            name: MappingName::new("state", word).unwrap(),
            revision: 2,
        };
        let path = ReadPath::Reconcile;
        let parked =
            home.store
                .park_record(&home.connection, "orders", &target, path, missing, at(70));
        parked.await.unwrap();
        let waits = waiting(&home, &home.connection).await;
        assert_eq!(waits.len(), letters, "{word}: {waits:?}");
        home.adds_up().await;
        if word == "Odd" && letters == 1 {
            put_away().await;
        }
    }
}

/// The mapping comes while records without it are on their way in, by a page and by a receipt: whichever is first,
/// none is left waiting for a mapping that is there.
#[rstest]
#[tokio::test]
async fn a_mapping_that_comes_while_records_are_parked_misses_none(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    map(&home, json!({}), &["state"]).await;
    let mut words = serde_json::Map::new();
    for round in 0..12_u64 {
        let (revision, word) = (round + 1, format!("Word{round}"));
        let (by_page, by_receipt) = (format!("p{round}"), format!("r{round}"));
        let webhook = home.webhook(&by_receipt, &by_receipt);
        home.store.put_receipt(webhook).await.unwrap();
        let taken = home.claim("a", 1, 60).await;
        let read = told(&home, revision, vec![odd(&by_receipt, 1, &word)]);
        words.insert(word.clone(), json!({"order": "open"}));
        let overrides = json!({ "state": words });
        let applied = async || {
            let work = home
                .store
                .apply_receipt(taken[0].claim(), vec![read.clone()], at(61));
            work.await.unwrap()
        };
        let mapped = async || map(&home, overrides.clone(), &["state"]).await;
        let paged = async || page(&home, revision, vec![odd(&by_page, 1, &word)]).await;
        // Each of them is the first to ask in its turn.
        match round % 3 {
            0 => drop(tokio::join!(paged(), mapped(), applied())),
            1 => drop(tokio::join!(applied(), paged(), mapped())),
            _ => drop(tokio::join!(mapped(), applied(), paged())),
        }
        let waits = waiting(&home, &home.connection).await;
        assert!(waits.is_empty(), "round {round}: {waits:?}");
        let store = &home.store;
        let pending = store.receipts(&home.connection.tenant, ReceiptState::Pending);
        assert_eq!(pending.await.unwrap().len(), 2, "round {round}");
        home.adds_up().await;

        // Both are read again, as the mapping tells them now.
        let mut again = claimed(&home).await;
        again.extend(home.claim("b", 9, 200).await);
        assert_eq!(again.len(), 2, "round {round}");
        for receipt in again {
            let id = match receipt.page_record() {
                Some(target) => target.source_id,
                None => by_receipt.clone(),
            };
            let read = told(&home, revision + 1, vec![order(&id, 1, 1, plain_order(1))]);
            let done = store.apply_receipt(receipt.claim(), vec![read], at(201));
            assert_eq!(done.await.unwrap().1, Settlement::Applied, "{id}");
        }
        home.adds_up().await;
    }
}

#[rstest]
#[tokio::test]
async fn mappings_out_of_bounds_or_of_a_shop_that_left_are_refused(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let bad = json!({"state": {"OnHold": {"order": "sideways"}}});
    let bad = commit(&home.connection, bad, &[]);
    let refused = home.store.set_mappings(bad).await.unwrap_err().to_string();
    assert!(
        refused.contains("`overrides.state.OnHold.order`"),
        "{refused}"
    );
    map(&home, json!({}), &["state"]).await;
    page(&home, 1, vec![odd("1", 1, "OnHold")]).await;
    let gone = home
        .store
        .set_connection_activity(&home.connection, &Activity::Left, at(60));
    gone.await.unwrap();
    let late = commit(&home.connection, on_hold(), &["state"]);
    let refused = home.store.set_mappings(late).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    assert_eq!(
        waiting(&home, &home.connection).await,
        one("state=OnHold", 1)
    );
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn many_names_are_released_and_the_audit_stays_small(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    map(&home, json!({}), &["state"]).await;
    let many = usize::try_from(limits::LIST_ROWS_MAX).unwrap() + 20;
    let all: Vec<Snapshot> = (0..many)
        .map(|n| odd(&n.to_string(), 1, &format!("w{n}")))
        .collect();
    for some in all.chunks(200) {
        page(&home, 1, some.to_vec()).await;
    }
    let shown = waiting(&home, &home.connection).await.len();
    assert_eq!(shown, many - 20, "a list is bounded");
    let released = map(&home, json!({}), &[]).await;
    assert_eq!(usize::try_from(released), Ok(many));
    assert!(waiting(&home, &home.connection).await.is_empty());
    let audits = home.store.audits(&home.connection.tenant).await.unwrap();
    let noted = audits.iter().find(|row| row.detail["revision"] == 2);
    let noted = &noted.unwrap().detail;
    assert_eq!(noted["released_letters"], many);
    let names = noted["released"].as_object().unwrap().len();
    assert_eq!(names, limits::MAPPINGS_NOTED_MAX);
    home.adds_up().await;
}
