//! Webhooks registered at the shop's platform by the host itself: on connect, again when they are lost, gone when
//! the shop is disconnected. Nothing but what is registered is delivered here.

use ordercase_world::{World, WorldOptions, until};
use serde_json::{Value, json};

use crate::support::{SOON, audit_actions, enriched, open_order, ticket_about, ticket_when, world};

/// A host that looks every two seconds instead of every hour, and a shop that delivers what is registered only.
fn registered() -> WorldOptions {
    WorldOptions {
        aim_webhooks: false,
        serve: ["--webhook-check-seconds", "2"].map(str::to_owned).to_vec(),
        ..WorldOptions::default()
    }
}

async fn webhooks(world: &World, connection: &str) -> anyhow::Result<Value> {
    world.cli.run(&["connection", "webhooks", connection]).await
}

/// Topics that the manifest leaves to the host: all but the three privacy topics.
const TOPICS: usize = 29;

async fn all_registered(world: &World, connection: &str) -> anyhow::Result<()> {
    until("every topic is registered", SOON, || async {
        let shown = webhooks(world, connection).await?;
        Ok(shown["state"] == "registered" && shown["registered"] == TOPICS)
    })
    .await
}

/// Disconnects, and waits until that is done; returns what the verb said.
async fn disconnected(world: &World, connection: &str) -> anyhow::Result<Value> {
    let verb = ["connection", "disconnect", connection];
    let said = world.cli.run(&verb).await?;
    until("the shop is disconnected", SOON, || async {
        let shown = world.cli.run(&["connection", "show", connection]).await?;
        Ok(shown["state"] == "disconnected")
    })
    .await?;
    Ok(said)
}

fn with_state(shown: &Value, state: &str) -> usize {
    let topics = shown["topics"].as_array().cloned().unwrap_or_default();
    topics
        .iter()
        .filter(|topic| topic["state"] == state)
        .count()
}

async fn at_the_shop(world: &World) -> anyhow::Result<Vec<(String, String)>> {
    let all = world.shop.get("subscriptions").await?;
    let all = all["subscriptions"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(all
        .iter()
        .map(|one| (text(&one["topic"]), text(&one["uri"])))
        .collect())
}

#[tokio::test]
async fn webhooks_are_registered_lost_found_again_and_removed() -> anyhow::Result<()> {
    let world = world(registered()).await?;
    let connection = world.connection().to_owned();
    all_registered(&world, &connection).await?;
    let address = world.webhook_url().to_owned();
    let standing = at_the_shop(&world).await?;
    assert_eq!(standing.len(), TOPICS);
    assert!(
        standing.iter().all(|(_, uri)| *uri == address),
        "{standing:?}"
    );
    assert!(!standing.iter().any(|(topic, _)| topic.contains("REDACT")));

    // What is registered is enough: a shipment reaches a ticket by it alone, long before the next poll.
    let order = open_order(&world).await?;
    let ticket = ticket_about(&world, &order, "subscriptions").await?;
    enriched(&world, ticket).await?;
    world.shop.ship(&order.id, "DHL", "JD00SUBS").await?;
    ticket_when(&world, ticket, "follows the shipment", |view| {
        view.fields
            .get("fulfilment_status")
            .is_some_and(|status| status == "fulfilled")
    })
    .await?;

    // A stranger's is never touched; ours of an older address goes.
    let stranger = "https://stranger.example/hook";
    let old = address.replace("ordercase.example", "old.example");
    let change = json!({
        "lose": ["orders/updated"],
        "add": [["orders/paid", stranger], ["orders/paid", old]],
    });
    let lost = world.shop.post("subscriptions", &change).await?;
    assert_eq!(lost["lost"], 1);
    until("what was lost stands again", SOON, || async {
        let standing = at_the_shop(&world).await?;
        let again = standing.contains(&("ORDERS_UPDATED".to_owned(), address.clone()));
        let old_is_gone = !standing.iter().any(|(_, uri)| *uri == old);
        Ok(again && old_is_gone && standing.len() == TOPICS + 1)
    })
    .await?;
    all_registered(&world, &connection).await?;
    let lines = audit_actions(&world).await?;
    for deed in ["webhooks.registered", "webhooks.lost", "webhooks.removed"] {
        assert!(
            lines.iter().any(|line| line == deed),
            "no {deed} in {lines:?}"
        );
    }

    disconnected(&world, &connection).await?;
    let shown = webhooks(&world, &connection).await?;
    assert_eq!(with_state(&shown, "removed"), TOPICS, "{shown}");
    let stranger = ("ORDERS_PAID".to_owned(), stranger.to_owned());
    assert_eq!(at_the_shop(&world).await?, [stranger]);
    let shown = world.cli.run(&["connection", "show", &connection]).await?;
    assert_eq!(shown["state"], "disconnected");
    let (resumed, _, why) = world
        .cli
        .try_run(&["connection", "resume", &connection])
        .await?;
    assert!(!resumed && why.contains("connect it anew"), "{why}");
    // The records stay, and the name is free: the same shop can be connected anew.
    let again = world.connect_shop(world.tenant(), "demo-shop").await?;
    let again = again["connection_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    all_registered(&world, &again).await?;
    world
        .backfilled_of(&again, &mut crate::support::silent)
        .await?;
    world.settled().await?;
    world.stop().await
}

#[tokio::test]
async fn a_refused_topic_and_a_failed_removal_are_told() -> anyhow::Result<()> {
    let world = world(registered()).await?;
    let connection = world.connection().to_owned();
    all_registered(&world, &connection).await?;
    let change = json!({ "refuse": ["returns/close"], "lose": ["returns/close"] });
    world.shop.post("subscriptions", &change).await?;
    until("the hole is shown with its reason", SOON, || async {
        let shown = webhooks(&world, &connection).await?;
        let topics = shown["topics"].as_array().cloned().unwrap_or_default();
        Ok(topics.iter().any(|topic| {
            topic["topic"] == "returns/close"
                && topic["state"] == "missing"
                && !topic["missing_since"].is_null()
                && topic["last_error"]
                    .as_str()
                    .is_some_and(|why| why.contains("scope"))
        }))
    })
    .await?;
    let (well, report, _) = world.cli.try_run(&["doctor"]).await?;
    assert!(!well && report.contains("connection webhooks"), "{report}");

    world.shop.fault("token_revoked", 1_000).await?;
    let gone = disconnected(&world, &connection).await?;
    // Where a look was under way, the answer comes from the table alone.
    if gone["state"] == "disconnected" {
        let left = gone["webhooks_left_behind"].as_array().map(Vec::len);
        assert_eq!(left, Some(TOPICS - 1), "{gone}");
        assert!(
            gone["says"]
                .as_str()
                .is_some_and(|says| says.contains("by hand"))
        );
    }
    let shown = webhooks(&world, &connection).await?;
    assert_eq!(with_state(&shown, "left_behind"), TOPICS - 1, "{shown}");
    world.shop.faults_end().await?;
    world.settled().await?;
    world.stop().await
}

#[tokio::test]
async fn without_a_public_address_nothing_is_registered_and_doctor_says_so() -> anyhow::Result<()> {
    let options = WorldOptions {
        public_url: false,
        ..registered()
    };
    let world = world(options).await?;
    let connection = world.connection().to_owned();
    let shown = webhooks(&world, &connection).await?;
    assert_eq!(shown["state"], "no_address", "{shown}");
    assert!(
        shown["says"]
            .as_str()
            .is_some_and(|says| says.contains("--public-url"))
    );
    assert!(at_the_shop(&world).await?.is_empty());
    let (well, report, _) = world.cli.try_run(&["doctor"]).await?;
    assert!(
        !well && report.contains("--public-url https://HOST"),
        "{report}"
    );
    let shown = world.cli.run(&["connection", "show", &connection]).await?;
    assert_eq!(shown["webhooks"]["state"], "no_address");
    world.settled().await?;
    world.stop().await
}
