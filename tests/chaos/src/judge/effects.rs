//! The outbox and its journal against the tickets' audits: what was intended happened once, and nothing else did.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_world::{StoreReader, World};
use serde_json::Value;

use super::{Findings, Seen, cell, json};

const OUTBOX: &str =
    "SELECT effect_id, kind, state, payload, outcome, last_error FROM outbox WHERE tenant_id = $1";
const DONE_TWICE: &str = "SELECT effect_id, CAST(COUNT(*) AS TEXT) AS n FROM journal
    WHERE tenant_id = $1 AND outcome = 'done' GROUP BY effect_id HAVING COUNT(*) > 1";

/// What an audit carries of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    ticket: u64,
    audit: u64,
    op: Option<String>,
    note: Option<String>,
}

/// Compares them.
pub(super) async fn compare(
    world: &World,
    store: &mut StoreReader,
    seen: &Seen,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let tenant = [world.tenant()];
    let marks: Vec<Mark> = seen
        .iter()
        .flat_map(|(ticket, whole)| marks(*ticket, whole))
        .collect();
    let audits: BTreeSet<u64> = marks.iter().map(|mark| mark.audit).collect();
    let mut intended = BTreeSet::new();
    for row in store.rows(OUTBOX, &tenant).await? {
        findings.effects += 1;
        let payload = json(cell(&row, 3))?;
        if let Some(op) = payload["op_id"].as_str() {
            intended.extend([op.to_owned(), format!("{op}/note")]);
        }
        let (id, kind, state) = (cell(&row, 0), cell(&row, 1), cell(&row, 2));
        if state == "pending" || state == "dead" {
            let lost = format!("effect {id} ({kind}) is {state}: {}", cell(&row, 5));
            findings.lost.push(lost);
        }
        let outcome = json(row.get(4).and_then(Option::as_deref).unwrap_or("null"))?;
        if let Some(audit) = outcome["audit_id"].as_u64()
            && kind == "ticket.update"
            && !audits.contains(&audit)
        {
            let lost = format!("effect {id} says that it made audit {audit}, which is not there");
            findings.lost.push(lost);
        }
    }
    findings.duplicated.extend(twice(&marks, &intended));
    for row in store.rows(DONE_TWICE, &tenant).await? {
        let (id, count) = (cell(&row, 0), cell(&row, 1));
        let more = format!("effect {id} was done {count} times, says the journal");
        findings.duplicated.push(more);
    }
    Ok(())
}

fn marks(ticket: u64, whole: &Value) -> Vec<Mark> {
    let audits = whole["audits"].as_array().into_iter().flatten();
    let mark = |audit: &Value| {
        let custom = &audit["metadata"]["custom"];
        let text = |key: &str| custom[key].as_str().map(str::to_owned);
        Mark {
            ticket,
            audit: audit["id"].as_u64().unwrap_or(0),
            op: text("ordercase_op"),
            note: text("ordercase_note"),
        }
    };
    audits.map(mark).collect()
}

/// Marks that stand on more than one audit, and those that nobody intended.
fn twice(marks: &[Mark], intended: &BTreeSet<String>) -> Vec<String> {
    let mut ops: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut notes: BTreeMap<(u64, &str), Vec<u64>> = BTreeMap::new();
    for mark in marks {
        if let Some(op) = &mark.op {
            ops.entry(op).or_default().push(mark.audit);
        }
        if let Some(note) = &mark.note {
            notes
                .entry((mark.ticket, note))
                .or_default()
                .push(mark.audit);
        }
    }
    let mut found = Vec::new();
    for (op, audits) in ops {
        if audits.len() > 1 {
            found.push(format!("write {op} happened in audits {audits:?}"));
        }
        if !intended.contains(op) {
            found.push(format!(
                "write {op} in audit {audits:?} was intended by nobody"
            ));
        }
    }
    for ((ticket, _), audits) in notes {
        if audits.len() > 1 {
            found.push(format!(
                "a note of ticket {ticket} was written in audits {audits:?}"
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_happened_twice_and_what_nobody_intended_is_found() {
        let audit = |id: u64, op: &str| json!({ "id": id, "metadata": { "custom": { "ordercase_op": op } } });
        let note =
            |id: u64| json!({ "id": id, "metadata": { "custom": { "ordercase_note": "k" } } });
        let intended = ["a".to_owned(), "b".to_owned()].into();
        let found = |audits: Value| twice(&marks(1, &json!({ "audits": audits })), &intended).len();
        assert_eq!(found(json!([audit(1, "a"), audit(2, "b"), { "id": 3 }])), 0);
        assert_eq!(found(json!([audit(1, "a"), audit(2, "a")])), 1);
        assert_eq!(found(json!([audit(1, "c")])), 1);
        assert_eq!(found(json!([note(1), note(2)])), 1);
    }
}
