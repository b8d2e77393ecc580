//! Orders that are legal and rare, or wrong: stored, shown, warned; never dropped.

use anyhow::Context as _;
use ordercase_world::{World, WorldOptions, until_some};
use serde_json::{Value, json};

use crate::support::{SOON, enriched, records, world};

/// Places an order and gives its id and name.
async fn placed(world: &World, wish: &Value) -> anyhow::Result<(String, String)> {
    let row = world.shop.post("orders", wish).await?;
    let text = |key: &str| row[key].as_str().map(str::to_owned).context("not placed");
    Ok((text("id")?, text("name")?))
}

/// The stored record of an order, once `holds` does.
async fn stored(world: &World, id: &str, holds: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
    until_some(&format!("order {id} is stored"), SOON, || async {
        let all = records(world, world.tenant()).await?;
        let body = all.get(&("order".to_owned(), id.to_owned()));
        let body: Option<Value> = body.map(|text| serde_json::from_str(text)).transpose()?;
        Ok(body.filter(&holds))
    })
    .await
}

/// A ticket that its buyer files about it, and its context.
async fn context(world: &World, email: &str, name: &str) -> anyhow::Result<(u64, Value)> {
    let subject = format!("Where is {name}?");
    let ticket = world
        .zendesk
        .file_ticket(("A buyer", email), &subject, "Thanks!", name)
        .await?;
    enriched(world, ticket).await?;
    let context = world.context(ticket).await?;
    assert_eq!(context["order_in_question"]["number"]["value"], name);
    Ok((ticket, context))
}

#[tokio::test]
async fn strange_orders_are_stored_and_shown_with_what_is_doubtful() -> anyhow::Result<()> {
    let world = world(WorldOptions::default()).await?;

    let (id, _) = placed(&world, &json!({ "email": "" })).await?;
    let anonymous = stored(&world, &id, |_| true).await?;
    assert_eq!(anonymous["buyer"]["email"], Value::Null);

    let yen = "yuki@example.com";
    let (_, name) = placed(&world, &json!({ "email": yen, "currency": "JPY" })).await?;
    let (ticket, shown) = context(&world, yen, &name).await?;
    let total = &shown["order_in_question"]["total_current"]["value"];
    assert_eq!(total["currency"], "JPY", "{total}");
    let amount = total["amount"].as_str().unwrap_or_default();
    let whole = format!("Total: {} JPY", amount.trim_end_matches(".0"));
    let notes = world.zendesk.ticket(ticket).await?.notes;
    assert!(
        notes.iter().any(|note| note.contains(&whole)),
        "{whole} in {notes:?}"
    );

    let long = "long@example.com";
    let (id, name) = placed(&world, &json!({ "email": long, "lines": 500 })).await?;
    let record = stored(&world, &id, |_| true).await?;
    assert_eq!(record["lines"].as_array().map(Vec::len), Some(500));
    context(&world, long, &name).await?;

    let (emoji, first) = ("smile@example.com", "Zo\u{eb} \u{1f469}\u{200d}\u{1f680}");
    let wish = json!({ "email": emoji, "first_name": first, "note": "\u{1f381} gift" });
    let (_, name) = placed(&world, &wish).await?;
    let (_, shown) = context(&world, emoji, &name).await?;
    assert!(shown.to_string().contains(first), "{shown}");

    let odd = "odd@example.com";
    let (id, name) = placed(&world, &json!({ "email": odd })).await?;
    let patch = json!({ "displayFulfillmentStatus": "TELEPORTED" });
    world
        .shop
        .post(&format!("orders/{id}/patch"), &patch)
        .await?;
    stored(&world, &id, |body| body.to_string().contains("TELEPORTED")).await?;
    let (_, shown) = context(&world, odd, &name).await?;
    let order = &shown["order_in_question"];
    assert_eq!(order["fulfilment_status"]["value"]["status"], "unknown");
    assert!(
        order["warnings"].to_string().contains("unknown_status"),
        "{order}"
    );

    let minus = "minus@example.com";
    let (id, name) = placed(&world, &json!({ "email": minus })).await?;
    world
        .shop
        .post(&format!("orders/{id}/refund"), &json!({ "amount": "5.00" }))
        .await?;
    let whole = world.shop.get(&format!("orders/{id}")).await?;
    let text = whole["refunds"]
        .to_string()
        .replace("\"5.00\"", "\"-5.00\"")
        .replace("\"5.0\"", "\"-5.0\"");
    let refunds: Value = serde_json::from_str(&text)?;
    assert_ne!(refunds, whole["refunds"], "no amount to turn around");
    world
        .shop
        .post(
            &format!("orders/{id}/patch"),
            &json!({ "refunds": refunds }),
        )
        .await?;
    world.shop.webhooks_delivered().await?;
    world.settled().await?;
    let record = stored(&world, &id, |_| true).await?;
    let amount = record["refunds"][0]["amount"]["shop"]["amount"].as_str();
    assert!(
        amount.is_some_and(|amount| amount.starts_with("5.0")),
        "{amount:?}"
    );
    let (_, shown) = context(&world, minus, &name).await?;
    let warnings = shown["order_in_question"]["warnings"].to_string();
    assert!(warnings.contains("negative_refund"), "{warnings}");
    world.stop().await
}
