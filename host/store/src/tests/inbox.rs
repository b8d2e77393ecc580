use super::support::*;
use crate::*;
use rstest::rstest;

#[rstest]
#[tokio::test]
async fn the_same_delivery_twice_is_one_receipt_and_two_in_the_accounts(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let first = home
        .store
        .put_receipt(home.webhook("k", "e"))
        .await
        .unwrap();
    let second = home
        .store
        .put_receipt(home.webhook("k", "e"))
        .await
        .unwrap();
    assert_eq!(first, Put::Stored(first.id().clone()));
    assert_eq!(second, Put::Duplicate(first.id().clone()));
    let rows = home.store.accounts(None).await.unwrap();
    assert_eq!(
        (rows[0].received, rows[0].duplicate, rows[0].pending),
        (2, 1, 1)
    );
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn every_end_moves_its_account(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let ends = [
        Settlement::Applied,
        Settlement::Superseded,
        Settlement::Duplicate,
        Settlement::Ignored("no order".into()),
        Settlement::Dead(Death::new(ErrorClass::Malformed, "broken")),
    ];
    for (n, end) in ends.into_iter().enumerate() {
        home.store
            .put_receipt(home.webhook(&n.to_string(), &n.to_string()))
            .await
            .unwrap();
        let claimed = home.claim("a", 1, 10).await;
        home.store
            .settle_receipt(claimed[0].claim(), end, at(11))
            .await
            .unwrap();
        home.adds_up().await;
    }
    let malformed = NewReceipt {
        dead: Some(Death::new(ErrorClass::Malformed, "no JSON")),
        ..home.webhook("m", "m")
    };
    home.store.put_receipt(malformed).await.unwrap();
    home.store
        .count_unverified(
            &home.connection.tenant,
            &home.webhook("x", "x").owner,
            "webhooks",
        )
        .await
        .unwrap();
    let row = &home.store.accounts(None).await.unwrap()[0];
    assert_eq!(
        (
            row.received,
            row.applied,
            row.superseded,
            row.duplicate,
            row.ignored,
            row.dead,
            row.unverified
        ),
        (6, 1, 1, 1, 1, 2, 1)
    );
    assert!(home.claim("a", 10, 20).await.is_empty());
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn one_entity_is_worked_off_by_one_at_a_time(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    for key in ["1", "2", "3"] {
        home.store
            .put_receipt(home.webhook(key, "same"))
            .await
            .unwrap();
    }
    home.store
        .put_receipt(home.webhook("4", "other"))
        .await
        .unwrap();
    let taken = home.claim("a", 10, 10).await;
    assert_eq!(taken.len(), 2);
    assert!(home.claim("b", 10, 10).await.is_empty());
    for receipt in &taken {
        home.store
            .settle_receipt(receipt.claim(), Settlement::Applied, at(11))
            .await
            .unwrap();
    }
    assert_eq!(home.claim("b", 10, 12).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_lease_that_ran_out_is_taken_over_and_the_first_holder_cannot_settle(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.store
        .put_receipt(home.webhook("1", "e"))
        .await
        .unwrap();
    let first = home.claim("a", 1, 10).await;
    assert!(home.claim("b", 1, 69).await.is_empty());
    let second = home.claim("b", 1, 70).await;
    assert_eq!(second[0].attempts, 2);
    let late = home
        .store
        .settle_receipt(first[0].claim(), Settlement::Applied, at(71))
        .await;
    assert!(matches!(late, Err(StoreError::LeaseLost { .. })));
    assert!(
        !home
            .store
            .renew(&Lease::from(&first[0]), at(71), at(500))
            .await
            .unwrap()
    );
    assert!(
        home.store
            .renew(&Lease::from(&second[0]), at(71), at(500))
            .await
            .unwrap()
    );
    assert!(home.claim("c", 1, 200).await.is_empty());
    home.store
        .settle_receipt(second[0].claim(), Settlement::Applied, at(201))
        .await
        .unwrap();
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_retry_waits_and_a_dead_letter_can_be_revived(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.store
        .put_receipt(home.webhook("1", "e"))
        .await
        .unwrap();
    let taken = home.claim("a", 1, 10).await;
    let retry = Settlement::Retry {
        at: at(100),
        error: "503".into(),
    };
    home.store
        .settle_receipt(taken[0].claim(), retry, at(11))
        .await
        .unwrap();
    assert!(home.claim("a", 1, 99).await.is_empty());
    assert_eq!(
        home.store.next_receipt_due(Lane::Live).await.unwrap(),
        Some(at(100))
    );
    let taken = home.claim("a", 1, 100).await;
    assert_eq!(taken[0].last_error.as_deref(), Some("503"));
    home.store
        .settle_receipt(
            taken[0].claim(),
            Settlement::Dead(Death::new(ErrorClass::Transport, "gave up")),
            at(101),
        )
        .await
        .unwrap();
    home.adds_up().await;
    let ids = vec![DeadId::Receipt(taken[0].id.clone())];
    let retried = home
        .store
        .retry_dead_letters(None, ids, "admin", at(200))
        .await
        .unwrap();
    assert_eq!(retried.retried.len(), 1);
    home.adds_up().await;
    let again = home.claim("a", 1, 200).await;
    assert_eq!((again[0].attempts, again[0].tried_since), (1, at(200)));
    assert_eq!(again[0].last_error.as_deref(), Some("gave up"));
}

#[rstest]
#[tokio::test]
async fn a_given_back_receipt_costs_no_attempt(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.store
        .put_receipt(home.webhook("1", "e"))
        .await
        .unwrap();
    for _ in 0..3 {
        let taken = home.claim("a", 1, 10).await;
        assert_eq!(taken[0].attempts, 1);
        home.store
            .settle_receipt(taken[0].claim(), Settlement::Released, at(11))
            .await
            .unwrap();
    }
}

#[rstest]
#[tokio::test]
async fn a_flood_of_one_tenant_does_not_starve_another(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let (other, _) = settle(&home.store, "t2").await;
    for n in 0..20 {
        home.store
            .put_receipt(home.webhook(&format!("f{n}"), &format!("f{n}")))
            .await
            .unwrap();
    }
    let quiet = NewReceipt {
        tenant: other.tenant.clone(),
        owner: Owner::Connection(other.connection.clone()),
        received_at: at(5),
        ..home.webhook("q", "q")
    };
    home.store.put_receipt(quiet).await.unwrap();
    let taken = home.claim("a", 4, 10).await;
    assert!(taken.iter().any(|receipt| receipt.tenant == other.tenant));
    // With one place only, turns alternate.
    let quiet = NewReceipt {
        tenant: other.tenant.clone(),
        owner: Owner::Connection(other.connection),
        ..home.webhook("q2", "q2")
    };
    home.store.put_receipt(quiet).await.unwrap();
    let one = home.claim("a", 1, 10).await;
    let two = home.claim("a", 1, 10).await;
    assert_ne!(one[0].tenant, two[0].tenant);
}

#[rstest]
#[tokio::test]
async fn a_flood_of_one_shop_does_not_starve_another_of_the_same_tenant(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    // Before and behind the flood in the order of names: neither place may matter.
    for name in ["a-shop", "z-shop"] {
        let quiet = connect(&home.store, &home.connection.tenant, name, name).await;
        for n in 0..4 {
            let receipt = NewReceipt {
                owner: Owner::Connection(quiet.connection.clone()),
                received_at: at(5),
                ..home.webhook(&format!("{name}{n}"), &format!("{name}{n}"))
            };
            home.store.put_receipt(receipt).await.unwrap();
        }
    }
    for n in 0..20 {
        let flood = home.webhook(&format!("f{n}"), &format!("f{n}"));
        home.store.put_receipt(flood).await.unwrap();
    }
    let shops = |taken: &[Receipt]| {
        let owners = taken.iter().map(|receipt| receipt.owner.id().to_owned());
        owners.collect::<std::collections::BTreeSet<_>>()
    };
    let taken = home.claim("a", 6, 10).await;
    assert_eq!(
        (taken.len(), shops(&taken).len()),
        (6, 3),
        "each has its part"
    );
    // With one place only, turns go round.
    let mut alone = Vec::new();
    for _ in 0..3 {
        alone.extend(home.claim("a", 1, 10).await);
    }
    assert_eq!((alone.len(), shops(&alone).len()), (3, 3));
    // What is not due yet takes nobody's part: the flood has it all.
    let taken = home.claim("a", 17, 4).await;
    assert_eq!((taken.len(), shops(&taken).len()), (17, 1));
}

#[rstest]
#[tokio::test]
async fn a_paused_connection_keeps_its_receipts_waiting(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.store
        .put_receipt(home.webhook("1", "e"))
        .await
        .unwrap();
    let paused = Activity::Paused("token revoked".into());
    home.store
        .set_connection_activity(&home.connection, &paused, at(2))
        .await
        .unwrap();
    assert!(home.claim("a", 1, 10).await.is_empty());
    home.store
        .set_connection_activity(&home.connection, &Activity::Active, at(3))
        .await
        .unwrap();
    assert_eq!(home.claim("a", 1, 10).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn the_next_due_is_the_first_of_those_that_are_worked_for(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let tenant = &home.connection.tenant;
    let (early, late) = (
        connect(&home.store, tenant, "a-shop", "a-shop").await,
        connect(&home.store, tenant, "z-shop", "z-shop").await,
    );
    let next = async || home.store.next_receipt_due(Lane::Live).await.unwrap();
    assert_eq!(next().await, None);
    for (shop, key, received) in [
        (&early, "p", 1),
        (&home.connection, "h", 20),
        (&late, "l", 95),
    ] {
        let receipt = NewReceipt {
            owner: Owner::Connection(shop.connection.clone()),
            received_at: at(received),
            ..home.webhook(key, key)
        };
        home.store.put_receipt(receipt).await.unwrap();
    }
    assert_eq!(next().await, Some(at(1)));
    let paused = Activity::Paused("token revoked".into());
    let set = home.store.set_connection_activity(&early, &paused, at(2));
    set.await.unwrap();
    assert_eq!(
        next().await,
        Some(at(20)),
        "a paused shop waits for a person"
    );
    let held = home.claim("a", 8, 30).await;
    assert_eq!(held.len(), 1);
    assert_eq!(next().await, Some(at(90)), "when a held one would be free");
    let behind = NewReceipt {
        received_at: at(40),
        ..home.webhook("b", "b")
    };
    home.store.put_receipt(behind).await.unwrap();
    assert_eq!(next().await, Some(at(40)), "behind one that is held");
}

#[rstest]
#[tokio::test]
async fn no_receipt_is_handed_out_twice_to_workers_that_ask_at_once(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    for n in 0..60 {
        home.store
            .put_receipt(home.webhook(&n.to_string(), &(n % 20).to_string()))
            .await
            .unwrap();
    }
    let mut workers = tokio::task::JoinSet::new();
    for n in 0..8 {
        let store = home.store.clone();
        workers.spawn(async move {
            let mut done = Vec::new();
            loop {
                let taken = store
                    .claim_receipts(ask(Lane::Live, &format!("w{n}"), 3, 10))
                    .await
                    .unwrap();
                if taken.is_empty() && store.next_receipt_due(Lane::Live).await.unwrap().is_none() {
                    return done;
                }
                for receipt in taken {
                    store
                        .settle_receipt(receipt.claim(), Settlement::Applied, at(11))
                        .await
                        .unwrap();
                    done.push(receipt.id);
                }
                tokio::task::yield_now().await;
            }
        });
    }
    let mut all = workers.join_all().await.concat();
    assert_eq!(all.len(), 60);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 60);
    home.adds_up().await;
}

#[rstest]
#[tokio::test]
async fn a_commit_that_feeds_a_lane_raises_its_signal_only(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let mut live = home.store.signal(Queue::Lane(Lane::Live));
    let poll = home.store.signal(Queue::Lane(Lane::Poll));
    live.mark_unchanged();
    home.store
        .put_receipt(home.webhook("1", "e"))
        .await
        .unwrap();
    assert!(live.has_changed().unwrap());
    assert!(!poll.has_changed().unwrap());
}

#[rstest]
#[tokio::test]
async fn bytes_come_back_as_they_came(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    for (n, body) in [
        &b"{\"a\":1}"[..],
        &[0xff, 0xfe, 0x00],
        "\u{1F600}\0".as_bytes(),
    ]
    .into_iter()
    .enumerate()
    {
        let receipt = NewReceipt {
            body: body.to_vec(),
            ..home.webhook(&n.to_string(), "e")
        };
        let put = home.store.put_receipt(receipt).await.unwrap();
        let stored = home
            .store
            .receipt(&home.connection.tenant, put.id())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(stored.body, body);
    }
    let huge = NewReceipt {
        body: vec![b'x'; limits::RECEIPT_BYTES_MAX + 1],
        ..home.webhook("h", "h")
    };
    assert!(matches!(
        home.store.put_receipt(huge).await,
        Err(StoreError::Refused { .. })
    ));
}

/// Found by simulation: a stalled holder asked for more time after its lease had run out, while another receipt of
/// the same entity was out already.
#[rstest]
#[tokio::test]
async fn a_lease_that_ran_out_is_not_renewed_beside_another_of_its_entity(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    for (key, lane) in [("1", Lane::Poll), ("2", Lane::Live)] {
        let receipt = NewReceipt {
            lane,
            ..home.webhook(key, "e")
        };
        home.store.put_receipt(receipt).await.unwrap();
    }
    let slow = home.store.claim_receipts(ask(Lane::Poll, "slow", 1, 10));
    let slow = slow.await.unwrap();
    assert!(home.claim("quick", 1, 69).await.is_empty());
    assert_eq!(home.claim("quick", 1, 70).await.len(), 1);
    // It may also have been asleep between the look at the clock and the request.
    for now in [71, 69] {
        let lease = Lease::from(&slow[0]);
        let renewed = home.store.renew(&lease, at(now), at(131)).await;
        assert!(!renewed.unwrap(), "{now}");
    }
}

/// Found by simulation: a request for more time that was stuck for long arrived after a later one.
#[rstest]
#[tokio::test]
async fn a_late_renewal_makes_no_lease_shorter(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    home.store
        .put_receipt(home.webhook("1", "e"))
        .await
        .unwrap();
    let lease = Lease::from(&home.claim("w", 1, 10).await[0]);
    for (now, until) in [(60, 120), (20, 80)] {
        assert!(home.store.renew(&lease, at(now), at(until)).await.unwrap());
    }
    assert!(home.claim("other", 1, 119).await.is_empty());
    assert_eq!(home.claim("other", 1, 120).await.len(), 1);
}
