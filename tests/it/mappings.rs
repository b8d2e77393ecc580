//! A word that must be mapped: the order waits for its mapping, and arrives with it, once.

use anyhow::Context as _;
use ordercase_world::{World, WorldOptions, until, until_some};
use serde_json::{Value, json};

use crate::{
    page,
    support::{SOON, enriched, records, world},
};

const FIELD: &str = "displayFulfillmentStatus";
const MAPPING: &str = "displayFulfillmentStatus=TELEPORTED";

/// The stored state of an order's goods.
async fn fulfilment(world: &World, id: &str) -> anyhow::Result<Option<Value>> {
    let all = records(world, world.tenant()).await?;
    let body = all.get(&("order".to_owned(), id.to_owned()));
    let body: Option<Value> = body.map(|text| serde_json::from_str(text)).transpose()?;
    Ok(body.map(|body| body["fulfilment_state"]["canonical"].clone()))
}

/// What waits for a mapping.
async fn missing(world: &World) -> anyhow::Result<Value> {
    let connection = world.connection();
    let shown = world
        .cli
        .run(&["connection", "mappings", connection])
        .await?;
    Ok(shown["missing"].clone())
}

/// A reconciliation proves the shop again and again, and the agent sees until when.
async fn proven_again(world: &World, ticket: u64) -> anyhow::Result<()> {
    world.pace("reconcile", &["--every", "1"]).await?;
    let mut before = String::new();
    for what in ["the shop is proven", "it is proven until later"] {
        before = until_some(what, SOON, || async {
            let shop = world.context(ticket).await?["store_health"][0].clone();
            let through = shop["proven"]["through"].as_str().unwrap_or_default();
            let later = shop["complete"] == true && through > before.as_str();
            Ok(later.then(|| through.to_owned()))
        })
        .await?;
    }
    let Some(browser) = page::chromium() else {
        return Ok(());
    };
    let address = page::address(world, ticket, world.context_token());
    let shown = page::rendered(browser, &world.data().join("browser"), &address).await?;
    assert!(shown.contains("proven complete"), "{shown}");
    Ok(())
}

#[tokio::test]
async fn an_order_waits_for_its_mapping_and_arrives_with_it_once() -> anyhow::Result<()> {
    let world = world(WorldOptions::default()).await?;
    let connection = world.connection();
    let buyer = "odd@example.com";
    let row = world
        .shop
        .post("orders", &json!({ "email": buyer }))
        .await?;
    let id = row["id"].as_str().context("not placed")?;
    let name = row["name"].as_str().context("not placed")?;
    until("the order is stored", SOON, || async {
        Ok(fulfilment(&world, id).await? == Some(json!("unfulfilled")))
    })
    .await?;
    world.settled().await?;

    let required = ["connection", "require", connection, FIELD];
    let answer = world.cli.run(&required).await?;
    assert_eq!(answer["required"], json!([FIELD]));
    let patch = json!({ FIELD: "TELEPORTED" });
    world
        .shop
        .post(&format!("orders/{id}/patch"), &patch)
        .await?;
    let waits = until_some("the change waits", SOON, || async {
        let missing = missing(&world).await?;
        Ok((missing != json!([])).then_some(missing))
    })
    .await?;
    assert_eq!(waits[0]["mapping"], MAPPING);
    world.shop.webhooks_delivered().await?;
    world.settled().await?;
    assert_eq!(fulfilment(&world, id).await?, Some(json!("unfulfilled")));
    let listed = world.cli.run(&["dead-letters", "list"]).await?;
    assert_eq!(listed["dead_letters"][0]["mapping"], MAPPING, "{listed}");
    let (well, report, _) = world.cli.try_run(&["doctor"]).await?;
    assert!(!well && report.contains("connection map"), "{report}");

    // What an agent sees says that something is missing, and no more than that is proven.
    let ticket = world
        .zendesk
        .file_ticket(("A buyer", buyer), "Where is it?", "Thanks!", name)
        .await?;
    enriched(&world, ticket).await?;
    let shop = world.context(ticket).await?["store_health"][0].clone();
    assert!(shop["unstored"].as_u64() > Some(0), "{shop}");
    assert_eq!(
        (&shop["complete"], shop.get("proven")),
        (&json!(false), None),
        "{shop}"
    );

    if let Some(browser) = page::chromium() {
        let address = page::address(&world, ticket, world.context_token());
        let shown = page::rendered(browser, &world.data().join("browser"), &address).await?;
        let told = "could not be stored yet, so counts are lower bounds";
        assert!(shown.contains(told), "{shown}");
    }

    let wrong = ["connection", "map", connection, MAPPING, "fulfilment=gone"];
    let (done, _, error) = world.cli.try_run(&wrong).await?;
    assert!(!done && error.contains("delivered"), "{error}");
    let right = [
        "connection",
        "map",
        connection,
        MAPPING,
        "fulfilment=delivered",
    ];
    let answer = world.cli.run(&right).await?;
    assert!(answer["released"].as_u64() > Some(0), "{answer}");
    until("the change arrives", SOON, || async {
        Ok(fulfilment(&world, id).await? == Some(json!("delivered")))
    })
    .await?;
    world.settled().await?;
    assert_eq!(missing(&world).await?, json!([]));

    let context = world.context(ticket).await?;
    assert_eq!(
        context["store_health"][0].get("unstored"),
        None,
        "{context}"
    );
    assert_eq!(context["store_health"][0]["complete"], true, "{context}");
    proven_again(&world, ticket).await?;
    let status = &context["order_in_question"]["fulfilment_status"]["value"]["status"];
    assert_eq!(status, "delivered");
    let accounts = world.cli.run(&["accounts"]).await?;
    assert_eq!(accounts["adds_up"], true, "{accounts}");
    let unmap = ["connection", "unmap", connection, MAPPING];
    assert_eq!(world.cli.run(&unmap).await?["overrides"], json!({}));
    let (again, _, error) = world.cli.try_run(&unmap).await?;
    assert!(!again && error.contains("no mapping"), "{error}");
    world.stop().await
}
