//! What several tests need: a world, a ticket, the stored records.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use ordercase_world::{
    Database, ShopOrder, Step, StoreReader, TicketView, World, WorldOptions, until_some,
};
use postgres_box::Cluster;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

/// Generous: timing never decides a test.
pub(crate) const SOON: Duration = Duration::from_secs(90);

/// Steps are of no interest to a test.
pub(crate) fn silent(_: Step<'_>) {}

/// A connected world with its orders stored.
pub(crate) async fn world(options: WorldOptions) -> anyhow::Result<World> {
    World::start(options, &mut silent).await
}

/// The newest unshipped order of a buyer with an e-mail.
pub(crate) async fn open_order(world: &World) -> anyhow::Result<ShopOrder> {
    let orders = world.shop.orders(250).await?;
    let found = orders.into_iter().find(ShopOrder::is_open);
    found.context("the shop has no open order")
}

/// Files a ticket about an order, from its buyer.
pub(crate) async fn ticket_about(
    world: &World,
    order: &ShopOrder,
    external_id: &str,
) -> anyhow::Result<u64> {
    let name = order.customer_name.as_deref().unwrap_or("A buyer");
    let email = order.email.as_deref().unwrap_or_default();
    let subject = format!("Where is {}?", order.name);
    world
        .zendesk
        .file_ticket((name, email), &subject, "Thanks!", external_id)
        .await
}

/// Waits until a ticket satisfies a condition, and gives it.
pub(crate) async fn ticket_when(
    world: &World,
    ticket: u64,
    what: &str,
    holds: impl Fn(&TicketView) -> bool,
) -> anyhow::Result<TicketView> {
    until_some(&format!("ticket {ticket}: {what}"), SOON, || async {
        let view = world.zendesk.ticket(ticket).await?;
        Ok(holds(&view).then_some(view))
    })
    .await
}

/// Waits until a ticket is enriched.
pub(crate) async fn enriched(world: &World, ticket: u64) -> anyhow::Result<TicketView> {
    let note = world.notes();
    ticket_when(world, ticket, "enriched", |view| {
        view.class() == Some("confirmed")
            && view.fields.contains_key("order_number")
            && (!note || !view.notes.is_empty())
    })
    .await
}

/// Kind and source id of every record of a tenant, with its body.
pub(crate) async fn records(
    world: &World,
    tenant: &str,
) -> anyhow::Result<BTreeMap<(String, String), String>> {
    let all = StoreReader::open(world).await?.records(tenant).await?;
    Ok(all
        .into_iter()
        .map(|(key, body)| (key, body.unwrap_or_default()))
        .collect())
}

/// The usual world, but with that many hosts on an own database of the cluster.
pub(crate) fn on_postgres(cluster: &Cluster, replicas: usize) -> WorldOptions {
    let url = cluster.empty();
    WorldOptions {
        database: Database::Postgres { url, replicas },
        ..WorldOptions::default()
    }
}

/// What was done, oldest first, by name.
pub(crate) async fn audit_actions(world: &World) -> anyhow::Result<Vec<String>> {
    let sql = "SELECT action FROM audit WHERE tenant_id = $1 ORDER BY at";
    let mut reader = StoreReader::open(world).await?;
    let rows = reader.rows(sql, &[world.tenant()]).await?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

/// Changes the host's database behind its back.
pub(crate) async fn tamper(
    world: &World,
    sql: &'static str,
    values: &[&str],
) -> anyhow::Result<u64> {
    let file = world.data().join("host").join("ordercase.db");
    let options = SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(SOON);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let mut query = sqlx::query(sql);
    for value in values {
        query = query.bind((*value).to_owned());
    }
    Ok(query.execute(&mut connection).await?.rows_affected())
}
