//! What neither a webhook nor a poll told of is found by reading again, and the certificate says so.

use anyhow::Context as _;
use ordercase_world::{World, WorldOptions, until, until_some};
use serde_json::{Value, json};

use crate::support::{SOON, open_order, records, tamper, world};

/// A shop whose webhooks go nowhere.
fn unheard() -> WorldOptions {
    WorldOptions {
        aim_webhooks: false,
        public_url: false,
        ..WorldOptions::default()
    }
}

/// The certificate, and whether the verb exits with 0.
async fn certificate(world: &World) -> anyhow::Result<(bool, Value)> {
    let verb = ["certificate", world.connection()];
    let (good, output, _) = world.cli.try_run(&verb).await?;
    let document: Value = serde_json::from_str(&output)?;
    assert_eq!(document["complete"], good, "{document}");
    Ok((good, document))
}

fn of_orders(document: &Value) -> Value {
    let streams = document["streams"].as_array().cloned().unwrap_or_default();
    let orders = streams.into_iter().find(|one| one["stream"] == "orders");
    orders.unwrap_or_default()
}

#[tokio::test]
async fn what_nothing_told_of_is_found_repaired_and_certified() -> anyhow::Result<()> {
    let world = world(unheard()).await?;
    world.pace("poll", &["--off"]).await?;
    let order = open_order(&world).await?;
    let id = ("order".to_owned(), order.id.clone());
    let stored = async || anyhow::Ok(records(&world, world.tenant()).await?.get(&id).cloned());
    let before = stored().await?;

    // What changes at the shop reaches the store by reconciliation alone.
    world
        .shop
        .ship(&order.id, "UPS", "1Z999AA10123456784")
        .await?;
    world.pace("reconcile", &["--every", "1"]).await?;
    until("the shipment is stored", SOON, || async {
        Ok(stored().await? != before)
    })
    .await?;

    // A change that is a moment old may be on its way; what is missing for longer is a hole.
    let mut others = world.shop.orders(250).await?.into_iter();
    let old = others.find(|other| other.id != order.id);
    let old = old.context("the shop has one order only")?.id;
    for sql in [
        "DELETE FROM record_keys WHERE kind = 'order' AND source_id = ?",
        "DELETE FROM records WHERE kind = 'order' AND source_id = ?",
    ] {
        assert!(tamper(&world, sql, &[&old]).await? > 0, "{sql}");
    }
    world.pace("sweep", &["--every", "1"]).await?;
    let document = until_some("the hole is told and all is complete", SOON, || async {
        let (good, document) = certificate(&world).await?;
        let told = of_orders(&document)["holes"] != json!([]);
        Ok((good && told).then_some(document))
    })
    .await?;
    let orders = of_orders(&document);
    let hole = json!({ "what": "absent", "cause": "not_told", "count": 1 });
    assert_eq!(orders["holes"], json!([hole]), "{orders}");
    let kept = records(&world, world.tenant()).await?;
    assert!(kept.contains_key(&("order".to_owned(), old)), "repaired");
    assert_eq!(orders["reasons"], json!([]));

    // Nobody verifies any more: that is said at once, with exit 1.
    world.pace("reconcile", &["--off"]).await?;
    let (good, document) = certificate(&world).await?;
    let reasons = of_orders(&document)["reasons"].to_string();
    assert!(!good && reasons.contains("switched off"), "{reasons}");
    world.settled().await?;
    world.stop().await
}

#[tokio::test]
async fn runs_are_listed_and_followed_to_their_end() -> anyhow::Result<()> {
    let world = world(unheard()).await?;
    let connection = world.connection().to_owned();
    let listed = world.cli.run(&["run", "list", &connection]).await?;
    let runs = listed["runs"].as_array().cloned().unwrap_or_default();
    let history = runs
        .iter()
        .find(|run| run["stream"] == "orders" && run["track"] == "backfill");
    let history = history.cloned().unwrap_or_default();
    assert_eq!(history["phase"], "done", "{listed}");
    assert_eq!(
        (&history["records"], &history["total"]),
        (&json!(60), &json!(60))
    );
    assert!(history["rate"].as_f64().is_some_and(|rate| rate > 0.0));

    // Over server-sent events, until nothing is under way.
    world.pace("sweep", &["--every", "1"]).await?;
    until("a sweep is followed", SOON, || async {
        let followed = world.cli.run(&["run", "follow", &connection]).await?;
        let runs = followed["runs"].as_array().cloned().unwrap_or_default();
        Ok(runs
            .iter()
            .any(|run| run["track"] == "sweep" && run["phase"] == "done"))
    })
    .await?;
    world.settled().await?;
    world.stop().await
}

#[tokio::test]
async fn a_world_with_accounts_that_do_not_add_up_fails_its_test() -> anyhow::Result<()> {
    let world = world(unheard()).await?;
    world.settled().await?;
    let more = "UPDATE accounts SET applied = applied + 1 WHERE via = 'page'";
    assert!(tamper(&world, more, &[]).await? > 0);
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(world)));
    let told = ended.expect_err("the accounts do not add up");
    let told = told.downcast_ref::<String>().map(String::as_str);
    assert!(
        told.is_some_and(|told| told.contains("do not add up")),
        "{told:?}"
    );
    Ok(())
}

#[tokio::test]
async fn how_long_things_are_kept_is_set_on_the_command_line() -> anyhow::Result<()> {
    let world = world(unheard()).await?;
    let verb = ["tenant", "retention", world.tenant()];
    let usual = world.cli.run(&verb).await?;
    assert_eq!(
        (&usual["raw_days"], &usual["audit_days"]),
        (&json!(90), &json!(400))
    );
    let set = [&verb[..], &["--raw-days", "14"]].concat();
    let shorter = world.cli.run(&set).await?;
    assert_eq!(
        (&shorter["raw_days"], &shorter["audit_days"]),
        (&json!(14), &json!(400))
    );
    assert_eq!(
        world.cli.run(&verb).await?,
        shorter,
        "the rest is as it was"
    );
    let (good, _, errors) = world
        .cli
        .try_run(&[&verb[..], &["--receipts-days", "6"]].concat())
        .await?;
    assert!(!good && errors.contains("7 to 3660"), "{errors}");
    let back = world.cli.run(&[&verb[..], &["--default"]].concat()).await?;
    assert_eq!(back, usual);
    world.stop().await
}
