//! Reading a desk's ticket export: one replica at a time, each desk when it is due, the cursor never without its receipts.

use rstest::rstest;

use super::support::*;
use crate::*;

fn turn(desk: &DeskKey, who: &str, until: i64) -> ExportTurn {
    ExportTurn {
        desk: desk.clone(),
        holder: holder(who),
        lease_until: at(until),
    }
}

fn page(turn: ExportTurn, tickets: &[u64], cursor: &str, read_at: i64) -> ExportCommit {
    let receipt = |ticket: &u64| NewReceipt {
        tenant: turn.desk.tenant.clone(),
        owner: Owner::Desk(turn.desk.desk.clone()),
        stream: "ticket-events".to_owned(),
        kind: ReceiptKind::DeskEvent,
        topic: "ticket.Exported".to_owned(),
        dedupe_key: format!("ticket.Exported/{ticket}"),
        entity_key: ticket_entity(*ticket),
        lane: Lane::Poll,
        headers: Vec::new(),
        body: b"{}".to_vec(),
        occurred_at: None,
        received_at: at(read_at),
        dead: None,
    };
    ExportCommit {
        receipts: tickets.iter().map(receipt).collect(),
        position: Some(ExportPosition {
            cursor: cursor.to_owned(),
            read_at: at(read_at),
        }),
        turn,
    }
}

#[rstest]
#[tokio::test]
async fn one_replica_reads_a_desk_and_again_when_it_is_due(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let (store, desk) = (&home.store, &home.desk);
    let due = |now| ExportsDue::By(at(now));
    assert_eq!(
        store.exports_due(due(10)).await.unwrap(),
        std::slice::from_ref(desk)
    );
    let take = async |who, now| {
        let take = store.take_export(turn(desk, who, now + 60), due(now));
        take.await.unwrap()
    };
    // Both looked at the same list.
    assert!(take("a", 10).await && !take("b", 11).await);
    assert!(store.exports_due(due(11)).await.unwrap().is_empty());
    store
        .end_export(turn(desk, "a", 70), at(300))
        .await
        .unwrap();
    assert!(!take("b", 299).await && take("b", 300).await);
    // A turn that was lost ends nothing.
    store.end_export(turn(desk, "a", 0), at(900)).await.unwrap();
    assert!(!take("a", 301).await);
    // A killed one's turn is another's when the lease is over.
    assert_eq!(
        store.exports_due(due(360)).await.unwrap(),
        std::slice::from_ref(desk)
    );
    assert!(take("a", 360).await);
}

#[rstest]
#[tokio::test]
async fn a_page_of_a_lost_turn_moves_nothing(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let (store, desk) = (&home.store, &home.desk);
    let now = ExportsDue::By(at(10));
    assert!(store.take_export(turn(desk, "a", 70), now).await.unwrap());
    let first = page(turn(desk, "a", 100), &[1, 2], "one", 11);
    assert_eq!(store.put_export_page(first.clone()).await.unwrap(), 2);
    assert_eq!(store.put_export_page(first).await.unwrap(), 0, "known");
    // The page kept the turn until 100.
    let early = ExportsDue::By(at(99));
    assert!(
        !store
            .take_export(turn(desk, "b", 150), early)
            .await
            .unwrap()
    );
    let late = ExportsDue::By(at(100));
    assert!(store.take_export(turn(desk, "b", 160), late).await.unwrap());
    let stale = page(turn(desk, "a", 200), &[3], "two", 101);
    let refused = store.put_export_page(stale).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost { .. })));
    let position = store.export_position(desk).await.unwrap().unwrap();
    assert_eq!(position.cursor, "one");
    let next = page(turn(desk, "b", 200), &[3], "two", 102);
    assert_eq!(
        store.put_export_page(next).await.unwrap(),
        1,
        "not stored before"
    );
}

#[rstest]
#[tokio::test]
async fn a_host_that_starts_reads_what_is_not_due_but_not_what_another_reads(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let (store, desk) = (&home.store, &home.desk);
    let now = ExportsDue::By(at(10));
    assert!(store.take_export(turn(desk, "a", 70), now).await.unwrap());
    let starts = ExportsDue::AtStart(at(20));
    assert!(store.exports_due(starts).await.unwrap().is_empty());
    assert!(
        !store
            .take_export(turn(desk, "b", 80), starts)
            .await
            .unwrap()
    );
    store.take_over(at(20)).await.unwrap();
    let free = store.exports_due(starts).await.unwrap();
    assert_eq!(free.len(), usize::from(on == On::Sqlite), "others may live");
    store
        .end_export(turn(desk, "a", 70), at(300))
        .await
        .unwrap();
    assert_eq!(
        store.exports_due(starts).await.unwrap(),
        std::slice::from_ref(desk)
    );
    assert!(
        store
            .take_export(turn(desk, "b", 80), starts)
            .await
            .unwrap()
    );
}

#[rstest]
#[tokio::test]
async fn a_paused_desk_is_not_read(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let paused = Activity::Paused("token".to_owned());
    let key = &home.desk;
    home.store
        .set_desk_activity(key, &paused, at(1))
        .await
        .unwrap();
    let due = home.store.exports_due(ExportsDue::AtStart(at(10))).await;
    assert!(due.unwrap().is_empty());
}
