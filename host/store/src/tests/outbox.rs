use rstest::rstest;
use serde_json::{Value, json};

use super::support::*;
use crate::*;

fn update(key: &str, ticket: u64, payload: Value) -> NewEffect {
    NewEffect {
        key: key.to_owned(),
        target: format!("ticket:{ticket}"),
        coalesce_key: Some(format!("ticket:{ticket}")),
        kind: "ticket.update".to_owned(),
        payload,
    }
}

impl Home {
    pub(super) async fn intend(&self, revision: u64, effects: Vec<NewEffect>) -> Vec<EffectPut> {
        let mut commit = TicketCommit::new(self.ticket(1), revision);
        commit.mirror = Some(MirrorWrite {
            class: "unknown".into(),
            body: json!({}),
        });
        commit.effects = effects;
        self.store
            .commit_ticket(commit, at(5))
            .await
            .unwrap()
            .effects
    }

    async fn take_effects(&self, who: &str, now: i64) -> Vec<Effect> {
        let ask = EffectRequest {
            limit: 10,
            holder: holder(who),
            now: at(now),
            lease_until: at(now + 60),
        };
        self.store.claim_effects(ask).await.unwrap()
    }
}

fn fields(n: u32) -> Value {
    json!({"ticket_id": 1, "fields": {n.to_string(): "x"}, "note": null})
}

#[rstest]
#[tokio::test]
async fn the_same_intent_twice_is_one_effect_also_after_it_is_done(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let first = home.intend(0, vec![update("k", 1, fields(1))]).await;
    let EffectPut::Stored(id) = &first[0] else {
        panic!("{first:?}")
    };
    assert_eq!(
        home.intend(1, vec![update("k", 1, fields(1))]).await,
        [EffectPut::Known(id.clone())]
    );
    let taken = home.take_effects("a", 10).await;
    home.store
        .settle_effect(
            &taken[0],
            EffectSettlement::Done(json!({"audit": 7})),
            at(11),
        )
        .await
        .unwrap();
    assert_eq!(
        home.intend(2, vec![update("k", 1, fields(1))]).await,
        [EffectPut::Known(id.clone())]
    );
    assert!(home.take_effects("a", 20).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn waiting_updates_of_a_ticket_merge_and_one_in_flight_never_does(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let puts = home
        .intend(
            0,
            vec![update("a", 1, fields(1)), update("b", 1, fields(2))],
        )
        .await;
    assert!(matches!(puts[1], EffectPut::Merged { .. }));
    let taken = home.take_effects("w", 10).await;
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].payload["fields"], json!({"1": "x", "2": "x"}));
    // In flight: the next one waits behind it, whole.
    let puts = home.intend(1, vec![update("c", 1, fields(3))]).await;
    assert!(matches!(puts[0], EffectPut::Stored(_)));
    assert!(home.take_effects("w", 11).await.is_empty());
    // Tried once, maybe happened: not merged either.
    let retry = EffectSettlement::Retry {
        at: at(50),
        error: "timeout".into(),
    };
    home.store
        .settle_effect(&taken[0], retry, at(12))
        .await
        .unwrap();
    assert!(
        home.take_effects("w", 49).await.is_empty(),
        "the next one must not overtake"
    );
    let again = home.take_effects("w", 50).await;
    assert_eq!(
        (
            again[0].attempts,
            again[0].failures,
            &again[0].payload["fields"]["3"]
        ),
        (2, 1, &Value::Null)
    );
    home.store
        .settle_effect(&again[0], EffectSettlement::AlreadyDone(json!({})), at(51))
        .await
        .unwrap();
    let next = home.take_effects("w", 52).await;
    assert_eq!(next[0].payload["fields"], json!({"3": "x"}));
    let journal = home
        .store
        .journal(&home.desk.tenant, &again[0].id)
        .await
        .unwrap();
    let words: Vec<_> = journal
        .iter()
        .map(|line| line.outcome.as_deref().unwrap())
        .collect();
    assert_eq!(words, ["retry", "already_done"]);
}

#[rstest]
#[tokio::test]
async fn two_notes_stay_two_effects(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let note = |text: &str| json!({"fields": {}, "note": {"body": text}});
    let puts = home
        .intend(
            0,
            vec![update("a", 1, note("one")), update("b", 1, note("two"))],
        )
        .await;
    assert!(puts.iter().all(|put| matches!(put, EffectPut::Stored(_))));
    let first = home.take_effects("w", 10).await;
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].payload["note"]["body"], "one");
}

#[rstest]
#[tokio::test]
async fn an_attempt_that_nobody_ended_stays_open_in_the_journal(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.intend(0, vec![update("a", 1, fields(1))]).await;
    let lost = home.take_effects("dead", 10).await;
    let taken = home.take_effects("alive", 70).await;
    assert_eq!(taken[0].attempts, 2);
    let late = home
        .store
        .settle_effect(&lost[0], EffectSettlement::Done(json!({})), at(71))
        .await;
    assert!(matches!(late, Err(StoreError::LeaseLost { .. })));
    let journal = home
        .store
        .journal(&home.desk.tenant, &taken[0].id)
        .await
        .unwrap();
    assert_eq!((journal.len(), &journal[0].outcome), (2, &None));
}

#[rstest]
#[tokio::test]
async fn a_given_back_effect_was_never_tried_and_may_merge(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.intend(0, vec![update("a", 1, fields(1))]).await;
    let taken = home.take_effects("w", 10).await;
    home.store
        .settle_effect(&taken[0], EffectSettlement::Released, at(11))
        .await
        .unwrap();
    assert!(
        home.store
            .journal(&home.desk.tenant, &taken[0].id)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(matches!(
        home.intend(1, vec![update("b", 1, fields(2))]).await[0],
        EffectPut::Merged { .. }
    ));
}

#[rstest]
#[tokio::test]
async fn a_dead_effect_lets_the_next_one_go_and_can_be_revived(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let tags = NewEffect {
        kind: "ticket.tags".into(),
        ..update("b", 1, json!({"add": ["x"]}))
    };
    home.intend(0, vec![update("a", 1, fields(1)), tags]).await;
    let first = home.take_effects("w", 10).await;
    home.store
        .settle_effect(
            &first[0],
            EffectSettlement::Dead(Death::new(ErrorClass::Refused, "ticket closed")),
            at(11),
        )
        .await
        .unwrap();
    let next = home.take_effects("w", 12).await;
    assert_eq!(next[0].kind, "ticket.tags");
    assert_eq!(
        home.store
            .effects_in(&home.desk.tenant, EffectState::Dead)
            .await
            .unwrap()
            .len(),
        1
    );
    let ids = vec![DeadId::Effect(first[0].id.clone())];
    home.store
        .retry_dead_letters(None, ids, "admin", at(20))
        .await
        .unwrap();
    assert!(
        home.take_effects("w", 21).await.is_empty(),
        "the next one of the ticket is on its way"
    );
    home.store
        .settle_effect(&next[0], EffectSettlement::Done(json!({})), at(22))
        .await
        .unwrap();
    assert_eq!(home.take_effects("w", 23).await[0].attempts, 2);
}

#[rstest]
#[tokio::test]
async fn a_paused_desk_keeps_its_effects_waiting(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.intend(0, vec![update("a", 1, fields(1))]).await;
    home.store
        .set_desk_activity(&home.desk, &Activity::Paused("401".into()), at(6))
        .await
        .unwrap();
    assert!(home.take_effects("w", 10).await.is_empty());
    home.store
        .set_desk_activity(&home.desk, &Activity::Active, at(7))
        .await
        .unwrap();
    assert_eq!(home.take_effects("w", 10).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn taking_over_frees_work_at_once_and_effects_when_their_requests_have_landed(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.intend(0, vec![update("a", 1, fields(1))]).await;
    home.store
        .put_receipt(home.webhook("k", "order:1"))
        .await
        .unwrap();
    let lost = home.take_effects("killed", 10).await;
    assert_eq!(home.claim("killed", 10, 10).await.len(), 1);
    assert!(home.claim("next", 10, 11).await.is_empty());

    home.store.take_over(at(25)).await.unwrap();

    if on == On::Postgres {
        // Another replica may be at it: its leases run out by themselves.
        assert!(home.claim("next", 10, 69).await.is_empty());
        assert!(home.take_effects("next", 69).await.is_empty());
        assert_eq!(home.claim("next", 10, 70).await.len(), 1);
        assert_eq!(home.take_effects("next", 70).await[0].attempts, 2);
        return;
    }
    assert_eq!(home.claim("next", 10, 15).await.len(), 1);
    assert!(home.take_effects("next", 24).await.is_empty());
    let taken = home.take_effects("next", 25).await;
    assert_eq!((&taken[0].id, taken[0].attempts), (&lost[0].id, 2));
}
