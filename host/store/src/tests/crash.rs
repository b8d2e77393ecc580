//! The process dies between commits. A child process works and aborts after a given number of answers; the
//! parent reopens the file and goes on. What was answered is there, and the end equals an uninterrupted run.

use std::process::Command;

use ordercase_model::{Comparability, Kind};
use rstest::rstest;

use super::support::*;
use crate::*;

const PAGES: u32 = 6;

/// Reads pages until done; aborts the process after `steps` commits.
async fn backfill(store: &Store, connection: &ConnectionKey, who: &str, now: i64, mut steps: u32) {
    let mut abort_at_zero = || {
        if steps == 0 {
            std::process::abort();
        }
        steps -= 1;
    };
    loop {
        abort_at_zero();
        let claimed = store
            .claim_streams(ask(Lane::Backfill, who, 1, now))
            .await
            .unwrap();
        let Some(mut track) = claimed.into_iter().next() else {
            return;
        };
        loop {
            let page: u32 = track
                .cursor
                .as_deref()
                .map_or(0, |cursor| cursor.parse().unwrap());
            let orders = (page * 5..page * 5 + 5)
                .map(|n| order(&format!("o{n}"), 1, now, plain_order(n)))
                .collect();
            let next = if page + 1 == PAGES {
                Next::Done
            } else {
                Next::Keep {
                    cursor: (page + 1).to_string(),
                    lease_until: at(now + 60),
                }
            };
            let batch = Batch {
                connection: connection.clone(),
                plugin_digest: "d1".into(),
                mappings: 0,
                raw: Vec::new(),
                snapshots: orders,
            };
            abort_at_zero();
            let done = next == Next::Done;
            let commit = PageCommit {
                track,
                batch,
                total: None,
                next,
                now: at(now),
            };
            track = store.apply_page(commit).await.unwrap().track;
            if done {
                break;
            }
        }
    }
}

async fn resume(place: &str) -> (Store, ConnectionKey) {
    let store = open(place, None).await;
    let connection = ConnectionKey {
        tenant: tenant("t1"),
        connection: ConnectionId::new("t1-shop").unwrap(),
    };
    if store.tenants().await.unwrap().is_empty() {
        settle(&store, "t1").await;
        let spec = StreamSpec {
            stream: "orders".into(),
            kind: Kind::Order,
            comparability: Comparability::Integer,
            page_limit: 5,
        };
        store
            .open_streams(&connection, &[spec], at(1), at(1_000_000))
            .await
            .unwrap();
    }
    (store, connection)
}

/// Runs as the child when its environment says so; as an ordinary test it has nothing to do.
#[tokio::test]
async fn child() {
    let Some(plan) = std::env::var_os("ORDERCASE_CRASH_CHILD") else {
        return;
    };
    let plan = plan.to_string_lossy().into_owned();
    let mut parts = plan.splitn(3, ' ');
    let steps: u32 = parts.next().unwrap().parse().unwrap();
    let now: i64 = parts.next().unwrap().parse().unwrap();
    let (store, connection) = resume(parts.next().unwrap()).await;
    backfill(&store, &connection, "child", now, steps).await;
}

async fn bodies(store: &Store, connection: &ConnectionKey) -> Vec<String> {
    let mut view = store.view(&connection.tenant).await.unwrap();
    let records = view
        .after(&connection.connection, Kind::Order, "")
        .await
        .unwrap();
    records
        .iter()
        .map(|record| format!("{} {}", record.key.source_id, record.record.body))
        .collect()
}

#[rstest]
#[tokio::test]
async fn killed_at_every_commit_and_resumed_equals_an_uninterrupted_run(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(calm) = Place::new(on).await else {
        return;
    };
    let (store, connection) = resume(&calm.text()).await;
    backfill(&store, &connection, "calm", 10, u32::MAX).await;
    let expected = bodies(&store, &connection).await;
    assert_eq!(expected.len(), 30);
    for steps in 0..=PAGES {
        let place = Place::new(on).await.unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::crash::child", "--nocapture"])
            .env(
                "ORDERCASE_CRASH_CHILD",
                format!("{steps} 10 {}", place.text()),
            )
            .output()
            .unwrap()
            .status;
        assert!(
            !status.success(),
            "the child should have died after {steps} commits"
        );
        let (store, connection) = resume(&place.text()).await;
        // The child's lease must run out first.
        backfill(&store, &connection, "heir", 100, u32::MAX).await;
        assert_eq!(
            bodies(&store, &connection).await,
            expected,
            "killed after {steps} commits"
        );
        assert!(store.accounts_add_up(None).await.unwrap());
        let track = &store.streams(&connection).await.unwrap()[0];
        assert_eq!(
            (track.state, track.pages, track.records),
            (TrackState::Done, u64::from(PAGES), 30)
        );
    }
}

/// Found by chaos: a webhook died of thirty claims, of which one had failed; the others were of hosts that were killed.
#[rstest]
#[tokio::test]
async fn a_host_that_dies_with_the_work_in_its_hands_is_no_failure_of_the_work(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let delivery = home.webhook("1", "e");
    home.store.put_receipt(delivery).await.unwrap();
    for now in [10, 100, 200] {
        assert_eq!(home.claim("killed", 1, now).await[0].failures, 0);
    }
    let taken = home.claim("alive", 1, 300).await.remove(0);
    assert_eq!((taken.attempts, taken.failures), (4, 0));
    let retry = Settlement::Retry {
        at: at(310),
        error: "slow down".to_owned(),
    };
    home.store
        .settle_receipt(taken.claim(), retry, at(301))
        .await
        .unwrap();
    let again = home.claim("alive", 1, 310).await.remove(0);
    assert_eq!((again.attempts, again.failures), (5, 1));
    home.store
        .settle_receipt(again.claim(), Settlement::Released, at(311))
        .await
        .unwrap();
    let last = home.claim("alive", 1, 312).await.remove(0);
    assert_eq!((last.attempts, last.failures), (5, 1));
}
