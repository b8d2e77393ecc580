//! Whatever was answered with a good status must be kept, and nothing may have died.

use std::collections::BTreeSet;

use ordercase_world::{StoreReader, World};

use super::{Findings, cell};

const KEPT: &str = "SELECT dedupe_key FROM receipts WHERE tenant_id = $1 AND kind = 'webhook'";
const PENDING: &str =
    "SELECT receipt_id, stream, topic, CAST(attempts AS TEXT) AS attempts, last_error FROM receipts
    WHERE tenant_id = $1 AND state = 'pending'";
const DEAD: &str =
    "SELECT receipt_id, stream, topic, error_class, COALESCE(last_error, reason) AS error
    FROM receipts WHERE tenant_id = $1 AND state = 'dead'";
const PARKED: &str = "SELECT stream, track, state, last_error FROM streams
    WHERE tenant_id = $1 AND (state = 'parked' OR (track = 'backfill' AND state <> 'done'))";

/// Compares the shop's own log of deliveries with the inbox.
pub(super) async fn compare(
    world: &World,
    store: &mut StoreReader,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let tenant = [world.tenant()];
    let kept = store.rows(KEPT, &tenant).await?;
    let kept: BTreeSet<&str> = kept.iter().map(|row| cell(row, 0)).collect();
    let log = world.shop.get("webhooks?limit=100000").await?;
    for delivery in log["deliveries"].as_array().into_iter().flatten() {
        if delivery["state"] != "delivered" {
            continue;
        }
        findings.webhooks += 1;
        let part = |key: &str| delivery[key].as_str().unwrap_or_default();
        let key = format!("{}/{}", part("topic"), part("event_id"));
        if !kept.contains(key.as_str()) {
            let lost = format!("webhook {key} was taken with a good answer and is not kept");
            findings.lost.push(lost);
        }
    }
    for row in store.rows(DEAD, &tenant).await? {
        findings.lost.push(format!(
            "receipt {} ({}, {}) died: {}: {}",
            cell(&row, 0),
            cell(&row, 1),
            cell(&row, 2),
            cell(&row, 3),
            cell(&row, 4)
        ));
    }
    for row in store.rows(PENDING, &tenant).await? {
        findings.lost.push(format!(
            "receipt {} ({}, {}) still waits after {} attempts: {}",
            cell(&row, 0),
            cell(&row, 1),
            cell(&row, 2),
            cell(&row, 3),
            cell(&row, 4)
        ));
    }
    for row in store.rows(PARKED, &tenant).await? {
        findings.unrepaired.push(format!(
            "{} of {} is {}: {}",
            cell(&row, 1),
            cell(&row, 0),
            cell(&row, 2),
            cell(&row, 3)
        ));
    }
    Ok(())
}
