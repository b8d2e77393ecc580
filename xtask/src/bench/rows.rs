//! Whether both sides hold the same orders: asked before a time is printed.

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::peers::node::Node;

/// What a comparison found.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Same {
    /// Orders of the loop.
    pub(super) orders: u64,
    /// Orders of ours.
    pub(super) ours: u64,
    /// How many are not the same on both sides.
    pub(super) differ: u64,
    /// The first that differs, both ways.
    pub(super) first: Option<Value>,
}

/// Compares our store with the loop's.
///
/// # Errors
/// When a row differs, or there are not as many as the shop has.
pub(super) fn same(node: &Node, ours: &Path, theirs: &Path, orders: u64) -> anyhow::Result<Same> {
    let output = node.command("same.mjs").arg(ours).arg(theirs).output()?;
    anyhow::ensure!(
        output.status.success(),
        "the rows could not be compared: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let same: Same = serde_json::from_slice(&output.stdout).context("no answer of same.mjs")?;
    anyhow::ensure!(
        same.differ == 0 && same.orders == orders,
        "the two sides did not do the same work: of {orders} orders the loop has {}, ours {}, {} differ; the first: {}",
        same.orders,
        same.ours,
        same.differ,
        same.first.clone().unwrap_or_default()
    );
    Ok(same)
}
