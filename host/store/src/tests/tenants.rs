use rstest::rstest;
use serde_json::json;

use super::support::*;
use crate::*;

#[rstest]
#[tokio::test]
async fn names_are_taken_once_per_tenant(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let desk = NewDesk {
        key: DeskKey {
            tenant: home.desk.tenant.clone(),
            desk: DeskId::new("other").unwrap(),
        },
        subdomain: "t1".into(),
        account_id: None,
        settings: json!({}),
    };
    let taken = home.store.add_desk(desk, at(1)).await;
    assert!(
        matches!(taken, Err(StoreError::Exists { what: "desk", .. })),
        "{taken:?}"
    );
    let again = home
        .store
        .add_tenant(&tenant("t1"), "x", &json!({}), at(1))
        .await;
    assert!(matches!(
        again,
        Err(StoreError::Exists { what: "tenant", .. })
    ));
}

#[rstest]
#[tokio::test]
async fn an_account_once_fixed_never_changes(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    for _ in 0..2 {
        home.store
            .set_desk_account(&home.desk, "123", at(1))
            .await
            .unwrap();
    }
    assert!(
        home.store
            .set_desk_account(&home.desk, "456", at(1))
            .await
            .is_err()
    );
    assert_eq!(
        home.store
            .desk(&home.desk)
            .await
            .unwrap()
            .unwrap()
            .account_id
            .as_deref(),
        Some("123")
    );
}

#[rstest]
#[tokio::test]
async fn a_token_names_its_owner_for_its_purpose_until_it_ends(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let owner = Owner::Desk(home.desk.desk.clone());
    let put = |token: &'static str, ends| {
        home.store.put_token(
            &home.desk.tenant,
            TokenPurpose::DeskEvents,
            &owner,
            token,
            at(1),
            ends,
        )
    };
    put("long-random", None).await.unwrap();
    put("short-lived", Some(at(10))).await.unwrap();
    let names = async |purpose, token: &'static str, now| {
        home.store
            .token_owner(purpose, token, at(now))
            .await
            .unwrap()
            .map(|named| named.owner)
    };
    assert_eq!(
        names(TokenPurpose::DeskEvents, "long-random", 5).await,
        Some(owner.clone())
    );
    assert_eq!(names(TokenPurpose::TenantApi, "long-random", 5).await, None);
    assert_eq!(names(TokenPurpose::DeskEvents, "long-rando", 5).await, None);
    assert_eq!(
        names(TokenPurpose::DeskEvents, "short-lived", 9).await,
        Some(owner.clone())
    );
    assert_eq!(
        names(TokenPurpose::DeskEvents, "short-lived", 10).await,
        None
    );
    let file = home.file("ordercase.db-wal");
    assert!(
        !file.windows(11).any(|window| window == b"long-random"),
        "only hashes reach the disk"
    );
    let gone = home
        .store
        .revoke_tokens(&home.desk.tenant, TokenPurpose::DeskEvents, &owner)
        .await
        .unwrap();
    assert_eq!(
        (
            gone,
            names(TokenPurpose::DeskEvents, "long-random", 5).await
        ),
        (2, None)
    );
}

#[rstest]
#[tokio::test]
async fn secrets_are_ciphertext_on_disk_and_do_not_open_elsewhere(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let owner = Owner::Connection(home.connection.connection.clone());
    let tenant = &home.connection.tenant;
    let secret = SecretValue::new("canary-secret".into());
    home.store
        .put_secret(tenant, &owner, "access_token", &secret, at(1))
        .await
        .unwrap();
    let read = async |slot: &'static str| home.store.secret(tenant, &owner, slot).await;
    assert_eq!(
        read("access_token").await.unwrap().unwrap().expose(),
        "canary-secret"
    );
    assert!(read("other").await.unwrap().is_none());
    assert_eq!(
        home.store.secret_slots(tenant, &owner).await.unwrap(),
        ["access_token"]
    );
    for name in ["ordercase.db", "ordercase.db-wal"] {
        let file = home.file(name);
        assert!(
            !file.windows(13).any(|window| window == b"canary-secret"),
            "{name}"
        );
    }
    // The same row under another slot does not open.
    home.store
        .write(tenant, |tx| {
            Box::pin(async move {
                tx.conn.raw("INSERT INTO secrets SELECT tenant_id, owner_id, 'moved', nonce, ciphertext, updated_at FROM secrets").await
            })
        })
        .await
        .unwrap();
    assert!(matches!(
        read("moved").await,
        Err(StoreError::SecretSealed { .. })
    ));
}

#[rstest]
#[tokio::test]
async fn a_wrong_master_key_is_named_as_such(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let owner = Owner::Desk(home.desk.desk.clone());
    let tenant = home.desk.tenant.clone();
    home.store
        .put_secret(
            &tenant,
            &owner,
            "token",
            &SecretValue::new("s".into()),
            at(1),
        )
        .await
        .unwrap();
    home.store.close().await.unwrap();
    let other = home.place.open(Some(2)).await;
    let error = other.secret(&tenant, &owner, "token").await.unwrap_err();
    assert!(error.to_string().contains("master key"), "{error}");
    other.close().await.unwrap();
    let keyless = home.place.open(None).await;
    assert!(matches!(
        keyless.secret(&tenant, &owner, "token").await,
        Err(StoreError::Refused { .. })
    ));
}

#[rstest]
#[tokio::test]
async fn equal_deeds_at_one_moment_are_both_noted(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(home) = Home::new(on).await else {
        return;
    };
    let deed = || NewAudit {
        actor: "admin".into(),
        action: "case.set".into(),
        subject: "c".into(),
        detail: json!({}),
    };
    for _ in 0..2 {
        home.store
            .audit(&home.desk.tenant, deed(), at(1))
            .await
            .unwrap();
    }
    assert_eq!(home.store.audits(&home.desk.tenant).await.unwrap().len(), 2);
}
