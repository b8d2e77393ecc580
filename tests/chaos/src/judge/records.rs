//! The store against the shop, record by record.

use ordercase_world::{Step, StoreReader, World};

use super::{Findings, Records};

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
    findings.deleted = survived.values().filter(|body| body.is_none()).count();
    for (key, body) in &calm {
        let (kind, id) = key;
        match survived.get(key) {
            None => findings.lost.push(format!("{kind} {id} is not stored")),
            Some(stored) if stored != body => findings.unrepaired.push(format!(
                "{kind} {id}: {}",
                difference(stored.as_deref(), body.as_deref())
            )),
            Some(_) => {}
        }
    }
    // What was deleted stays as a tombstone, without a body; the other merchant came too late to know of it.
    let more = survived.iter().filter(|(_, body)| body.is_some());
    for ((kind, id), _) in more.filter(|(key, _)| !calm.contains_key(*key)) {
        let more = format!("{kind} {id} is stored, but the shop does not have it");
        findings.unrepaired.push(more);
    }
    Ok(survived)
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
    fn a_difference_is_shown_where_it_begins() {
        let told = difference(Some(r#"{"a":1,"b":"old"}"#), Some(r#"{"a":1,"b":"new"}"#));
        assert!(told.contains("old") && told.contains("new"), "{told}");
        assert_eq!(difference(None, Some("{}")), "one of them is gone");
    }
}
