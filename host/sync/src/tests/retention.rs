//! What is finished goes when its own tenant's policy says so, and nothing else does (retention, design §2.6).

use ordercase_store::{NewAudit, ReceiptState, Retention, Track};
use rstest::rstest;
use serde_json::json;

use super::{
    replay::{Stage, stage},
    world::*,
};
use crate::ReplayVerdict;

const DAY: i64 = 86_400;

impl Stage {
    /// What a replay says of both tenants' records now.
    async fn replayable(&self, other: &ordercase_store::ConnectionKey) -> [Vec<ReplayVerdict>; 2] {
        let mut verdicts = Vec::new();
        for connection in [&self.world.connection, other] {
            let ask = crate::RecordReplay {
                connection: connection.clone(),
                ..self.ask(true)
            };
            let page = self.replay_as(ask).await;
            for record in &page.records {
                let why = record.reason.as_deref();
                let gone = record.verdict == ReplayVerdict::Skipped;
                assert_eq!(
                    gone,
                    why == Some("its answers are not kept any more"),
                    "{why:?}"
                );
            }
            verdicts.push(page.records.iter().map(|one| one.verdict).collect());
        }
        verdicts.try_into().unwrap()
    }

    async fn days_pass(&self, days: i64) {
        let then = self.world.now() + days * DAY;
        let passed = async || self.world.now() > then;
        self.world.until(DAY / 8, "days pass", passed).await;
    }
}

#[rstest]
#[tokio::test]
async fn each_tenants_own_policy_is_kept_to(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(stage) = stage(on, 2).await else {
        return;
    };
    let world = &stage.world;
    let (other, _) = settle(&world.store, "-brief").await;
    let policy = Retention {
        receipts_days: 7,
        raw_days: 7,
        ..Retention::default()
    };
    let audit = NewAudit {
        actor: "admin".to_owned(),
        action: "tenant.retention_set".to_owned(),
        subject: other.tenant.to_string(),
        detail: json!({}),
    };
    let set = world
        .store
        .set_retention(&other.tenant, policy, audit, at(0));
    set.await.unwrap();
    let running = world.start("b");
    world.connect_shop(&running.engine, &other).await;
    let read = async || {
        let tracks = world.store.streams(&other).await.unwrap();
        tracks
            .iter()
            .any(|one| one.track == Track::Backfill && one.finished_at.is_some())
    };
    world.until(1, "the other's history is read", read).await;
    let hint = world.webhook("1", &json!({"order": 2})).await;
    world.settled(&hint, ReceiptState::Duplicate).await;
    // Nothing is read again: what is old stays so.
    for connection in [&world.connection, &other] {
        for track in [Track::Poll, Track::Reconcile, Track::Sweep] {
            let off = world
                .store
                .schedule_stream(connection, "orders", track, None, true, at(0));
            off.await.unwrap();
        }
    }
    let whole = [vec![ReplayVerdict::Same; 2], vec![ReplayVerdict::Same; 2]];
    let brief_gone = [
        vec![ReplayVerdict::Same; 2],
        vec![ReplayVerdict::Skipped; 2],
    ];
    let both_gone = [
        vec![ReplayVerdict::Skipped; 2],
        vec![ReplayVerdict::Skipped; 2],
    ];
    let receipts = async || {
        let tenant = &world.connection.tenant;
        world
            .store
            .receipts(tenant, ReceiptState::Duplicate)
            .await
            .unwrap()
            .len()
    };
    stage.days_pass(6).await;
    assert_eq!(stage.replayable(&other).await, whole);
    stage.days_pass(2).await;
    // The hourly round is on its way when the clock has leapt.
    let come = async |what: &str, verdicts: &[Vec<ReplayVerdict>; 2], left: usize| {
        let is_so =
            async || stage.replayable(&other).await == *verdicts && receipts().await == left;
        world.until(60, what, is_so).await;
    };
    come("the brief tenant's answers are gone", &brief_gone, 1).await;
    stage.days_pass(20).await;
    assert_eq!(
        (stage.replayable(&other).await, receipts().await),
        (brief_gone.clone(), 1)
    );
    stage.days_pass(4).await;
    come("the other's receipt is gone", &brief_gone, 0).await;
    stage.days_pass(60).await;
    come("the other's answers are gone", &both_gone, 0).await;
    assert_eq!(world.stored().await, world.expected(), "the orders stay");
    running.stop().await;
    world.adds_up().await;
}
