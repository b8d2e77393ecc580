//! A data directory keeps the account.

use serde_json::{Value, json};
use zendesk_sim::SimConfig;

use crate::account::Account;

async fn whole(account: &Account, ticket: u64) -> Value {
    account.get(&format!("/_sim/tickets/{ticket}")).await.json()
}

#[tokio::test]
async fn a_restart_finds_the_same_tickets_fields_and_registry_and_gives_no_id_twice() {
    let directory = tempfile::tempdir().unwrap();
    let config = SimConfig {
        data: Some(directory.path().to_owned()),
        ..SimConfig::new("acme", 7)
    };
    let account = Account::with(config.clone()).await;
    let field = json!({"ticket_field": {"type": "text", "title": "Order number"}});
    let field =
        account.post("/api/v2/ticket_fields", field).await.json()["ticket_field"]["id"].clone();
    let ticket = account.file("demo:1").await;
    account.advance(3600).await;
    let change = json!({"ticket": {
        "custom_fields": [{"id": field, "value": "1001"}], "metadata": {"op": "x"},
        "comment": {"body": "note", "public": false},
    }});
    account
        .put(&format!("/api/v2/tickets/{ticket}"), change)
        .await;
    account
        .post(
            "/api/services/zis/registry/ordercase",
            json!({"description": "d"}),
        )
        .await;
    let before = whole(&account, ticket).await;
    let info = account.sim.info();
    account.sim.stop().await;

    let again = Account::with(config).await;
    assert_eq!(whole(&again, ticket).await, before);
    assert_eq!(again.sim.info()["legacy_token"], info["legacy_token"]);
    assert_eq!(again.file("demo:1").await, ticket, "found by external id");
    let next = again.file("demo:2").await;
    assert!(next > ticket);
    let registry = again
        .get("/api/services/zis/registry/integrations")
        .await
        .json();
    assert_eq!(registry["integrations"][0]["name"], "ordercase");
    // The clock that was moved on stays moved on: nothing changes before it was made.
    let shown = whole(&again, next).await;
    let (old, new) = (
        &before["ticket"]["updated_at"],
        &shown["ticket"]["created_at"],
    );
    assert!(
        new.as_str().unwrap() >= old.as_str().unwrap(),
        "{old} {new}"
    );
}

#[tokio::test]
async fn the_same_seed_gives_the_same_account_and_another_seed_another() {
    let first = Account::open().await;
    let second = Account::open().await;
    let third = Account::with(SimConfig::new("acme", 2)).await;
    let of = |account: &Account| account.sim.info()["legacy_token"].clone();
    assert_eq!(of(&first), of(&second));
    assert_ne!(of(&first), of(&third));
    assert_eq!(first.file("a").await, second.file("a").await);
    assert_ne!(first.file("b").await, third.file("b").await);
}
