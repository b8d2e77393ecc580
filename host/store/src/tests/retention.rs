use rstest::rstest;
use serde_json::json;

use super::support::*;
use crate::*;

const DAY: i64 = 86_400;

impl Home {
    async fn expire(&self, days: i64) -> Expired {
        let tenant = &self.connection.tenant;
        let policy = Retention::default();
        self.store
            .expire(tenant, policy, at(days * DAY))
            .await
            .unwrap()
    }
}

fn note() -> NewEffect {
    NewEffect {
        key: "note:1".to_owned(),
        target: "ticket:1".to_owned(),
        coalesce_key: None,
        kind: "ticket.update".to_owned(),
        payload: json!({"comment": "personal"}),
    }
}

#[rstest]
#[tokio::test]
async fn what_is_finished_goes_and_the_accounts_still_add_up(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    for key in ["a", "b", "c", "d"] {
        home.store
            .put_receipt(home.webhook(key, key))
            .await
            .unwrap();
    }
    // A second delivery of the first.
    home.store
        .put_receipt(home.webhook("a", "a"))
        .await
        .unwrap();
    let ends = [
        Settlement::Applied,
        Settlement::Ignored("nothing to do".to_owned()),
        Settlement::Dead(Death::new(ErrorClass::Schema, "broken")),
    ];
    for (receipt, end) in home.claim("w", 3, 10).await.iter().zip(ends) {
        home.store
            .settle_receipt(receipt.claim(), end, at(20))
            .await
            .unwrap();
    }
    home.adds_up().await;
    assert_eq!(home.expire(29).await, Expired::default(), "too young");
    let expired = home.expire(31).await;
    assert_eq!(expired.receipts, 2);
    assert!(!expired.is_full());
    home.adds_up().await;
    let line = home.store.accounts(None).await.unwrap().remove(0);
    assert_eq!(
        (
            line.received,
            line.applied,
            line.ignored,
            line.duplicate,
            line.dead,
            line.pending
        ),
        (5, 1, 1, 1, 1, 1),
        "a dead letter and what waits stay"
    );
    assert_eq!(home.expire(4_000).await.receipts, 0);
    // The key is free again, so a delivery that comes so late is read anew.
    let again = home
        .store
        .put_receipt(home.webhook("a", "a"))
        .await
        .unwrap();
    assert!(matches!(again, Put::Stored(_)));
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn of_an_effect_that_was_given_up_the_last_attempts_stay(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.intend(0, vec![note()]).await;
    for attempt in 1..=6 {
        let now = attempt * 100;
        let request = EffectRequest {
            limit: 1,
            holder: holder("w"),
            now: at(now),
            lease_until: at(now + 60),
        };
        let taken = home.store.claim_effects(request).await.unwrap().remove(0);
        let end = match attempt {
            6 => EffectSettlement::Dead(Death::new(ErrorClass::Transport, "no answer")),
            _ => EffectSettlement::Retry {
                at: at(now + 50),
                error: "no answer".to_owned(),
            },
        };
        home.store
            .settle_effect(&taken, end, at(now + 1))
            .await
            .unwrap();
    }
    assert_eq!(home.expire(89).await.attempts, 0, "too young");
    assert_eq!(home.expire(92).await.attempts, 3);
    assert_eq!(home.expire(4_000).await.attempts, 0);
    let tenant = &home.connection.tenant;
    let dead = home.store.effects_in(tenant, EffectState::Dead).await;
    let dead = dead.unwrap().remove(0);
    assert_eq!(dead.payload["comment"], "personal", "a person decides");
    let left = home.store.journal(tenant, &dead.id).await.unwrap();
    let left: Vec<u32> = left.iter().map(|line| line.attempt).collect();
    assert_eq!(left, [4, 5, 6]);
    let id = DeadId::Effect(dead.id.clone());
    let discard = home
        .store
        .discard_dead_letter(None, &id, "merged", "admin", at(100 * DAY));
    discard.await.unwrap();
    let expired = home.expire(200).await;
    assert_eq!((expired.effects, expired.attempts), (1, 3));
    let left = home
        .store
        .effects_in(tenant, EffectState::Discarded)
        .await
        .unwrap();
    assert_eq!(left[0].payload, json!({}));
    let outcome = left[0].outcome.as_ref().unwrap().to_string();
    assert!(outcome.contains("merged"), "the reason stays: {outcome}");
}

#[tokio::test]
async fn a_policy_is_one_tenants_and_noted() {
    let Some(home) = Home::new(On::Sqlite).await else {
        return;
    };
    let tenant = &home.connection.tenant;
    let audit = || NewAudit {
        actor: "admin".to_owned(),
        action: "tenant.retention_set".to_owned(),
        subject: tenant.to_string(),
        detail: json!({}),
    };
    let policy = Retention {
        raw_days: 7,
        ..Retention::default()
    };
    let set = home.store.set_retention(tenant, policy, audit(), at(5));
    set.await.unwrap();
    let found = home.store.tenant(tenant).await.unwrap().unwrap();
    assert_eq!(Retention::of(&found.settings), policy);
    let noted = home.store.audits(tenant).await.unwrap();
    assert_eq!(noted[0].action, "tenant.retention_set");
    let nobody = TenantId::new("nobody").unwrap();
    let refused = home.store.set_retention(&nobody, policy, audit(), at(6));
    assert!(matches!(
        refused.await,
        Err(StoreError::NotFound { what: "tenant", .. })
    ));
}

#[rstest]
#[tokio::test]
async fn an_effect_that_happened_stays_known_without_its_payload(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.intend(0, vec![note()]).await;
    let request = |now| EffectRequest {
        limit: 5,
        holder: holder("w"),
        now: at(now),
        lease_until: at(now + 60),
    };
    let claimed = home
        .store
        .claim_effects(request(6))
        .await
        .unwrap()
        .remove(0);
    home.store
        .settle_effect(&claimed, EffectSettlement::Done(json!({"ok": true})), at(7))
        .await
        .unwrap();
    let expired = home.expire(91).await;
    assert_eq!((expired.effects, expired.attempts), (1, 1));
    assert_eq!(home.expire(92).await, Expired::default(), "once");
    let known = home.intend(1, vec![note()]).await.remove(0);
    assert!(matches!(known, EffectPut::Known(_)), "{known:?}");
    assert!(
        home.store
            .claim_effects(request(101 * DAY))
            .await
            .unwrap()
            .is_empty()
    );
}

#[rstest]
#[tokio::test]
async fn answers_expire_unless_they_were_told_again(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let with_answer = |text: &str, version: i64, seconds: i64| {
        let mut snapshot = order("o1", version, seconds, plain_order(1));
        snapshot.raw = vec![0];
        let mut batch = home.batch(vec![snapshot]);
        batch.raw = vec![RawBody {
            role: "orders".to_owned(),
            content_type: "application/json".to_owned(),
            bytes: text.as_bytes().to_vec(),
        }];
        batch
    };
    let day = |days: i64| at(days * DAY);
    for (text, version, days) in [("old", 1, 1), ("kept", 2, 2), ("kept", 3, 50)] {
        let batch = with_answer(text, version, days * DAY);
        home.store
            .apply_batch(batch, "orders", day(days))
            .await
            .unwrap();
    }
    assert_eq!(home.expire(95).await.raw_bodies, 1);
    assert_eq!(home.expire(139).await.raw_bodies, 0, "told again on day 50");
    assert_eq!(home.expire(141).await.raw_bodies, 1);
}

#[rstest]
#[tokio::test]
async fn the_last_proof_of_a_track_is_never_deleted(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.open().await;
    for round in 0..3_i64 {
        let now = 1_000 + round * 10_000;
        let tracks = home.claim_track(Lane::Reconcile, "v", now).await;
        let track = tracks
            .iter()
            .find(|one| one.track == Track::Reconcile)
            .unwrap();
        let track = home.store.begin_window(track, None, at(now)).await.unwrap();
        let again = Next::Again {
            at: at(now + 5_000),
        };
        home.store
            .finish_window(&track, Some(Proof::default()), &again, at(now + 1))
            .await
            .unwrap();
    }
    let runs = async || home.store.runs(&home.connection, None, 10).await.unwrap();
    assert_eq!(runs().await.len(), 3);
    assert_eq!(home.expire(4_000).await.runs, 2);
    let left = runs().await;
    assert_eq!(left.len(), 1);
    let coverage = home.store.coverage(&home.connection).await.unwrap();
    assert_eq!(coverage[0].run, left[0].id);
}
