//! Every filed ticket has its class, its facts, its one note and its case; every comment is on both sides once.

use std::collections::BTreeSet;

use ordercase_world::TicketView;
use serde_json::Value;

use super::{Findings, Records, Seen, json};
use crate::{
    ledger::{Filed, Ledger, Said, Story, Way},
    setting::Setting,
};

/// Looks at every ticket; gives each as the simulated Zendesk has it.
pub(super) async fn compare(
    setting: &Setting<'_>,
    ledger: &Ledger,
    stored: &Records,
    findings: &mut Findings,
) -> anyhow::Result<Seen> {
    let world = setting.world;
    let mut seen = Seen::new();
    for filed in &ledger.tickets {
        let whole = world.zendesk.sim(&format!("tickets/{}", filed.id)).await?;
        let view = world.zendesk.ticket(filed.id).await?;
        let path = format!("desks/{}/tickets/{}", world.desk(), filed.id);
        let Some(shown) = setting.admin.get(&path).await else {
            let lost = format!("ticket {} is not known to the host", filed.id);
            findings.lost.push(lost);
            continue;
        };
        story(filed, &view, &whole, stored, findings)?;
        case(&view, &shown["case"], findings);
        for said in ledger.said.iter().filter(|said| said.ticket == filed.id) {
            comment(said, &view, &shown["case"], findings);
        }
        seen.insert(filed.id, whole);
    }
    Ok(seen)
}

/// Distinct note keys among the audits.
fn notes(whole: &Value) -> BTreeSet<String> {
    let audits = whole["audits"].as_array().into_iter().flatten();
    let keys = audits.filter_map(|audit| {
        let key = audit.pointer("/metadata/custom/ordercase_note")?;
        Some(key.as_str()?.to_owned())
    });
    keys.collect()
}

fn story(
    filed: &Filed,
    view: &TicketView,
    whole: &Value,
    stored: &Records,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let id = filed.id;
    let notes = notes(whole).len();
    let wanted = match &filed.story {
        Story::Clear { .. } => "confirmed",
        Story::Stranger => "owner_differs",
        Story::Unknown => "unknown",
    };
    if view.class() != Some(wanted) {
        let class = view.class().unwrap_or("none");
        let lost = format!("ticket {id} has the class {class}, not {wanted}");
        findings.lost.push(lost);
    }
    let Story::Clear { order, name } = &filed.story else {
        if notes > 0 || view.fields.contains_key("order_number") {
            let more = format!("ticket {id} shows facts that it must not show");
            findings.unrepaired.push(more);
        }
        return Ok(());
    };
    match notes {
        0 => findings.lost.push(format!("ticket {id} has no note")),
        1 => {}
        more => findings
            .duplicated
            .push(format!("ticket {id} has {more} notes")),
    }
    let body = stored.get(&("order".to_owned(), order.clone()));
    let body = json(body.and_then(Option::as_deref).unwrap_or("null"))?;
    let facts = [
        ("order_number", Some(name.as_str())),
        ("order_status", body["order_state"]["canonical"].as_str()),
        (
            "payment_status",
            body["payment_state"]["canonical"].as_str(),
        ),
        (
            "fulfilment_status",
            body["fulfilment_state"]["canonical"].as_str(),
        ),
    ];
    for (key, value) in facts {
        let shown = view.fields.get(key).map(String::as_str);
        if shown != value {
            findings.unrepaired.push(format!(
                "ticket {id} shows {key} {}, the order has {}",
                shown.unwrap_or("none"),
                value.unwrap_or("none")
            ));
        }
    }
    Ok(())
}

/// The case exists and says what the ticket says (profile `lossless`).
fn case(view: &TicketView, case: &Value, findings: &mut Findings) {
    let id = view.id;
    let Some(status) = case["status"].as_str() else {
        findings.lost.push(format!("ticket {id} has no case"));
        return;
    };
    let wanted = match view.status.as_str() {
        "pending" => "in_progress",
        "solved" => "resolved",
        "closed" => "closed",
        _ => "open",
    };
    if status != wanted {
        findings.unrepaired.push(format!(
            "ticket {id} is {}, its case is {status}, not {wanted}",
            view.status
        ));
    }
}

fn comment(said: &Said, view: &TicketView, case: &Value, findings: &mut Findings) {
    let on_ticket = view.notes.iter().chain(&view.replies);
    let on_ticket = on_ticket.filter(|body| body.contains(&said.text)).count();
    let on_case = case["comments"].as_array().into_iter().flatten();
    let on_case = on_case
        .filter_map(|comment| comment["body"].as_str())
        .filter(|body| body.contains(&said.text))
        .count();
    let what = format!("`{}` of ticket {}", said.text, said.ticket);
    if on_ticket > 1 || on_case > 1 {
        findings.duplicated.push(format!(
            "{what} is there {on_ticket} times, on its case {on_case} times"
        ));
    }
    let certain = said.way != Way::CaseUnknown;
    if on_ticket.min(1) != on_case.min(1) || (certain && on_ticket == 0) {
        findings.lost.push(format!(
            "{what} is {} on the ticket and {} on its case",
            there(on_ticket),
            there(on_case)
        ));
    }
}

fn there(count: usize) -> &'static str {
    if count == 0 { "missing" } else { "there" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn view(notes: &[&str], replies: &[&str]) -> TicketView {
        let texts = |of: &[&str]| of.iter().map(|text| (*text).to_owned()).collect();
        TicketView {
            id: 5,
            status: "pending".to_owned(),
            tags: vec!["ordercase_match_confirmed".to_owned()],
            fields: [("order_number".to_owned(), "#1".to_owned())].into(),
            notes: texts(notes),
            replies: texts(replies),
            audits: 0,
        }
    }

    fn said(way: Way) -> Said {
        let text = "Remark 1 on the case.".to_owned();
        Said {
            ticket: 5,
            text,
            way,
        }
    }

    #[test]
    fn a_comment_must_be_on_both_sides_once() {
        let twice = ["Remark 1 on the case.", "Remark 1 on the case."];
        let case = json!({ "comments": [{ "body": "Remark 1 on the case." }] });
        let empty = json!({ "comments": [] });
        let judged = |way, notes: &[&str], case: &Value| {
            let mut findings = Findings::default();
            comment(&said(way), &view(notes, &[]), case, &mut findings);
            (findings.lost.len(), findings.duplicated.len())
        };
        let (once, none) = (&twice[..1], &twice[..0]);
        assert_eq!(judged(Way::CaseKept, once, &case), (0, 0));
        assert_eq!(judged(Way::CaseKept, &twice, &case), (0, 1));
        assert_eq!(judged(Way::CaseKept, none, &case), (1, 0));
        assert_eq!(judged(Way::CaseKept, none, &empty), (1, 0));
        assert_eq!(judged(Way::CaseUnknown, none, &empty), (0, 0));
        assert_eq!(judged(Way::CaseUnknown, once, &empty), (1, 0));
    }

    #[test]
    fn a_case_says_what_its_ticket_says() {
        let judged = |shown: &Value| {
            let mut findings = Findings::default();
            case(&view(&[], &[]), shown, &mut findings);
            (findings.lost.len(), findings.unrepaired.len())
        };
        assert_eq!(judged(&json!({ "status": "in_progress" })), (0, 0));
        assert_eq!(judged(&json!({ "status": "open" })), (0, 1));
        assert_eq!(judged(&Value::Null), (1, 0));
    }

    #[test]
    fn a_ticket_that_shows_old_facts_or_two_notes_is_found() {
        let note = |key: &str| json!({ "metadata": { "custom": { "ordercase_note": key } } });
        let filed = Filed {
            id: 5,
            story: Story::Clear {
                order: "9".to_owned(),
                name: "#1".to_owned(),
            },
        };
        let key = ("order".to_owned(), "9".to_owned());
        let judged = |audits: Value, body: &str| {
            let mut findings = Findings::default();
            let stored = [(key.clone(), Some(body.to_owned()))].into();
            let whole = json!({ "audits": audits });
            story(&filed, &view(&[], &[]), &whole, &stored, &mut findings).unwrap();
            let Findings {
                lost,
                duplicated,
                unrepaired,
                ..
            } = findings;
            (lost.len(), duplicated.len(), unrepaired.len())
        };
        let old = r#"{"fulfilment_state":{"canonical":"fulfilled"}}"#;
        assert_eq!(judged(json!([note("a")]), "{}"), (0, 0, 0));
        assert_eq!(judged(json!([note("a")]), old), (0, 0, 1));
        assert_eq!(judged(json!([note("a"), note("b")]), "{}"), (0, 1, 0));
        assert_eq!(judged(json!([]), "{}"), (1, 0, 0));
    }
}
