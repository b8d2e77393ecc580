use rstest::rstest;
use std::sync::atomic::Ordering;

use ordercase_store::{Activity, EffectState, MirrorWrite, NewEffect, TicketCommit, TicketKey};
use serde_json::json;

use super::world::*;
use crate::{Clock as _, EffectFailure};

impl World {
    /// Commits one effect per key on ticket 7.
    async fn intend(&self, keys: &[&str]) {
        let ticket = TicketKey {
            tenant: self.desk.tenant.clone(),
            desk: self.desk.desk.clone(),
            ticket_id: 7,
        };
        let revision = self
            .store
            .ticket(&ticket)
            .await
            .unwrap()
            .map_or(0, |state| state.mirror.revision);
        let mut commit = TicketCommit::new(ticket, revision);
        commit.mirror = Some(MirrorWrite {
            class: "unknown".into(),
            body: json!({}),
        });
        commit.effects = keys
            .iter()
            .map(|key| NewEffect {
                key: (*key).to_owned(),
                target: "ticket:7".into(),
                coalesce_key: None,
                kind: "ticket.update".into(),
                payload: json!({"note": {"body": key}}),
            })
            .collect();
        self.store
            .commit_ticket(commit, self.clock.now())
            .await
            .unwrap();
    }

    async fn effects(&self) -> Vec<(String, EffectState, u32)> {
        let mut effects = self.store.effects_of(&self.desk, "ticket:7").await.unwrap();
        effects.reverse();
        effects
            .into_iter()
            .map(|e| (e.key, e.state, e.attempts))
            .collect()
    }

    async fn all_settled(&self) {
        self.until(1, "all effects are settled", async || {
            self.effects()
                .await
                .iter()
                .all(|(_, state, _)| *state != EffectState::Pending)
        })
        .await;
    }

    fn fails(&self, failure: EffectFailure, happens: bool, times: usize) {
        self.help_desk
            .failures
            .lock()
            .unwrap()
            .extend(std::iter::repeat_n((failure, happens), times));
    }
}

#[rstest]
#[tokio::test]
async fn effects_on_a_ticket_happen_once_and_in_order(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(world) = World::new(on, 0).await else {
        return;
    };
    let running = world.start("a");
    world.intend(&["one", "two"]).await;
    world.intend(&["two", "three"]).await;
    world.all_settled().await;
    running.stop().await;
    let keys: Vec<String> = world
        .effects()
        .await
        .into_iter()
        .map(|(key, ..)| key)
        .collect();
    assert_eq!(keys, ["one", "two", "three"]);
    let effects = world
        .store
        .effects_of(&world.desk, "ticket:7")
        .await
        .unwrap();
    let ids: Vec<_> = effects
        .iter()
        .rev()
        .map(|effect| effect.id.clone())
        .collect();
    assert_eq!(*world.help_desk.done.lock().unwrap(), ids);
}

#[rstest]
#[tokio::test]
async fn three_answers_lost_after_the_note_was_written_make_one_note(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 0).await else {
        return;
    };
    // That of the note itself, and twice that of the question whether it was written.
    world.fails(EffectFailure::Unavailable("timeout".into()), true, 3);
    let running = world.start("a");
    world.intend(&["note"]).await;
    world.all_settled().await;
    running.stop().await;
    assert_eq!(world.help_desk.done.lock().unwrap().len(), 1);
    assert_eq!(
        world.effects().await,
        [("note".to_owned(), EffectState::Done, 4)]
    );
    let effect = &world
        .store
        .effects_of(&world.desk, "ticket:7")
        .await
        .unwrap()[0];
    let journal = world
        .store
        .journal(&world.desk.tenant, &effect.id)
        .await
        .unwrap();
    let words: Vec<_> = journal
        .iter()
        .map(|line| line.outcome.as_deref().unwrap())
        .collect();
    assert_eq!(words, ["retry", "retry", "retry", "already_done"]);
}

#[rstest]
#[tokio::test]
async fn a_newer_update_never_overtakes_one_that_is_tried_again(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 0).await else {
        return;
    };
    world.fails(EffectFailure::Conflict("safe_update".into()), false, 2);
    let running = world.start("a");
    world.intend(&["older"]).await;
    world.intend(&["newer"]).await;
    world.all_settled().await;
    running.stop().await;
    let effects = world
        .store
        .effects_of(&world.desk, "ticket:7")
        .await
        .unwrap();
    assert_eq!(
        *world.help_desk.done.lock().unwrap(),
        [effects[1].id.clone(), effects[0].id.clone()]
    );
    assert_eq!(effects[1].attempts, 3);
}

#[rstest]
#[tokio::test]
async fn what_the_help_desk_refuses_is_dead_and_the_next_one_goes(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 0).await else {
        return;
    };
    world.fails(EffectFailure::Refused("ticket is closed".into()), false, 1);
    let running = world.start("a");
    world.intend(&["bad", "good"]).await;
    world.all_settled().await;
    running.stop().await;
    let states: Vec<_> = world
        .effects()
        .await
        .into_iter()
        .map(|(_, state, _)| state)
        .collect();
    assert_eq!(states, [EffectState::Dead, EffectState::Done]);
}

#[rstest]
#[tokio::test]
async fn refused_credentials_pause_the_desk_and_its_effects_wait(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 0).await else {
        return;
    };
    world.fails(EffectFailure::Credentials("401".into()), false, 1);
    let running = world.start("a");
    world.intend(&["one"]).await;
    let paused = async || {
        let desk = world.store.desk(&world.desk).await.unwrap().unwrap();
        matches!(desk.activity, Activity::Paused(_))
    };
    world.until(1, "the desk is paused", paused).await;
    world
        .until(1, "the effect is given back", async || {
            world.effects().await[0].2 == 0
        })
        .await;
    world
        .store
        .set_desk_activity(&world.desk, &Activity::Active, world.clock.now())
        .await
        .unwrap();
    world.all_settled().await;
    running.stop().await;
    assert_eq!(world.help_desk.done.lock().unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn killed_between_the_write_and_its_answer_the_note_is_written_once(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(world) = World::new(on, 0).await else {
        return;
    };
    world.help_desk.hangs.store(true, Ordering::SeqCst);
    let running = world.start("first");
    world.intend(&["note"]).await;
    world
        .until(0, "the note is written", async || {
            !world.help_desk.done.lock().unwrap().is_empty()
        })
        .await;
    running.kill().await;
    world.help_desk.hangs.store(false, Ordering::SeqCst);
    let running = world.start("second");
    world.all_settled().await;
    running.stop().await;
    assert_eq!(world.help_desk.done.lock().unwrap().len(), 1);
    assert_eq!(
        world.effects().await,
        [("note".to_owned(), EffectState::Done, 2)]
    );
}
