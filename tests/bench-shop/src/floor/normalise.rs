//! Mapping alone: a page in, what is kept of each order out as JSON.

use serde_json::json;

use super::{computed, model::Answer, per_order};
use crate::order::{Order, graphql};

/// Orders of the pages that are mapped.
pub(super) const PAGE: u64 = 100;

/// Maps pages natively, typed and borrowed, and nothing else.
#[derive(Debug, clap::Args)]
pub(crate) struct Normalise {
    /// Orders that are mapped
    #[arg(long, default_value_t = 20_000)]
    orders: u64,
    /// Varies people, goods and amounts
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The pages of a small shop, as the shop answers them.
pub(super) fn pages(seed: u64, orders: u64) -> Vec<String> {
    let page = |page: u64| {
        let nodes = (page * PAGE..(page + 1) * PAGE)
            .map(|at| graphql::node(&Order::draw(seed, at, orders)));
        json!({"data": {"orders": {"nodes": nodes.collect::<Vec<_>>()}}}).to_string()
    };
    (0..orders.div_ceil(PAGE)).map(page).collect()
}

/// Measures it.
///
/// # Errors
/// When a page does not have the expected shape.
pub(crate) fn run(normalise: &Normalise) -> anyhow::Result<()> {
    // Few enough to render at once; they are mapped again and again.
    let pages = pages(normalise.seed, 2_000);
    let rounds = normalise.orders.div_ceil(2_000).max(1);
    let (mut orders, mut bytes) = (0_u64, 0);
    let before = computed();
    for _ in 0..rounds {
        for page in &pages {
            let answer: Answer<'_> = serde_json::from_str(page)?;
            for order in &answer.data.orders.nodes {
                bytes += serde_json::to_vec(&order.kept())?.len() as u64;
                orders += 1;
            }
        }
    }
    let spent = computed() - before;
    println!(
        "{}",
        json!({"cpu_us_per_order": per_order(spent, orders), "kept_bytes": bytes / orders.max(1)})
    );
    Ok(())
}
