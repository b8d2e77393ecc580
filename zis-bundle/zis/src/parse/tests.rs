use serde_json::{Value, json};

use crate::model::{Bundle, StateKind};
use crate::parse::BundleError;

/// A bundle with one flow of these states.
fn with_states(states: &Value) -> Value {
    json!({
        "zis_template_version": "2019-10-14",
        "name": "test",
        "resources": {"a_flow": {"type": "ZIS::Flow", "properties": {
            "name": "a_flow", "definition": {"StartAt": "A", "States": states}}}}
    })
}

fn rules(document: Value) -> Vec<(&'static str, String)> {
    match Bundle::from_value(document) {
        Err(BundleError::Refused(findings)) => findings
            .into_iter()
            .map(|finding| (finding.rule, finding.path))
            .collect(),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_small_bundle_parses_and_keeps_what_it_does_not_know() {
    let mut document = with_states(&json!({
        "A": {"Type": "Pass", "Result": {"x": 1}, "Next": "B", "TimeoutSeconds": 3},
        "B": {"Type": "Succeed"}
    }));
    document["vendor_extension"] = json!({"kept": true});
    let bundle = Bundle::from_value(document.clone()).unwrap();
    assert_eq!(bundle.document(), &document);
    let flow = bundle.flow("a_flow").unwrap();
    assert_eq!(flow.machine.start_at, "A");
    assert!(
        flow.machine.states["A"]
            .unknown
            .contains_key("TimeoutSeconds")
    );
    assert!(matches!(
        flow.machine.states["B"].kind,
        StateKind::Succeed { message: None }
    ));
}

#[test]
fn every_problem_is_reported_with_its_path() {
    let mut document = with_states(&json!({
        "A": {"Type": "Task", "Next": "B"},
        "B": {"Type": "Wait", "Seconds": 0, "Next": "C"},
        "C": {"Type": "Pass", "Next": "B", "End": true},
        "D.1": {"Type": "Fail", "Error": "x"},
        "E": {"Type": "Succeed", "Next": "A"},
        "F": {"Type": "Choice", "Choices": [
            {"Variable": "$.x", "StringMatches": "a*", "Next": "A"},
            {"Variable": "$.x", "StringEquals": "a", "NumericEquals": 1, "Next": "A"}]}
    }));
    document["zis_template_version"] = json!("1.0");
    let states = "$.resources.a_flow.properties.definition.States";
    let wanted = [
        ("B02", "$.zis_template_version".to_owned()),
        ("F03", format!("{states}.A.Type")),
        ("F11", format!("{states}.B.Seconds")),
        ("F02", format!("{states}.C")),
        ("F12", format!("{states}['D.1']")),
        ("F02", format!("{states}.E.Next")),
        ("F08", format!("{states}.F.Choices[0].StringMatches")),
        ("F09", format!("{states}.F.Choices[1]")),
    ];
    let mut found = rules(document);
    let mut wanted = wanted.to_vec();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

#[test]
fn two_resources_of_a_type_cannot_share_a_name() {
    let mut document = with_states(&json!({"A": {"Type": "Succeed"}}));
    document["resources"]["b_flow"] = document["resources"]["a_flow"].clone();
    let found = rules(document);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "B05");
}

#[test]
fn an_action_has_one_target_a_method_and_headers_as_a_list() {
    let action = |definition: Value| {
        json!({
            "zis_template_version": "2019-10-14", "name": "t",
            "resources": {"a": {"type": "ZIS::Action::Http",
                "properties": {"name": "a", "definition": definition}}}
        })
    };
    let good = action(json!({
        "method": "POST", "path.$": "/api/{{$.x}}", "connectionName": "zendesk",
        "headers": [{"key": "A", "value": "b"}, {"key": "C", "value.$": "$.c"}],
        "requestBody.$": "$.body"
    }));
    let bundle = Bundle::from_value(good).unwrap();
    assert_eq!(bundle.action("a").unwrap().headers.len(), 2);
    assert_eq!(bundle.connections(), ["zendesk"]);
    for (definition, rule) in [
        (json!({"method": "POST"}), "H01"),
        (
            json!({"method": "POST", "url": "https://a", "path": "/b"}),
            "H01",
        ),
        (json!({"method": "SEND", "url": "https://a"}), "H01"),
        (
            json!({"method": "GET", "url": "https://a", "headers": {"A": "b"}}),
            "H02",
        ),
        (
            json!({"method": "GET", "url": "https://a", "headers": [{"key": "A"}]}),
            "H02",
        ),
    ] {
        assert_eq!(rules(action(definition.clone()))[0].0, rule, "{definition}");
    }
}

#[test]
fn text_that_is_no_strict_json_is_refused() {
    for text in [
        "",
        "{} // comment",
        "{\"name\": \"a\", \"name\": \"b\"}",
        "[1,]",
    ] {
        assert!(
            matches!(Bundle::parse(text), Err(BundleError::Json(_))),
            "{text}"
        );
    }
    let huge = " ".repeat(crate::limits::BUNDLE_BYTES_MAX + 1);
    assert!(matches!(
        Bundle::parse(&huge),
        Err(BundleError::TooLarge { .. })
    ));
}
