//! Random histories: people, shops and events in any order, each run repeatable by its seed. Whatever
//! happened, in the end there is one case, one note, every comment once, and both sides agree.

use std::sync::atomic::{AtomicU64, Ordering};

use ordercase_cases::{Lossless, Profile};
use ordercase_context::NOTE_MARK;
use ordercase_desk::{CasePatch, CasePriority, CaseStatus, TicketEvent};
use ordercase_model::Kind;
use serde_json::json;

use crate::support::{World, order, snapshot};

const ANNA: &str = "anna@example.com";
const TICKET: u64 = 7;

/// A small generator with the same numbers for the same seed, everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }
}

struct Run {
    world: World,
    dice: Dice,
    version: i64,
    shipped: bool,
}

impl Run {
    async fn new(seed: u64, policy: &str) -> Self {
        let world = World::with(json!({ "sync_policy": policy }), None).await;
        world
            .buyer(&world.shop, "1", "Anna Berg", ANNA, "1001")
            .await;
        world.file(TICKET, ANNA, true, "Where is #1001?", "It has not come.");
        Self {
            world,
            dice: Dice(seed),
            version: 1,
            shipped: false,
        }
    }

    async fn step(&mut self) {
        let world = &self.world;
        match self.dice.roll(11) {
            0 | 1 => drop(world.event(TICKET).await),
            2 => drop(world.execute().await),
            3 => world.tickets.comment(TICKET, 50, "Any news?", true),
            4 => world.tickets.comment(TICKET, 60, "We look into it.", true),
            5 => {
                let status = self.dice.pick(&["open", "pending", "hold", "solved"]);
                world
                    .tickets
                    .change(TICKET, |ticket| ticket.status = status.to_owned());
            }
            6 => {
                let priority = self.dice.pick(&["low", "normal", "high", "urgent"]);
                world
                    .tickets
                    .change(TICKET, |ticket| ticket.priority = Some(priority.to_owned()));
            }
            7 => self.set().await,
            8 => self.ship().await,
            9 => drop(world.follow_records().await),
            _ => self.same_moment().await,
        }
    }

    async fn set(&mut self) {
        let status = self.dice.pick(&[
            None,
            Some(CaseStatus::Open),
            Some(CaseStatus::InProgress),
            Some(CaseStatus::Resolved),
            Some(CaseStatus::Closed),
        ]);
        let priority = self.dice.pick(&[
            None,
            None,
            Some(CasePriority::Low),
            Some(CasePriority::High),
        ]);
        let comment = (self.dice.roll(2) == 0).then(|| "From the case.".to_owned());
        let patch = CasePatch {
            status,
            priority,
            comment,
            public: self.dice.roll(2) == 0,
        };
        let id = self.world.ticket_key(TICKET).case_id();
        // Before the first event there is no case, and an empty patch is refused: both are fine.
        drop(
            self.world
                .desk
                .set_case(&id, &patch, "admin", self.world.now())
                .await,
        );
    }

    async fn ship(&mut self) {
        self.version += 1;
        self.shipped = !self.shipped;
        let mut body = order("1", ANNA, "1001");
        if self.shipped {
            body["fulfilment_state"] = json!({"canonical": "fulfilled"});
        }
        let changed = snapshot(Kind::Order, "o1001", self.version, &body);
        self.world.apply(&self.world.shop, vec![changed]).await;
    }

    async fn same_moment(&self) {
        let event = TicketEvent {
            ticket: self.world.ticket_key(TICKET),
            receipt: None,
        };
        let (world, desk) = (&self.world, &self.world.desk);
        let (a, b, c) = tokio::join!(
            desk.handle_event(&event, world.now()),
            world.follow_records(),
            desk.handle_event(&event, world.now()),
        );
        drop((a.unwrap(), b, c.unwrap()));
    }

    /// Works everything off until nothing moves.
    async fn settle(&self) {
        for _ in 0..12 {
            self.world.event(TICKET).await;
            self.world.follow_records().await;
            if self.world.execute().await == 0 {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    async fn check(&self, seed: u64, policy: &str) {
        let history = format!("seed {seed}, {policy}");
        let world = &self.world;
        let ticket = world.tickets.get(TICKET);
        let state = world
            .store
            .ticket(&world.ticket_key(TICKET))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(world.store.cases(&world.key, 0).await.unwrap().len(), 1);

        let (notes, said): (Vec<_>, Vec<_>) = ticket
            .comments
            .iter()
            .partition(|c| c.body.contains(NOTE_MARK));
        assert_eq!(notes.len(), 1, "{history}: one note");
        let mut theirs: Vec<u64> = said.iter().map(|comment| comment.id).collect();
        let mut ours: Vec<u64> = state.comments.iter().filter_map(|c| c.remote_id).collect();
        theirs.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, theirs, "{history}: every comment once");
        assert_eq!(
            state.comments.len(),
            theirs.len(),
            "{history}: no comment of the case is lost"
        );

        let case = state.case.unwrap();
        let agrees =
            Lossless.status_agrees(case.status.parse().unwrap(), ticket.status.parse().unwrap());
        assert!(
            agrees,
            "{history}: case {} and ticket {}",
            case.status, ticket.status
        );
        if let (Some(case), Some(ticket)) = (&case.priority, &ticket.priority) {
            assert!(Lossless.priority_agrees(case.parse().unwrap(), ticket.parse().unwrap()));
        }
        let expected = if self.shipped {
            "fulfilled"
        } else {
            "unfulfilled"
        };
        assert_eq!(
            world.field(TICKET, "fulfilment_status").as_deref(),
            Some(expected)
        );
        assert_eq!(ticket.tags, ["ordercase_match_confirmed"]);
        assert!(world.store.accounts_add_up(None).await.unwrap());
    }
}

/// Histories per policy. Each has a store of its own, so all run side by side.
const SEEDS: u64 = 8;

#[tokio::test]
async fn whatever_happens_both_sides_end_alike() {
    let tasks = tokio::task::LocalSet::new();
    for seed in 0..SEEDS {
        for policy in ["remote_wins", "local_wins", "newest"] {
            tasks.spawn_local(history(seed, policy));
        }
    }
    // A task that panicked has printed why; the set is done when all tasks are.
    tasks.await;
    assert_eq!(
        DONE.load(Ordering::SeqCst),
        SEEDS * 3,
        "a history did not end well"
    );
}

static DONE: AtomicU64 = AtomicU64::new(0);

async fn history(seed: u64, policy: &'static str) {
    let mut run = Run::new(seed * 3 + policy.len() as u64, policy).await;
    for _ in 0..30 {
        run.step().await;
    }
    run.settle().await;
    run.check(seed, policy).await;
    let before = run.world.tickets.get(TICKET);
    run.settle().await;
    let after = run.world.tickets.get(TICKET);
    assert_eq!(
        after, before,
        "seed {seed}, {policy}: at rest it stays at rest"
    );
    DONE.fetch_add(1, Ordering::SeqCst);
}
