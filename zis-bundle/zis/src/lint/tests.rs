use serde_json::{Value, json};

use super::{LintOptions, lint};
use crate::finding::{Finding, Severity};
use crate::model::Bundle;

fn bundle(states: &Value) -> Value {
    json!({
        "zis_template_version": "2019-10-14",
        "name": "test",
        "resources": {
            "call": {"type": "ZIS::Action::Http", "properties": {"name": "call", "definition": {
                "method": "POST", "url": "https://a.example.com/", "connectionName": "host",
                "headers": [{"key": "Content-Type", "value": "application/json"}],
                "requestBody": {"id": "{{$.id}}"}}}},
            "flow": {"type": "ZIS::Flow", "properties": {"name": "flow",
                "definition": {"StartAt": "A", "States": states}}},
            "job": {"type": "ZIS::JobSpec", "properties": {"name": "job",
                "event_source": "support", "event_type": "ticket.TicketCreated",
                "flow_name": "zis:acme:flow:flow"}}
        }
    })
}

fn good() -> Value {
    bundle(&json!({
        "A": {"Type": "Action", "ActionName": "zis:acme:action:call",
            "Parameters": {"id.$": "$.input.ticket_event.ticket.id"}, "ResultPath": "$.answer",
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "F"}],
            "Next": "S"},
        "S": {"Type": "Succeed", "Message": "done {{$.answer.id}}"},
        "F": {"Type": "Fail", "Error": "E", "Cause": "{{$.error.Cause}}"}
    }))
}

fn found(document: Value) -> Vec<Finding> {
    lint(
        &Bundle::from_value(document).unwrap(),
        &LintOptions::default(),
    )
}

/// Applies `change` to the good bundle; the rules that fire.
fn rules(change: impl Fn(&mut Value)) -> Vec<(&'static str, Severity)> {
    let mut document = good();
    change(&mut document);
    found(document)
        .into_iter()
        .map(|finding| (finding.rule, finding.severity))
        .collect()
}

fn definition(document: &mut Value) -> &mut Value {
    &mut document["resources"]["flow"]["properties"]["definition"]
}

#[test]
fn a_good_bundle_has_no_findings() {
    assert_eq!(found(good()), []);
}

#[test]
fn references_that_lead_nowhere_are_errors() {
    use Severity::Error;
    let start = |d: &mut Value| definition(d)["StartAt"] = json!("Z");
    assert!(rules(start).contains(&("F01", Error)));
    let next = |d: &mut Value| definition(d)["States"]["A"]["Next"] = json!("Z");
    assert!(rules(next).contains(&("F01", Error)));
    let action = |d: &mut Value| {
        definition(d)["States"]["A"]["ActionName"] = json!("zis:acme:action:gone");
    };
    assert_eq!(rules(action), [("A03", Error), ("A05", Severity::Info)]);
    let flow = |d: &mut Value| {
        d["resources"]["job"]["properties"]["flow_name"] = json!("zis:acme:flow:gone");
    };
    assert_eq!(rules(flow), [("A04", Error), ("A05", Severity::Info)]);
    let half = |d: &mut Value| {
        d["resources"]["job"]["properties"]["flow_name"] = json!("zis:other:flow:flow");
    };
    assert_eq!(rules(half), [("A02", Error)]);
}

#[test]
fn addresses_must_name_the_wanted_integration() {
    let bundle = Bundle::from_value(good()).unwrap();
    let options = LintOptions {
        integration: Some("other".to_owned()),
    };
    let found = lint(&bundle, &options);
    assert_eq!(
        found.iter().filter(|finding| finding.rule == "A02").count(),
        2
    );
}

#[test]
fn ways_that_never_end_and_states_that_nothing_reaches_are_found() {
    let turning = bundle(&json!({
        "A": {"Type": "Wait", "Seconds": 1, "Next": "B"},
        "B": {"Type": "Pass", "ResultPath": "$.x", "Next": "A"},
        "C": {"Type": "Succeed"}
    }));
    let f04: Vec<_> = found(turning)
        .into_iter()
        .filter(|f| f.rule == "F04")
        .collect();
    assert_eq!(f04.len(), 3);
    assert_eq!(
        f04.iter().filter(|f| f.severity == Severity::Error).count(),
        2
    );
}

#[test]
fn notations_that_do_nothing_are_found() {
    let parameters = |value: Value| {
        move |d: &mut Value| definition(d)["States"]["A"]["Parameters"] = value.clone()
    };
    let rule = |value: Value| rules(parameters(value)).first().map(|(rule, _)| *rule);
    assert_eq!(rule(json!({"id": "{{$.input.x}}"})), Some("P01"));
    assert_eq!(rule(json!({"id": "$.input.x"})), Some("P01"));
    assert_eq!(rule(json!({"id.$": "plain"})), Some("P02"));
    assert_eq!(rule(json!({"id.$": "$.config.x"})), Some("P05"));
    assert_eq!(rule(json!({"id.$": "$.input[*]"})), Some("P06"));
}

#[test]
fn jq_is_checked_without_running() {
    let expression = |key: &'static str, text: &'static str| {
        rules(move |d: &mut Value| {
            let state = &mut definition(d)["States"]["A"];
            state["ActionName"] = json!("zis:common:transform:Jq");
            state["Parameters"] = json!({key: text, "data.$": "$"});
        })
    };
    assert!(expression("expr", ".a |").contains(&("P09", Severity::Error)));
    assert!(expression("expr", "nosuch(1)").contains(&("P09", Severity::Error)));
    assert!(expression("expr.$", "\"{{$.input.x}}\"").contains(&("P07", Severity::Error)));
    assert_eq!(expression("expr", ".a"), [("A05", Severity::Info)]);
}

#[test]
fn undocumented_luck_is_a_warning() {
    use Severity::Warning;
    let no_path = |d: &mut Value| {
        definition(d)["States"]["A"]
            .as_object_mut()
            .unwrap()
            .remove("ResultPath");
    };
    assert!(rules(no_path).contains(&("F05", Warning)));
    let no_catch = |d: &mut Value| {
        definition(d)["States"]["A"]
            .as_object_mut()
            .unwrap()
            .remove("Catch");
    };
    assert!(rules(no_catch).contains(&("F15", Warning)));
    let retry = |d: &mut Value| definition(d)["States"]["A"]["Retry"] = json!([]);
    assert_eq!(rules(retry), [("F16", Warning)]);
    let event = |d: &mut Value| definition(d)["States"]["A"]["ResultPath"] = json!("$.input.x");
    assert!(rules(event).contains(&("F06", Warning)));
}

#[test]
fn a_wrong_event_type_names_the_right_one() {
    let mut document = good();
    document["resources"]["job"]["properties"]["event_type"] = json!("ticket.Created");
    let findings = found(document);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].rule, "J01");
    assert!(
        findings[0].fix.contains("ticket.TicketCreated"),
        "{}",
        findings[0].fix
    );
}

#[test]
fn template_tokens_are_errors_and_placeholders_are_not() {
    let mut document = good();
    document["description"] = json!("for {{tenant}}");
    assert_eq!(
        found(document).iter().map(|f| f.rule).collect::<Vec<_>>(),
        ["B09"]
    );
}
