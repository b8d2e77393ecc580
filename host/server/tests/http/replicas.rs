//! Two hosts over one PostgreSQL: what one of them changes counts at the other.

use std::time::Duration;

use http::StatusCode;
use ordercase_server::{database::Database, secret::SecretRef};
use ordercase_store::{Store, StoreOptions};

use crate::{
    support::Host,
    webhooks::{SECRET, connect, connection, deliver, disconnect, sign_with},
};

const BODY: &[u8] = br#"{"topic":"orders/updated","id":1}"#;
/// More than what a delivery is checked against is kept for.
const SOON: Duration = Duration::from_secs(20);

/// A replica of the host over that database.
async fn replica(url: &str) -> Host {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        SecretRef::File(path)
    };
    let database = Database::Postgres(file("address", url));
    let key = file("key", &"5a".repeat(32));
    Host::over(folder, database, Some(key)).await
}

#[tokio::test]
async fn a_new_key_counts_at_once_and_a_disconnected_shop_is_refused_soon() {
    let Some(cluster) = postgres_box::cluster() else {
        return;
    };
    let url = cluster
        .migrated(async |url| {
            let store = Store::connect(&url, StoreOptions::default()).await.unwrap();
            store.close().await.unwrap();
        })
        .await;
    let (one, other) = (replica(&url).await, replica(&url).await);
    let path = connect(&one).await;
    let shop = connection(&one, &path).await;
    let status = async |secret, id: &str| deliver(&one, &path, BODY, secret, id).await.status;

    assert_eq!(status(SECRET, "e1").await, StatusCode::OK);
    sign_with(&other, &shop, "another").await;
    assert_eq!(status("another", "e2").await, StatusCode::OK);
    assert_eq!(status(SECRET, "e3").await, StatusCode::UNAUTHORIZED);
    assert_eq!(status("stranger", "e4").await, StatusCode::UNAUTHORIZED);

    disconnect(&other, &shop).await;
    let refused = async {
        let mut number = 5;
        while status("another", &format!("e{number}")).await != StatusCode::UNAUTHORIZED {
            number += 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let ended = tokio::time::timeout(SOON, refused).await;
    assert!(ended.is_ok(), "a disconnected shop is let in");
}
