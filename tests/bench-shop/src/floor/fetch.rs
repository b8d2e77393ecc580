//! Reading every page over one connection: the floor of fetching, and the proof that the shop is not the limit.

use std::time::Instant;

use serde_json::{Value, json};

use super::{computed, per_order};

/// Reads every page over one connection and throws it away.
#[derive(Debug, clap::Args)]
pub(crate) struct Fetch {
    /// The shop's address
    #[arg(long)]
    address: String,
    /// Orders of a page
    #[arg(long, default_value_t = 100)]
    first: u32,
}

/// Reads them.
///
/// # Errors
/// When the shop does not answer.
pub(crate) async fn run(fetch: &Fetch) -> anyhow::Result<()> {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    #[expect(clippy::disallowed_methods, reason = "a tool on loopback")]
    let client = reqwest::Client::new();
    let (from, before) = (Instant::now(), computed());
    let url = format!("{}/admin/api/2026-10/graphql.json", fetch.address);
    let (mut bytes, mut pages, mut after) = (0_usize, 0_u64, Value::Null);
    loop {
        let ask = json!({
            "query": "query Orders($first: Int!) { orders }",
            "variables": {"first": fetch.first, "after": after, "reverse": true}
        });
        let request = client.post(&url).header("content-type", "application/json");
        let answer = request
            .body(ask.to_string())
            .send()
            .await?
            .error_for_status()?;
        let body = answer.bytes().await?;
        bytes += body.len();
        pages += 1;
        match end_cursor(&body) {
            Some(cursor) => after = cursor,
            None => break,
        }
    }
    let spent = computed() - before;
    let orders = pages * u64::from(fetch.first);
    println!(
        "{}",
        json!({
            "bytes": bytes, "pages": pages, "cpu_us_per_order": per_order(spent, orders),
            "wall_s": from.elapsed().as_secs_f64()
        })
    );
    Ok(())
}

/// The cursor stands before the orders, so nothing else has to be parsed.
fn end_cursor(body: &[u8]) -> Option<Value> {
    let head = body.get(..body.len().min(200))?;
    let head = std::str::from_utf8(head).ok()?;
    let info = head.split("\"pageInfo\":").nth(1)?;
    let info: Value = serde_json::Deserializer::from_str(info)
        .into_iter()
        .next()?
        .ok()?;
    (info["hasNextPage"] == true).then(|| info["endCursor"].clone())
}
