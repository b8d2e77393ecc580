use ordercase_model::Kind;
use rstest::rstest;
use serde_json::json;

use super::support::*;
use crate::*;

fn case(status: &str) -> CaseWrite {
    CaseWrite {
        subject: "Where is it?".into(),
        status: status.into(),
        priority: None,
        body: json!({}),
        closed_at: None,
    }
}

impl Home {
    fn look(&self, ticket: u64, revision: u64) -> TicketCommit {
        let mut commit = TicketCommit::new(self.ticket(ticket), revision);
        commit.mirror = Some(MirrorWrite {
            class: "confirmed".into(),
            body: json!({"v": revision}),
        });
        commit.case = Some(case("open"));
        commit
    }

    fn shows(&self, id: &str) -> ChangedRecord {
        ChangedRecord {
            connection: self.connection.connection.clone(),
            kind: Kind::Order,
            source_id: id.into(),
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_ticket_has_one_case_with_one_number_however_often_it_comes(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    for revision in 0..3 {
        let done = home
            .store
            .commit_ticket(home.look(7, revision), at(5))
            .await
            .unwrap();
        assert_eq!(
            (done.revision, done.case.unwrap().number),
            (revision + 1, 1)
        );
    }
    let other = home
        .store
        .commit_ticket(home.look(8, 0), at(5))
        .await
        .unwrap();
    assert_eq!(other.case.unwrap().number, 2);
    let id = home.ticket(7).case_id();
    assert_eq!(
        home.store.find_case(&id).await.unwrap().unwrap().ticket,
        home.ticket(7)
    );
    assert_eq!(home.store.cases(&home.desk, 0).await.unwrap().len(), 2);
}

#[rstest]
#[tokio::test]
async fn two_decisions_on_the_same_look_never_both_win(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.store
        .commit_ticket(home.look(7, 0), at(5))
        .await
        .unwrap();
    let (one, two) = tokio::join!(
        home.store.commit_ticket(home.look(7, 1), at(6)),
        home.store.commit_ticket(home.look(7, 1), at(6)),
    );
    assert!(one.is_ok() ^ two.is_ok());
    let lost = one.err().or(two.err()).unwrap();
    assert!(
        matches!(lost, StoreError::Conflict { what: "ticket", .. }),
        "{lost:?}"
    );
    let first = home.store.commit_ticket(home.look(7, 0), at(6)).await;
    assert!(matches!(first, Err(StoreError::Conflict { .. })));
}

#[rstest]
#[tokio::test]
async fn a_commit_that_loses_its_receipt_leaves_nothing_behind(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.store
        .put_receipt(home.webhook("1", "e"))
        .await
        .unwrap();
    let lost = home.claim("slow", 1, 10).await;
    home.claim("quick", 1, 70).await;
    let mut commit = home.look(7, 0);
    commit.settle = Some((lost[0].claim(), Settlement::Applied));
    commit.effects = vec![NewEffect {
        key: "k".into(),
        target: "t".into(),
        coalesce_key: None,
        kind: "x".into(),
        payload: json!({}),
    }];
    assert!(matches!(
        home.store.commit_ticket(commit, at(71)).await,
        Err(StoreError::LeaseLost { .. })
    ));
    assert!(home.store.ticket(&home.ticket(7)).await.unwrap().is_none());
    assert!(
        home.store
            .effects_of(&home.desk, "t")
            .await
            .unwrap()
            .is_empty()
    );
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn comments_keep_their_identity_and_learn_their_remote_id(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let comment = |remote: Option<u64>, body: &str| CommentWrite {
        key: "k1".into(),
        remote_id: remote,
        origin: "case".into(),
        author: "agent".into(),
        body: body.into(),
        public: true,
        detail: json!({}),
        created_at: at(1),
    };
    for (revision, write) in [comment(Some(55), "a"), comment(None, "b")]
        .into_iter()
        .enumerate()
    {
        let mut commit = home.look(7, revision as u64);
        commit.comments = vec![write];
        home.store.commit_ticket(commit, at(5)).await.unwrap();
    }
    let state = home.store.ticket(&home.ticket(7)).await.unwrap().unwrap();
    assert_eq!(state.comments.len(), 1);
    assert_eq!(
        (state.comments[0].remote_id, state.comments[0].body.as_str()),
        (Some(55), "b")
    );
}

#[rstest]
#[tokio::test]
async fn a_ticket_is_woken_by_a_change_of_what_it_shows_and_only_then(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.apply(vec![
        order("o1", 1, 10, plain_order(1)),
        order("o2", 1, 10, plain_order(2)),
    ])
    .await;
    let mut commit = home.look(7, 0);
    commit.shown = Some(vec![home.shows("o1")]);
    home.store.commit_ticket(commit, at(5)).await.unwrap();
    home.apply(vec![
        order("o2", 2, 20, plain_order(22)),
        order("o1", 1, 20, plain_order(1)),
    ])
    .await;
    let ask_poll = || ask(Lane::Poll, "a", 10, 2_000);
    assert!(
        home.store
            .claim_receipts(ask_poll())
            .await
            .unwrap()
            .is_empty()
    );
    home.apply(vec![order("o1", 2, 30, plain_order(11))]).await;
    let woken = home.store.claim_receipts(ask_poll()).await.unwrap();
    assert_eq!(
        (woken.len(), woken[0].kind, woken[0].entity_key.as_str()),
        (1, ReceiptKind::RecordChange, "ticket:7")
    );
    let change: RecordChange = serde_json::from_slice(&woken[0].body).unwrap();
    assert_eq!(
        change,
        RecordChange {
            ticket_id: 7,
            records: vec![home.shows("o1")]
        }
    );
    assert_eq!(woken[0].owner, Owner::Desk(home.desk.desk.clone()));
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_ticket_that_waits_for_a_key_is_woken_by_the_record_that_brings_it(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let mut commit = home.look(7, 0);
    commit.watched = LookupKey::new(KeyKind::Email, "p1@example.com").map(|key| vec![key]);
    home.store.commit_ticket(commit, at(5)).await.unwrap();
    home.apply(vec![
        order("o2", 1, 10, plain_order(2)),
        order("o1", 1, 10, plain_order(1)),
    ])
    .await;
    let woken = home
        .store
        .claim_receipts(ask(Lane::Poll, "a", 10, 2_000))
        .await
        .unwrap();
    let change: RecordChange = serde_json::from_slice(&woken[0].body).unwrap();
    assert_eq!((woken.len(), change.records), (1, vec![home.shows("o1")]));
}

impl Home {
    async fn arrives(&self, version: i64) -> u64 {
        let body = json!({"number": "#1", "tags": [version.to_string()]});
        let batch = Batch {
            connection: self.connection.clone(),
            plugin_digest: "d1".into(),
            mappings: 0,
            raw: Vec::new(),
            snapshots: vec![order("o1", version, version * 10, body)],
        };
        self.store
            .apply_batch(batch, "orders", at(version * 10))
            .await
            .unwrap();
        let target = ordercase_model::RecordRef {
            kind: Kind::Order,
            source_id: "o1".into(),
        };
        let mut view = self.store.view(&self.connection.tenant).await.unwrap();
        let stored = view.record(&self.connection.connection, &target).await;
        stored.unwrap().unwrap().revision
    }

    async fn woken(&self) -> usize {
        let pending = self
            .store
            .receipts(&self.connection.tenant, ReceiptState::Pending)
            .await
            .unwrap();
        let changes = pending
            .iter()
            .filter(|receipt| receipt.kind == ReceiptKind::RecordChange);
        changes.count()
    }
}

/// Found by simulation: nobody wakes a ticket for what happens between its first look and that look's commit.
#[rstest]
#[tokio::test]
async fn what_changed_while_a_ticket_was_looked_at_wakes_it_once(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let watched = || Some(LookupKey::new(KeyKind::Number, "#1").into_iter().collect());
    // Looked at when the order was not there yet.
    let mut commit = home.look(7, 0);
    commit.watched = watched();
    commit.looked_at = Some(Vec::new());
    let first = home.arrives(1).await;
    home.store.commit_ticket(commit, at(20)).await.unwrap();
    assert_eq!(home.woken().await, 1);
    // Looked at as it is: nothing to wake for.
    let mut commit = home.look(8, 0);
    commit.watched = watched();
    commit.shown = Some(vec![home.shows("o1")]);
    commit.looked_at = Some(vec![(home.shows("o1"), first)]);
    home.store
        .commit_ticket(commit.clone(), at(20))
        .await
        .unwrap();
    assert_eq!(home.woken().await, 1);
    // Looked at as it was before it changed; the tickets that follow it already hear of the change itself.
    let second = home.arrives(2).await;
    assert!(second > first);
    assert_eq!(home.woken().await, 3);
    commit.ticket = home.ticket(9);
    home.store
        .commit_ticket(commit.clone(), at(30))
        .await
        .unwrap();
    assert_eq!(home.woken().await, 4);
    commit.expected_revision = 1;
    home.store.commit_ticket(commit, at(31)).await.unwrap();
    assert_eq!(home.woken().await, 4, "the same revision wakes once");
    home.adds_up().await;
}
