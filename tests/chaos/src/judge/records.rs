//! The store against the shop, record by record.

use ordercase_world::{Step, StoreReader, World};
use serde_json::{Map, Value};

use super::{Findings, Records};

/// Sums that the shop derives from a customer's orders without touching the customer's own change time: polls cannot
/// see them change, only a reading of all customers can, and the storm is shorter than its pace.
const DERIVED_OF_CUSTOMERS: [&str; 2] = ["order_count", "total_spent"];

/// Reads the shop again as another merchant, and compares every record.
pub(super) async fn compare(
    world: &World,
    store: &mut StoreReader,
    findings: &mut Findings,
) -> anyhow::Result<Records> {
    println!("Reading the shop a second time, without an interruption.");
    let tenant = world.cli.run(&["tenant", "add", "Calm"]).await?;
    let tenant = tenant["tenant_id"].as_str().unwrap_or_default();
    let connection = world.connect_shop(tenant, "calm").await?;
    let connection = connection["connection_id"].as_str().unwrap_or_default();
    world
        .backfilled_of(connection, &mut |_: Step<'_>| {})
        .await?;
    world.settled().await?;
    let calm = store.records(tenant).await?;
    let survived = store.records(world.tenant()).await?;
    findings.records = calm.len();
    for (key, body) in &calm {
        let (kind, id) = key;
        match survived.get(key) {
            None => findings.lost.push(format!("{kind} {id} is not stored")),
            Some(stored) if !same(kind, stored.as_deref(), body.as_deref()) => {
                findings.unrepaired.push(format!(
                    "{kind} {id}: {}",
                    difference(stored.as_deref(), body.as_deref())
                ))
            }
            Some(_) => {}
        }
    }
    for (kind, id) in survived.keys().filter(|key| !calm.contains_key(*key)) {
        let more = format!("{kind} {id} is stored, but the shop does not have it");
        findings.unrepaired.push(more);
    }
    Ok(survived)
}

/// Whether two bodies say the same, byte by byte but for what only a customer's orders tell.
fn same(kind: &str, stored: Option<&str>, fresh: Option<&str>) -> bool {
    if stored == fresh || kind != "customer" {
        return stored == fresh;
    }
    let own = |body: Option<&str>| {
        let body: Option<Map<String, Value>> = serde_json::from_str(body?).ok();
        body.map(|mut body| {
            body.retain(|key, _| !DERIVED_OF_CUSTOMERS.contains(&key.as_str()));
            body
        })
    };
    matches!((own(stored), own(fresh)), (Some(stored), Some(fresh)) if stored == fresh)
}

/// Where two bodies begin to differ.
fn difference(stored: Option<&str>, fresh: Option<&str>) -> String {
    let (Some(stored), Some(fresh)) = (stored, fresh) else {
        return "one of them is gone".to_owned();
    };
    let at = stored
        .bytes()
        .zip(fresh.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let part = |text: &str| {
        let bytes = text.as_bytes();
        let from = at.saturating_sub(40);
        let part = bytes
            .get(from..bytes.len().min(at + 60))
            .unwrap_or_default();
        String::from_utf8_lossy(part).into_owned()
    };
    format!("stored `{}`, the shop has `{}`", part(stored), part(fresh))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sums_of_a_customers_orders_may_differ() {
        let old = Some(r#"{"name":"A","order_count":1,"total_spent":[1]}"#);
        let new = Some(r#"{"name":"A","order_count":2,"total_spent":[2]}"#);
        let other = Some(r#"{"name":"B","order_count":1,"total_spent":[1]}"#);
        assert!(same("customer", old, new));
        assert!(!same("customer", old, other));
        assert!(!same("customer", old, None));
        assert!(!same("order", old, new));
    }

    #[test]
    fn a_difference_is_shown_where_it_begins() {
        let told = difference(Some(r#"{"a":1,"b":"old"}"#), Some(r#"{"a":1,"b":"new"}"#));
        assert!(told.contains("old") && told.contains("new"), "{told}");
        assert_eq!(difference(None, Some("{}")), "one of them is gone");
    }
}
