//! Several replicas on one PostgreSQL. Skipped with a notice where it is not installed.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use rstest::rstest;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};

use super::support::*;
use crate::{db::Scope, *};

/// A home and a second store on its database.
async fn two() -> Option<(Home, Store)> {
    let home = Home::new(On::Postgres).await?;
    let other = home.place.open(Some(1)).await;
    Some((home, other))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entity_is_never_with_two_replicas_whatever_lane_its_work_is_in() {
    let Some((home, other)) = two().await else {
        return;
    };
    let total = 120;
    for n in 0..total {
        let receipt = NewReceipt {
            lane: if n % 3 == 0 { Lane::Poll } else { Lane::Live },
            ..home.webhook(&n.to_string(), &(n % 10).to_string())
        };
        home.store.put_receipt(receipt).await.unwrap();
    }
    let busy: Arc<Mutex<HashSet<String>>> = Arc::default();
    let mut workers = tokio::task::JoinSet::new();
    for n in 0..8 {
        let store = if n % 2 == 0 { &home.store } else { &other }.clone();
        let busy = Arc::clone(&busy);
        let lane = if n < 4 { Lane::Live } else { Lane::Poll };
        workers.spawn(async move { work_off(&store, lane, &format!("w{n}"), &busy).await });
    }
    let mut done = workers.join_all().await.concat();
    done.sort();
    done.dedup();
    assert_eq!(done.len(), total);
    home.adds_up().await;
}

async fn work_off(
    store: &Store,
    lane: Lane,
    who: &str,
    busy: &Mutex<HashSet<String>>,
) -> Vec<ReceiptId> {
    let mut done = Vec::new();
    loop {
        let taken = store.claim_receipts(ask(lane, who, 3, 10)).await.unwrap();
        if taken.is_empty() && store.next_receipt_due(lane).await.unwrap().is_none() {
            return done;
        }
        for receipt in &taken {
            let alone = busy.lock().unwrap().insert(receipt.entity_key.clone());
            assert!(alone, "{} is with two", receipt.entity_key);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
        for receipt in taken {
            busy.lock().unwrap().remove(&receipt.entity_key);
            let end = Settlement::Applied;
            store
                .settle_receipt(receipt.claim(), end, at(11))
                .await
                .unwrap();
            done.push(receipt.id);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_commits_on_the_same_look_one_wins_and_its_effects_alone_are_there() {
    let Some((home, other)) = two().await else {
        return;
    };
    for revision in 0..20 {
        let commit = |who: &str| {
            let mut commit = TicketCommit::new(home.ticket(1), revision);
            commit.mirror = Some(MirrorWrite {
                class: who.to_owned(),
                body: json!({}),
            });
            commit.effects = vec![NewEffect {
                key: format!("{who}:{revision}"),
                target: "ticket:1".to_owned(),
                coalesce_key: None,
                kind: "ticket.update".to_owned(),
                payload: json!({"note": who}),
            }];
            commit
        };
        let (one, two) = tokio::join!(
            home.store.commit_ticket(commit("one"), at(5)),
            other.commit_ticket(commit("two"), at(5))
        );
        assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
        let lost = one.err().or(two.err()).unwrap();
        assert!(matches!(lost, StoreError::Conflict { .. }), "{lost:?}");
    }
    let effects = other.effects_of(&home.desk, "ticket:1").await.unwrap();
    let order: Vec<u64> = effects.iter().map(|effect| effect.seq).collect();
    assert_eq!(order, (1..=20).rev().collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_opened_at_once_have_numbers_without_gap_or_repeat() {
    let Some((home, other)) = two().await else {
        return;
    };
    let mut jobs = tokio::task::JoinSet::new();
    for ticket in 1..=30 {
        let store = if ticket % 2 == 0 { &home.store } else { &other }.clone();
        let mut commit = TicketCommit::new(home.ticket(ticket), 0);
        commit.mirror = Some(MirrorWrite {
            class: "unknown".to_owned(),
            body: json!({}),
        });
        commit.case = Some(CaseWrite {
            subject: "Where is it?".to_owned(),
            status: "open".to_owned(),
            priority: None,
            body: json!({}),
            closed_at: None,
        });
        jobs.spawn(async move { store.commit_ticket(commit, at(5)).await.unwrap() });
    }
    let committed = jobs.join_all().await;
    let numbers: BTreeSet<u64> = committed
        .into_iter()
        .map(|commit| commit.case.unwrap().number)
        .collect();
    assert_eq!(numbers, (1..=30).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_reaches_both_is_one_receipt() {
    let Some((home, other)) = two().await else {
        return;
    };
    let mut jobs = tokio::task::JoinSet::new();
    for n in 0..50 {
        for store in [home.store.clone(), other.clone()] {
            let receipt = home.webhook(&n.to_string(), "e");
            jobs.spawn(async move { store.put_receipt(receipt).await.unwrap() });
        }
    }
    let put = jobs.join_all().await;
    let stored = put.iter().filter(|put| matches!(put, Put::Stored(_)));
    assert_eq!(stored.count(), 50);
    let row = &other.accounts(None).await.unwrap()[0];
    assert_eq!((row.received, row.duplicate, row.pending), (100, 50, 50));
    home.adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshots_of_one_record_that_arrive_at_both_end_at_the_newest() {
    let Some((home, other)) = two().await else {
        return;
    };
    let mut jobs = tokio::task::JoinSet::new();
    for version in 1..=30 {
        let store = if version % 2 == 0 {
            &home.store
        } else {
            &other
        }
        .clone();
        let body = plain_order(u32::try_from(version).unwrap());
        let batch = home.batch(vec![order("o1", version, version, body)]);
        jobs.spawn(async move { store.apply_batch(batch, "orders", at(100)).await.unwrap() });
    }
    jobs.join_all().await;
    let mut view = other.view(&home.desk.tenant).await.unwrap();
    let found = view.by_order_number("#30").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].record.source_version.as_deref(), Some("30"));
    home.adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_is_merged_or_taken_and_never_both() {
    let Some((home, other)) = two().await else {
        return;
    };
    for round in 0..25_u64 {
        let commit = |n: u64| {
            let mut commit = TicketCommit::new(home.ticket(round + 1), n);
            commit.mirror = Some(MirrorWrite {
                class: "unknown".to_owned(),
                body: json!({}),
            });
            commit.effects = vec![NewEffect {
                key: format!("{round}:{n}"),
                target: format!("ticket:{round}"),
                coalesce_key: Some("fields".to_owned()),
                kind: "ticket.update".to_owned(),
                payload: json!({"fields": {n.to_string(): "x"}}),
            }];
            commit
        };
        home.store.commit_ticket(commit(0), at(5)).await.unwrap();
        let take = EffectRequest {
            limit: 10,
            holder: holder("w"),
            now: at(10),
            lease_until: at(70),
        };
        let (put, taken) = tokio::join!(
            home.store.commit_ticket(commit(1), at(6)),
            other.claim_effects(take)
        );
        let merged = matches!(put.unwrap().effects[0], EffectPut::Merged { .. });
        let took_first = taken.unwrap().iter().any(|effect| effect.seq == 1);
        assert!(!(merged && took_first), "round {round}: said twice");
    }
}

#[tokio::test]
async fn a_killed_holders_lease_is_taken_over_and_its_late_answer_refused() {
    let Some((home, other)) = two().await else {
        return;
    };
    home.store
        .put_receipt(home.webhook("1", "e"))
        .await
        .unwrap();
    let lost = home.claim("killed", 1, 10).await.remove(0);
    let heir = |now| ask(Lane::Live, "heir", 1, now);
    assert!(other.claim_receipts(heir(69)).await.unwrap().is_empty());
    let taken = other.claim_receipts(heir(70)).await.unwrap();
    assert_eq!((&taken[0].id, taken[0].attempts), (&lost.id, 2));
    let late = home
        .store
        .settle_receipt(lost.claim(), Settlement::Applied, at(71));
    assert!(matches!(late.await, Err(StoreError::LeaseLost { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_replica_stores_wakes_the_other_also_after_the_connection_broke() {
    let Some((home, other)) = two().await else {
        return;
    };
    let mut live = other.signal(Queue::Lane(Lane::Live));
    let woken = async |live: &mut tokio::sync::watch::Receiver<u64>| {
        let changed = tokio::time::timeout(Duration::from_secs(30), live.changed());
        changed.await.expect("not woken").unwrap();
    };
    // Until it listens, nothing wakes it.
    let mut before = 0;
    while !live.has_changed().unwrap() {
        let receipt = home.webhook(&format!("early {before}"), "a");
        home.store.put_receipt(receipt).await.unwrap();
        before += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for n in 0..3 {
        live.mark_unchanged();
        let receipt = home.webhook(&format!("heard {n}"), "a");
        home.store.put_receipt(receipt).await.unwrap();
        woken(&mut live).await;
    }
    let mut poll = other.signal(Queue::Lane(Lane::Poll));
    let mut conn = other.reader(Scope::All).await.unwrap();
    let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(conn.ask::<i64>(cut).await.unwrap() > 5);
    drop(conn);
    // Cut off while idle: nothing is refused, and everybody looks once.
    home.store
        .put_receipt(home.webhook("cut off", "b"))
        .await
        .unwrap();
    let waiting = other.receipts(&home.desk.tenant, ReceiptState::Pending);
    assert_eq!(waiting.await.unwrap().len(), before + 4);
    // After a break every queue is looked at, also one that nobody fed.
    woken(&mut poll).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_start_together_on_an_empty_database_make_its_schema_once() {
    let Some(cluster) = postgres_box::cluster() else {
        return;
    };
    let url = cluster.empty();
    let (one, two) = tokio::join!(
        Store::connect(&url, StoreOptions::default()),
        Store::connect(&url, StoreOptions::default())
    );
    settle(&one.unwrap(), "t1").await;
    assert_eq!(two.unwrap().tenants().await.unwrap().len(), 1);
}

#[tokio::test]
async fn behind_the_tenant_of_every_statement_stands_a_wall() {
    let Some(home) = Home::new(On::Postgres).await else {
        return;
    };
    settle(&home.store, "t2").await;
    home.store
        .put_receipt(home.webhook("1", "e"))
        .await
        .unwrap();
    let count = async |scope: Scope, from: &'static str| {
        let mut conn = home.store.reader(scope).await.unwrap();
        conn.ask::<i64>(from).await.unwrap()
    };
    let receipts = "SELECT COUNT(*) FROM receipts";
    assert_eq!(count(Scope::from(&tenant("t1")), receipts).await, 1);
    assert_eq!(count(Scope::from(&tenant("t2")), receipts).await, 0);
    assert_eq!(count(Scope::All, receipts).await, 1);
    let unwalled = "SELECT COUNT(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> '_sqlx_migrations'
            AND NOT (c.relrowsecurity AND c.relforcerowsecurity)";
    assert_eq!(count(Scope::All, unwalled).await, 0);
    let foreign = home.store.write(Scope::from(&tenant("t2")), |tx| {
        Box::pin(async move { tx.conn.raw("DELETE FROM receipts; UPDATE connections SET name = 'x' WHERE tenant_id = 't1'").await })
    });
    foreign.await.unwrap();
    assert_eq!(count(Scope::All, receipts).await, 1);
    let planted = home.store.write(Scope::from(&tenant("t2")), |tx| {
        Box::pin(async move {
            tx.conn
                .raw("INSERT INTO tenants (tenant_id, name, created_at) VALUES ('t3', 'x', 0)")
                .await
        })
    });
    assert!(
        planted.await.is_err(),
        "a row of another tenant was written"
    );
}

/// Brings a database to that version as releases did whose migrations saw no rows behind the wall.
async fn migrate_blindly(url: &str, version: i64) {
    let mut some = sqlx::migrate!("migrations/postgres");
    some.migrations
        .to_mut()
        .retain(|one| one.version <= version);
    let mut conn = PgConnection::connect(url).await.unwrap();
    some.run(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

/// A shop with one poll and one dead letter, in a database of version 6.
async fn fill_version_6(url: &str) {
    migrate_blindly(url, 6).await;
    let mut conn = PgConnection::connect(url).await.unwrap();
    for statement in [
        "SELECT set_config('ordercase.tenant', '*', false)",
        "INSERT INTO tenants (tenant_id, name, created_at) VALUES ('t1', 'x', 0)",
        "INSERT INTO plugins (tenant_id, digest, plugin_id, version, manifest, admitted_at)
            VALUES ('t1', 'd1', 'test', '0.1.0', '{}', 0)",
        "INSERT INTO connections (tenant_id, connection_id, name, plugin_id, plugin_digest, settings, shop, overrides,
                state, created_at, updated_at)
            VALUES ('t1', 't1-shop', 'Shop', 'test', 'd1', '{}', '{}', '{}', 'active', 0, 0)",
        "INSERT INTO streams (tenant_id, connection_id, stream, track, kind, comparability, page_limit, lane, state, due_at)
            VALUES ('t1', 't1-shop', 'orders', 'poll', 'order', 'equality', 50, 'poll', 'pending', 0)",
        "INSERT INTO outbox (tenant_id, desk_id, effect_id, effect_key, target, seq, kind, payload, state, due_at,
                created_at, settled_at)
            VALUES ('t1', 't1-desk', 'e1', 'k', 'ticket:1', 1, 'note', '{}', 'dead', 0, 0, 1)",
    ] {
        sqlx::query(statement).execute(&mut conn).await.unwrap();
    }
    conn.close().await.unwrap();
}

/// Migrations see the rows of every tenant; what earlier ones did not see is made up for.
#[rstest]
#[case::of_version_6(6)]
#[case::that_older_migrations_left_as_it_was(16)]
#[tokio::test]
async fn a_filled_database_is_brought_up_to_date(#[case] version: i64) {
    let Some(cluster) = postgres_box::cluster() else {
        return;
    };
    let url = cluster.empty();
    fill_version_6(&url).await;
    migrate_blindly(&url, version).await;
    let store = open(&url, Some(1)).await;
    let connection = ConnectionKey {
        tenant: tenant("t1"),
        connection: ConnectionId::new("t1-shop").unwrap(),
    };
    let tracks = store.streams(&connection).await.unwrap();
    let mut tracks: Vec<&str> = tracks.iter().map(|one| one.track.as_str()).collect();
    tracks.sort_unstable();
    assert_eq!(tracks, ["poll", "reconcile", "reread", "sweep"]);
    let mut conn = store.reader(Scope::All).await.unwrap();
    let classed = "SELECT COUNT(*) FROM outbox WHERE error_class = 'unclassified'";
    assert_eq!(conn.ask::<i64>(classed).await.unwrap(), 1);
    drop(conn);
    store.close().await.unwrap();
}

#[tokio::test]
async fn an_address_that_leads_nowhere_says_so_without_its_password() {
    let connect = async |url: &str| {
        Store::connect(url, StoreOptions::default())
            .await
            .err()
            .unwrap()
    };
    let wrong = connect("mysql://u:s3cret@h/d").await;
    assert!(matches!(wrong, StoreError::Address), "{wrong:?}");
    let nowhere = connect("postgres://ordercase:s3cret@127.0.0.1:1/shop").await;
    assert!(
        matches!(nowhere, StoreError::Unreachable { .. }),
        "{nowhere:?}"
    );
    let shown = format!("{nowhere} {nowhere:?}");
    assert!(shown.contains("ordercase@127.0.0.1:1/shop"), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("migrations")
            .join(folder);
        let files = std::fs::read_dir(path).unwrap();
        files
            .map(|file| file.unwrap().file_name())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
