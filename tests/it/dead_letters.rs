//! What died is seen, put back to work or put away; what is stored is told again, and nothing happens twice.

use ordercase_world::{World, WorldOptions, until, until_some};
use serde_json::{Value, json};

use crate::{
    support::{SOON, enriched, open_order, records, tamper, ticket_about, world},
    webhooks::deliver,
};

/// The one dead letter that there is, once there is one.
async fn dead_letter(world: &World) -> anyhow::Result<Value> {
    until_some("one dead letter", SOON, || async {
        let listed = world.cli.run(&["dead-letters", "list"]).await?;
        let all = listed["dead_letters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        Ok((all.len() == 1).then(|| all[0].clone()))
    })
    .await
}

#[tokio::test]
async fn a_malformed_webhook_is_shown_masked_and_put_away_with_a_reason() -> anyhow::Result<()> {
    let world = world(WorldOptions::default()).await?;
    let secret = world.shop.webhook_secret.clone();
    let body = br#"{"id": 17, "email": "zoe.canary@example.com", "note": "#;
    deliver(&world, body, &secret, "broken")
        .await?
        .error_for_status()?;

    let letter = dead_letter(&world).await?;
    assert_eq!(letter["class"], "malformed");
    assert_eq!(letter["stream"], "webhooks");
    assert_eq!(letter["topic"], "orders/updated");
    assert!(
        letter["plugin"]
            .as_str()
            .is_some_and(|plugin| plugin.starts_with("shopify "))
    );
    let id = letter["id"].as_str().unwrap_or_default();
    let shown = world.cli.run(&["dead-letters", "show", id]).await?;
    assert_eq!(shown["body"]["form"], "text");
    assert_eq!(shown["body"]["bytes"], body.len());
    assert!(!shown.to_string().contains("canary"), "{shown}");

    let discard = [
        "dead-letters",
        "discard",
        id,
        "--reason",
        "a test of theirs",
    ];
    world.cli.run(&discard).await?;
    let (again, _, errors) = world.cli.try_run(&discard).await?;
    assert!(!again && errors.contains("no dead letter"), "{errors}");
    let listed = world.cli.run(&["dead-letters", "list"]).await?;
    assert_eq!(listed["dead_letters"], json!([]));
    world.settled().await?;
    world.stop().await
}

#[tokio::test]
async fn a_webhook_that_the_plugin_cannot_read_is_tried_again_when_somebody_says_so()
-> anyhow::Result<()> {
    let world = world(WorldOptions::default()).await?;
    let secret = world.shop.webhook_secret.clone();
    let order = open_order(&world).await?;
    deliver(&world, br#"{"hello": "zoe.canary"}"#, &secret, "odd").await?;
    let letter = dead_letter(&world).await?;
    assert_eq!(
        (&letter["class"], &letter["attempts"]),
        (&json!("malformed"), &json!(1))
    );
    let id = letter["id"].as_str().unwrap_or_default();
    let shown = world.cli.run(&["dead-letters", "show", id]).await?;
    assert_eq!(shown["body"]["view"]["hello"], "[10 characters]");

    let retry = ["dead-letters", "retry", "--class", "malformed"];
    let done = world.cli.run(&retry).await?;
    assert_eq!(done["retried"], json!([id]));
    let again = dead_letter(&world).await?;
    assert_eq!(again["id"], id, "nothing was mended, so it dies again");

    // Stands for a plugin that was mended: now the webhook can be read.
    let body = json!({ "id": order.id.parse::<u64>()? }).to_string();
    let sql = "UPDATE receipts SET body = $1 WHERE receipt_id = $2";
    assert_eq!(tamper(&world, sql, &[&body, id]).await?, 1);
    world.cli.run(&["dead-letters", "retry", id]).await?;
    world.settled().await?;
    let listed = world.cli.run(&["dead-letters", "list"]).await?;
    assert_eq!(listed["dead_letters"], json!([]));
    let (good, output, _) = world.cli.try_run(&["dead-letters", "retry", id]).await?;
    assert!(!good && output.contains("no such dead letter"), "{output}");
    world.stop().await
}

#[tokio::test]
async fn replaying_a_finished_world_changes_nothing_and_writes_no_second_note() -> anyhow::Result<()>
{
    let world = world(WorldOptions::default()).await?;
    let order = open_order(&world).await?;
    let ticket = ticket_about(&world, &order, "replayed").await?;
    enriched(&world, ticket).await?;
    world.shop.ship(&order.id, "DHL", "JD00REPLAY").await?;
    world.shop.webhooks_delivered().await?;
    until("the ticket follows the shipment", SOON, || async {
        let view = world.zendesk.ticket(ticket).await?;
        Ok(view
            .fields
            .get("fulfilment_status")
            .is_some_and(|s| s == "fulfilled"))
    })
    .await?;
    world.settled().await?;
    let before = records(&world, world.tenant()).await?;
    let notes = world.zendesk.ticket(ticket).await?.notes;

    let (tenant, connection) = (world.tenant(), world.connection());
    let replay = ["replay", tenant, connection, "--rate", "1000"];
    let told = world.cli.run(&replay).await?;
    assert_eq!(told["counts"]["same"], before.len(), "{told}");
    assert_eq!(told["records"], json!([]));
    let worked = world
        .cli
        .run(&[&replay[..], &["--receipts"]].concat())
        .await?;
    assert!(worked["counts"]["again"].as_u64() > Some(0), "{worked}");
    world.settled().await?;

    assert_eq!(records(&world, tenant).await?, before);
    let view = world.zendesk.ticket(ticket).await?;
    assert_eq!(view.notes, notes);
    assert_eq!(view.notes.len(), 1);
    world.stop().await
}

#[tokio::test]
async fn a_dry_run_shows_what_differs_and_a_replay_mends_it() -> anyhow::Result<()> {
    let world = world(WorldOptions::default()).await?;
    world.settled().await?;
    let before = records(&world, world.tenant()).await?;
    let order = open_order(&world).await?;
    let key = ("order".to_owned(), order.id.clone());
    let mut altered: Value = serde_json::from_str(&before[&key])?;
    altered["number"] = json!("ALTERED");
    altered["buyer"]["email"]["value"] = json!("canary@example.com");
    let altered = altered.to_string();
    let sql = "UPDATE records SET body = $1 WHERE kind = 'order' AND source_id = $2";
    assert_eq!(tamper(&world, sql, &[&altered, &order.id]).await?, 1);

    let (tenant, connection) = (world.tenant(), world.connection());
    let entity = format!("order:{}", order.id);
    let one = ["replay", tenant, connection, "--entity", &entity];
    let dry = world.cli.run(&[&one[..], &["--dry-run"]].concat()).await?;
    assert_eq!(dry["counts"]["changed"], 1, "{dry}");
    let diff = &dry["records"][0]["diff"];
    let number = diff
        .as_array()
        .into_iter()
        .flatten()
        .find(|d| d["path"] == "number");
    assert_eq!(
        number,
        Some(&json!({ "path": "number", "before": "ALTERED", "after": order.name })),
        "{dry}"
    );
    assert!(!dry.to_string().contains("canary"), "{dry}");
    let (other, _, _) = world
        .cli
        .try_run(&["replay", "ten_none", connection, "--dry-run"])
        .await?;
    assert!(!other, "another tenant's connection");
    assert_eq!(
        records(&world, tenant).await?[&key],
        altered,
        "a look writes nothing"
    );

    let all = ["replay", tenant, connection, "--rate", "1000"];
    let done = world.cli.run(&all).await?;
    assert_eq!(done["counts"]["changed"], 1, "{done}");
    world.settled().await?;
    assert_eq!(records(&world, tenant).await?, before);
    world.stop().await
}
