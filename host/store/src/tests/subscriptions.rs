//! The work of looking after webhooks, its leases, its gaps, and the end of a connection.

use ordercase_model::Instant;
use rstest::rstest;

use super::support::*;
use crate::*;

pub(super) async fn claim(home: &Home, who: &str, now: i64) -> Vec<SubscriptionCheck> {
    let (holder, until) = (holder(who), at(now + 60));
    let checks = home
        .store
        .claim_subscription_checks(10, &holder, at(now), until);
    checks.await.unwrap()
}

pub(super) fn commit(
    check: SubscriptionCheck,
    gaps: Vec<SubscriptionGap>,
    now: i64,
) -> CheckCommit {
    CheckCommit {
        check,
        condition: Condition::Registered,
        failed: false,
        error: None,
        checked_at: Some(at(now)),
        rows: Vec::new(),
        gaps,
        audits: Vec::new(),
        next: at(now + 100),
        now: at(now),
    }
}

pub(super) fn gap(topic: &str, since: i64, until: Option<i64>) -> SubscriptionGap {
    SubscriptionGap {
        topic: topic.to_owned(),
        since: at(since),
        until: until.map(at),
    }
}

#[rstest]
#[tokio::test]
async fn the_work_is_one_holders_until_its_lease_ends(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    settle(&home.store, "t2").await;
    let first = claim(&home, "a", 10).await;
    assert_eq!(first.len(), 2, "both tenants, due at once");
    assert!(claim(&home, "b", 20).await.is_empty());
    assert!(
        home.store
            .renew_subscription_check(&first[0], at(200))
            .await
            .unwrap()
    );
    let second = claim(&home, "b", 75).await;
    assert_eq!(second.len(), 1, "the one that nobody renewed");
    let late = first
        .iter()
        .find(|check| check.connection == second[0].connection);
    let late = commit(late.unwrap().clone(), vec![gap("x", 1, None)], 76);
    let refused = home.store.commit_subscription_check(late).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost { .. })));
    let key = &second[0].connection;
    assert!(
        !home
            .store
            .unsubscribed_during(key, at(0), at(99))
            .await
            .unwrap()
    );
    home.store
        .commit_subscription_check(commit(second[0].clone(), Vec::new(), 80))
        .await
        .unwrap();
    assert!(claim(&home, "b", 179).await.is_empty());
    assert_eq!(claim(&home, "b", 180).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_gap_is_known_for_every_moment_that_it_touches_and_to_its_tenant_only(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let (other, _) = settle(&home.store, "t2").await;
    let key = &home.connection;
    let mine = claim(&home, "a", 10).await;
    let mine = mine
        .into_iter()
        .find(|check| check.connection == *key)
        .unwrap();
    let gaps = vec![gap("a", 20, Some(30)), gap("b", 50, None)];
    home.store
        .commit_subscription_check(commit(mine, gaps, 60))
        .await
        .unwrap();
    let during = async |key: &ConnectionKey, from: Instant, to: Instant| {
        home.store.unsubscribed_during(key, from, to).await.unwrap()
    };
    for (from, to, expected) in [
        (0, 20, false),
        (0, 21, true),
        (29, 35, true),
        (30, 50, false),
        (70, 80, true),
    ] {
        assert_eq!(
            during(key, at(from), at(to)).await,
            expected,
            "{from} to {to}"
        );
        assert!(!during(&other, at(from), at(to)).await);
    }
    // Closing it is the same gap, not another.
    let again = claim(&home, "a", 160).await;
    let again = again
        .into_iter()
        .find(|check| check.connection == *key)
        .unwrap();
    home.store
        .commit_subscription_check(commit(again, vec![gap("b", 50, Some(160))], 160))
        .await
        .unwrap();
    assert!(!during(key, at(170), at(180)).await);
    let all = home
        .store
        .subscription_gaps(key, at(0), at(999))
        .await
        .unwrap();
    assert_eq!(all.len(), 2);
}

#[rstest]
#[tokio::test]
async fn leaving_deletes_what_opens_anything_and_frees_the_name(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let key = &home.connection;
    let owner = Owner::Connection(key.connection.clone());
    let secret = SecretValue::new("s3cret".to_owned());
    let (store, tenant) = (&home.store, &key.tenant);
    store
        .put_secret(tenant, &owner, "token", &secret, at(1))
        .await
        .unwrap();
    let path = TokenPurpose::WebhookPath;
    store
        .put_token(tenant, path, &owner, "och_1", at(1), None)
        .await
        .unwrap();
    home.store
        .put_receipt(home.webhook("k", "e"))
        .await
        .unwrap();

    let leaving = store
        .begin_leaving(key, &holder("a"), at(10), at(70))
        .await
        .unwrap();
    let Leaving::Held(check) = leaving else {
        panic!("{leaving:?}")
    };
    assert!(
        store
            .token_owner(path, "och_1", at(11))
            .await
            .unwrap()
            .is_none()
    );
    let still = store.secret(tenant, &owner, "token").await.unwrap();
    assert!(still.is_some(), "needed to remove the webhooks");
    let second = store
        .begin_leaving(key, &holder("b"), at(11), at(71))
        .await
        .unwrap();
    assert_eq!(second, Leaving::UnderWay);
    assert!(home.claim("x", 10, 20).await.is_empty(), "its work rests");
    store.retry_leaving(&check, at(40), "503").await.unwrap();
    assert!(claim(&home, "a", 39).await.is_empty());
    let check = claim(&home, "a", 40).await.remove(0);
    assert_eq!(
        (check.state, check.attempts, check.since),
        (CheckState::Leaving, 1, at(10))
    );
    let departure = Departure {
        check: check.clone(),
        rows: Vec::new(),
        error: None,
        audit: NewAudit {
            actor: "admin".to_owned(),
            action: "connection.disconnected".to_owned(),
            subject: "x".to_owned(),
            detail: serde_json::json!({}),
        },
        now: at(41),
    };
    store.finish_leaving(departure.clone()).await.unwrap();
    let twice = store.finish_leaving(departure).await;
    assert!(matches!(twice, Err(StoreError::LeaseLost { .. })));
    assert!(
        store
            .secret(tenant, &owner, "token")
            .await
            .unwrap()
            .is_none()
    );
    home.adds_up().await;
    // Let in by a replica that had not heard of it.
    let late = store.put_receipt(home.webhook("late", "late")).await;
    let late = late.unwrap().id().clone();
    store
        .expire(tenant, Retention::default(), at(45))
        .await
        .unwrap();
    let late = store.receipt(tenant, &late).await.unwrap().unwrap();
    assert_eq!(late.state, ReceiptState::Ignored);
    home.adds_up().await;
    let ended = store
        .begin_leaving(key, &holder("a"), at(50), at(60))
        .await
        .unwrap();
    assert_eq!(ended, Leaving::Left);
    let new = NewConnection {
        key: ConnectionKey {
            tenant: tenant.clone(),
            connection: ConnectionId::new("next").unwrap(),
        },
        name: "Shop".to_owned(),
        plugin_id: "test".to_owned(),
        plugin_digest: "d1".to_owned(),
        settings: serde_json::json!({}),
        shop: serde_json::json!({}),
        overrides: serde_json::json!({}),
        streams: Vec::new(),
        first_poll_at: at(0),
    };
    store.add_connection(new, at(51)).await.unwrap();
}
