//! Ordercase's bundle against a fake host.

use crate::support::{self, Does, FakeHost, HOST, INTEGRATION, TOKEN};
use ordercase_zis::emulate::{
    ErrorObject, JqMulti, MissingPlaceholder, NonJsonAnswer, Outcome, PlaceholderFormat,
    ResultPathDefault, RetryGeneration, Switches, Trace,
};
use ordercase_zis::lint::{LintOptions, lint};
use ordercase_zis::{Bundle, RekeyError, ours};
use serde_json::{Value, json};

async fn first_event(script: &[Does]) -> (Trace, FakeHost) {
    let host = FakeHost::that(script);
    let stores = support::stores(vec![support::connection(TOKEN, HOST)]);
    let trace = support::run(&support::events()[0], stores, &host, Switches::default()).await;
    (trace, host)
}

fn waits(trace: &Trace) -> Vec<u64> {
    trace
        .visits
        .iter()
        .filter_map(|visit| visit.waited_ms)
        .collect()
}

fn failed(trace: &Trace) -> &str {
    match &trace.outcome {
        Outcome::Failed { cause, .. } => cause,
        Outcome::Succeeded { message } => panic!("succeeded: {message}"),
    }
}

#[tokio::test]
async fn every_event_arrives_in_the_shape_of_the_schema() {
    let schema: Value = serde_json::from_str(ours::EVENT_SCHEMA).unwrap();
    let mut types = Vec::new();
    for event in support::events() {
        let host = FakeHost::that(&[]);
        let stores = support::stores(vec![support::connection(TOKEN, HOST)]);
        let trace = support::run(&event, stores, &host, Switches::default()).await;
        assert!(trace.succeeded(), "{trace:?}");
        let requests = host.seen.lock().unwrap().clone();
        assert_eq!(requests.len(), 1);
        assert_eq!(
            requests[0].url.as_str(),
            format!("https://{HOST}{}", ours::EVENT_PATH)
        );
        assert_eq!(requests[0].method.as_str(), "POST");
        let body = requests[0].body.clone().unwrap();
        conforms(&schema, &body, "$");
        assert_eq!(body["ticket_id"], 1001);
        assert_eq!(body["sequence"]["total"], 4);
        assert_eq!(
            body.get("comment_id"),
            (types.len() == 1).then_some(&json!(555))
        );
        types.push(body["event_type"].as_str().unwrap().to_owned());
    }
    assert_eq!(types, ours::EVENT_TYPES);
}

#[tokio::test]
async fn no_text_of_the_ticket_leaves_zendesk() {
    for event in support::events() {
        let host = FakeHost::that(&[]);
        let stores = support::stores(vec![support::connection(TOKEN, HOST)]);
        support::run(&event, stores, &host, Switches::default()).await;
        let requests = host.seen.lock().unwrap().clone();
        let body = requests[0].body.as_ref().unwrap().to_string();
        assert!(!body.contains("order"), "{body}");
    }
}

#[tokio::test]
async fn a_busy_host_is_asked_again() {
    let (trace, host) = first_event(&[Does::Answers(503)]).await;
    assert!(trace.succeeded());
    assert_eq!(waits(&trace), [5_000]);
    let seen = host.seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].body, seen[1].body, "the retry is the same event");
}

#[tokio::test]
async fn four_failures_end_in_fail() {
    let (trace, host) = first_event(&[
        Does::Answers(503),
        Does::Sleeps,
        Does::Answers(500),
        Does::Answers(429),
    ])
    .await;
    assert_eq!(host.requests(), 4);
    assert_eq!(waits(&trace), [5_000, 30_000, 60_000]);
    assert_eq!(trace.elapsed_ms, 95_000);
    assert!(failed(&trace).contains("ticket 1001"), "{}", failed(&trace));
    assert!(
        failed(&trace).contains("status code: 429"),
        "{}",
        failed(&trace)
    );
    assert_eq!(trace.path().last(), Some(&"GiveUp"));
}

#[tokio::test]
async fn what_stays_wrong_is_not_asked_again() {
    for status in [400, 401, 403, 404, 422] {
        let (trace, host) = first_event(&[Does::Answers(status); 4]).await;
        assert_eq!(host.requests(), 1, "{status}");
        assert!(failed(&trace).contains(&status.to_string()));
    }
    for status in [408, 429, 500, 502, 503, 504, 301] {
        let (trace, host) = first_event(&[Does::Answers(status)]).await;
        assert!(trace.succeeded(), "{status}");
        assert_eq!(host.requests(), 2, "{status}");
    }
}

#[tokio::test]
async fn a_page_instead_of_a_receipt_is_no_success() {
    let (trace, host) = first_event(&[Does::ShowsAPage; 4]).await;
    assert_eq!(host.requests(), 4);
    assert!(failed(&trace).contains("no receipt"), "{}", failed(&trace));
}

#[tokio::test]
async fn a_wrong_token_is_refused_once_and_shown_nowhere() {
    let host = FakeHost::that(&[]);
    let stores = support::stores(vec![support::connection("canary-wrong-token", HOST)]);
    let trace = support::run(&support::events()[0], stores, &host, Switches::default()).await;
    assert_eq!(host.requests(), 1);
    assert!(failed(&trace).contains("401"));
    let text = format!("{trace:?} {}", serde_json::to_string(&trace).unwrap());
    assert!(!text.contains("canary"), "{text}");
}

#[tokio::test]
async fn the_token_goes_to_no_other_domain() {
    let host = FakeHost::that(&[]);
    let stores = support::stores(vec![support::connection(TOKEN, "other.example.com")]);
    let trace = support::run(&support::events()[0], stores, &host, Switches::default()).await;
    assert_eq!(host.requests(), 0, "nothing was sent");
    assert!(failed(&trace).contains("only allowed for https://other.example.com"));
}

#[tokio::test]
async fn without_the_connection_the_flow_does_not_start() {
    let host = FakeHost::that(&[]);
    let stores = support::stores(Vec::new());
    let trace = support::run(&support::events()[0], stores, &host, Switches::default()).await;
    assert_eq!(trace.visits, []);
    let words = "Cannot start flow because the connection named \"ordercase_host\" does not exist";
    assert_eq!(failed(&trace), words);
}

#[tokio::test]
async fn no_undocumented_behaviour_changes_the_flows() {
    let base = Switches::default;
    let variants = [
        Switches {
            result_path_default: ResultPathDefault::Discard,
            ..base()
        },
        Switches {
            is_present_null: false,
            ..base()
        },
        Switches {
            jq_multi: JqMulti::Error,
            ..base()
        },
        Switches {
            placeholder_object_format: PlaceholderFormat::Refuse,
            ..base()
        },
        Switches {
            placeholder_missing: MissingPlaceholder::Empty,
            ..base()
        },
        Switches {
            non_json_answer: NonJsonAnswer::Error,
            ..base()
        },
        Switches {
            error_object: ErrorObject::ErrorAndCause,
            ..base()
        },
        Switches {
            injected_variables: false,
            ..base()
        },
        Switches {
            retry_generation: RetryGeneration::Second,
            ..base()
        },
    ];
    let script = [Does::Answers(503), Does::ShowsAPage];
    for switches in variants {
        for event in support::events() {
            let host = FakeHost::that(&script);
            let stores = support::stores(vec![support::connection(TOKEN, HOST)]);
            let trace = support::run(&event, stores, &host, switches.clone()).await;
            assert!(trace.succeeded(), "{switches:?}: {trace:?}");
            assert_eq!(host.requests(), 3, "{switches:?}");
        }
    }
}

#[tokio::test]
async fn an_event_without_its_ids_ends_at_the_hosts_refusal() {
    let mut event = support::events()[0].clone();
    event.input["ticket_event"]
        .as_object_mut()
        .unwrap()
        .remove("meta");
    let host = FakeHost::that(&[Does::Answers(422)]);
    let stores = support::stores(vec![support::connection(TOKEN, HOST)]);
    let trace = support::run(&event, stores, &host, Switches::default()).await;
    assert_eq!(host.requests(), 1);
    assert!(failed(&trace).contains("422"));
}

#[test]
fn the_bundle_is_clean_and_small() {
    let bundle = support::bundle();
    let options = LintOptions {
        integration: Some(INTEGRATION.to_owned()),
    };
    assert_eq!(lint(&bundle, &options), []);
    assert_eq!(bundle.flows().count(), 4);
    assert_eq!(bundle.connections(), [ours::CONNECTION]);
    let types: Vec<_> = bundle
        .job_specs()
        .map(|job| job.event_type.as_str())
        .collect();
    for event_type in ours::EVENT_TYPES {
        assert!(types.contains(&event_type));
    }
}

/// Four flows instead of one, because the event's own text for its type is documented for one only.
#[test]
fn the_four_flows_differ_in_the_name_of_their_event_only() {
    let bundle = support::bundle();
    let anonymous = |flow: &str, event_type: &str| {
        let place = format!("/resources/{flow}/properties/definition");
        bundle
            .document()
            .pointer(&place)
            .unwrap()
            .to_string()
            .replace(event_type, "EVENT")
    };
    let created = anonymous("ticket_created_flow", "ticket.TicketCreated");
    assert_eq!(
        created,
        anonymous("status_changed_flow", "ticket.StatusChanged")
    );
    assert_eq!(
        created,
        anonymous("priority_changed_flow", "ticket.PriorityChanged")
    );
    let comment = " | if $event.comment.id then .comment_id = $event.comment.id else . end";
    let added = anonymous("comment_added_flow", "ticket.CommentAdded");
    assert_eq!(created, added.replace(comment, ""));
}

#[test]
fn the_template_does_not_upload_as_it_is() {
    let findings = lint(&ours::template().unwrap(), &LintOptions::default());
    assert!(findings.iter().any(|finding| finding.rule == "B09"));
}

#[test]
fn rekeying_moves_every_address_and_refuses_bad_names() {
    let moved = support::bundle().rekey("other-2", HOST).unwrap();
    let text = moved.document().to_string();
    assert!(!text.contains(INTEGRATION) && text.contains("zis:other-2:flow:ticket_created_flow"));
    assert!(text.contains("zis:common:transform:Jq"), "built-ins stay");
    let template = ours::template().unwrap();
    assert!(matches!(
        template.rekey("Acme", HOST),
        Err(RekeyError::Integration(_))
    ));
    for host in [
        "https://orders.example.com",
        "orders.example.com/x",
        "*.example.com",
        "localhost",
    ] {
        assert!(
            matches!(template.rekey("acme", host), Err(RekeyError::Host(_))),
            "{host}"
        );
    }
    let mut document = template.document().clone();
    document["description"] = json!("for {{tenant}}");
    let error = Bundle::from_value(document)
        .unwrap()
        .rekey("acme", HOST)
        .unwrap_err();
    assert_eq!(
        error,
        RekeyError::Token {
            path: "$.description".to_owned(),
            token: "{{tenant}}".to_owned()
        }
    );
}

/// The parts of JSON schema that the event's schema uses.
fn conforms(schema: &Value, value: &Value, path: &str) {
    let known = [
        "$schema",
        "$id",
        "title",
        "description",
        "type",
        "required",
        "properties",
        "const",
        "enum",
        "minimum",
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "additionalProperties",
    ];
    for key in schema.as_object().unwrap().keys() {
        assert!(
            known.contains(&key.as_str()),
            "this test does not know {key}"
        );
    }
    if let Some(wanted) = schema.get("const") {
        assert_eq!(value, wanted, "{path}");
    }
    if let Some(allowed) = schema.get("enum") {
        assert!(
            allowed.as_array().unwrap().contains(value),
            "{path}: {value}"
        );
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let properties = schema["properties"].as_object().unwrap();
            for key in schema["required"].as_array().unwrap() {
                assert!(
                    value.get(key.as_str().unwrap()).is_some(),
                    "{path} lacks {key}"
                );
            }
            for (key, value) in value.as_object().unwrap() {
                let schema = properties.get(key);
                conforms(
                    schema.unwrap_or(&Value::Bool(false)),
                    value,
                    &format!("{path}.{key}"),
                );
            }
        }
        Some("integer") => {
            let number = value.as_i64().unwrap();
            assert!(
                number >= schema["minimum"].as_i64().unwrap_or(i64::MIN),
                "{path}"
            );
        }
        Some("string") => assert!(value.is_string(), "{path}: {value}"),
        _ => {}
    }
}
