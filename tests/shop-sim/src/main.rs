//! The `shop-sim` binary: one shop until it is stopped.

#![expect(
    clippy::print_stdout,
    reason = "the ready line is the binary's interface"
)]

use std::path::PathBuf;

use clap::Parser;
use shop_sim::{DevConnect, Options, Plan, SchemaSource, start};

/// A strict shop in a box: Shopify's Admin API 2026-10 on loopback.
#[derive(Parser)]
#[command(name = "shop-sim", version)]
struct Arguments {
    /// Loopback port; 0 picks a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// People, orders and secrets follow from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder that keeps what was changed.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Orders of a fresh shop.
    #[arg(long, default_value_t = Options::default().orders)]
    orders: u32,
    /// basic, advanced, plus or enterprise: how fast the API may be read.
    #[arg(long, default_value = "basic")]
    plan: Plan,
    /// First label of the shop's host name.
    #[arg(long, default_value = "lamplight")]
    shop: String,
    /// Where signed webhooks go.
    #[arg(long)]
    webhook_address: Option<String>,
    /// HOST=127.0.0.1:PORT, the only targets that are ever dialled.
    #[arg(long)]
    dev_connect: Vec<DevConnect>,
    /// The Admin API's SDL; looked for beside the checkout when absent.
    #[arg(long)]
    schema: Option<PathBuf>,
    /// The moment the population is told from, such as 2026-11-25T06:00:00Z.
    #[arg(long)]
    now: Option<jiff::Timestamp>,
    /// First wait of a failed webhook delivery; it doubles from there.
    #[arg(long, default_value_t = Options::default().webhook_retry_ms)]
    webhook_retry_ms: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    for known in &arguments.dev_connect {
        tracing::warn!(host = %known.host, target = %known.target, "development switch: this host is dialled on loopback in plain HTTP");
    }
    let defaults = Options::default();
    let handle = start(Options {
        port: arguments.port,
        seed: arguments.seed,
        data: arguments.data,
        orders: arguments.orders,
        plan: arguments.plan,
        shop: arguments.shop,
        webhook_address: arguments.webhook_address,
        dev_connect: arguments.dev_connect,
        schema: arguments
            .schema
            .map_or(SchemaSource::Detect, SchemaSource::File),
        now: arguments
            .now
            .map_or(defaults.now, jiff::Timestamp::as_second),
        webhook_retry_ms: arguments.webhook_retry_ms,
    })
    .await?;
    let facts = handle.facts();
    if facts.schema != "validated" {
        tracing::warn!(schema = %facts.schema, "queries are not checked against the Admin API's schema");
    }
    println!("{}", serde_json::to_string(facts)?);
    stop_asked().await?;
    handle.stop().await;
    Ok(())
}

/// Returns on the first signal to stop.
async fn stop_asked() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        asked = tokio::signal::ctrl_c() => asked?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
