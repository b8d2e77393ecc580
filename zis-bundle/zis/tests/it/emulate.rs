//! Rules of the emulator that no bundle of ours needs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ordercase_zis::emulate::{
    Connection, ConnectionPort, Credential, Emulator, ErrorObject, HttpFailure, HttpPort,
    HttpRequest, HttpResponse, LoadConfigShape, NoStores, NonJsonAnswer, Outcome,
    ResultPathDefault, RetryGeneration, Secret, Start, StartError, Stores, Switches, Trace, drive,
};
use ordercase_zis::{Bundle, limits};
use serde_json::{Value, json};

use crate::support;

/// Answers in order, the last one for ever.
struct Answers {
    answers: Vec<Result<HttpResponse, HttpFailure>>,
    seen: Mutex<Vec<HttpRequest>>,
}

#[async_trait]
impl HttpPort for Answers {
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let mut seen = self.seen.lock().unwrap();
        seen.push(request.clone());
        self.answers[(seen.len() - 1).min(self.answers.len() - 1)].clone()
    }
}

fn answers(answers: Vec<Result<HttpResponse, HttpFailure>>) -> Answers {
    Answers {
        answers,
        seen: Mutex::default(),
    }
}

fn status(status: u16) -> Result<HttpResponse, HttpFailure> {
    Ok(HttpResponse {
        status,
        ..HttpResponse::default()
    })
}

/// A bundle with these states and the actions `call` (any host) and `api` (the account's own).
fn bundle(states: &Value) -> Bundle {
    let document = json!({
        "zis_template_version": "2019-10-14", "name": "test", "resources": {
            "call": {"type": "ZIS::Action::Http", "properties": {"name": "call", "definition": {
                "method": "GET", "url": "https://a.example.com/{{$.x}}"}}},
            "api": {"type": "ZIS::Action::Http", "properties": {"name": "api", "definition": {
                "method": "PUT", "path": "/api/{{$.x}}", "connectionName": "zendesk"}}},
            "raw": {"type": "ZIS::Action::Http", "properties": {"name": "raw", "definition": {
                "method": "GET", "path": "{{$.x}}"}}},
            "flow": {"type": "ZIS::Flow", "properties": {"name": "flow",
                "definition": {"StartAt": "A", "States": states}}}
        }
    });
    Bundle::from_value(document).unwrap()
}

fn call(rest: &Value) -> Value {
    let mut state = json!({"Type": "Action", "ActionName": "zis:ordercase_acme:action:call",
                           "Parameters": {"x": "y"}});
    state
        .as_object_mut()
        .unwrap()
        .extend(rest.as_object().unwrap().clone());
    state
}

fn start(stores: Stores) -> Start {
    let input = json!({"n": 1});
    Start {
        flow: "flow".to_owned(),
        account: support::account(),
        input,
        stores,
    }
}

async fn run(states: Value, switches: Switches, http: &Answers) -> Trace {
    let emulator = Emulator::new(Arc::new(bundle(&states)), switches);
    drive(&emulator, start(Stores::none()), http, &support::clock())
        .await
        .unwrap()
}

fn cause(trace: &Trace) -> &str {
    match &trace.outcome {
        Outcome::Failed { cause, .. } => cause,
        Outcome::Succeeded { message } => panic!("succeeded: {message}"),
    }
}

fn message(trace: &Trace) -> &str {
    match &trace.outcome {
        Outcome::Succeeded { message } => message,
        Outcome::Failed { cause, .. } => panic!("failed: {cause}"),
    }
}

#[tokio::test]
async fn a_flow_that_goes_round_in_circles_is_stopped() {
    let states = json!({
        "A": {"Type": "Pass", "Result": 1, "ResultPath": "$.x", "Next": "B"},
        "B": {"Type": "Pass", "Result": 2, "ResultPath": "$.x", "Next": "A"}
    });
    let trace = run(states, Switches::default(), &answers(vec![status(200)])).await;
    assert!(
        cause(&trace).contains("more than 1000 states"),
        "{}",
        cause(&trace)
    );
    assert_eq!(trace.visits.len(), limits::VISITS_MAX + 1);
}

#[tokio::test]
async fn a_wait_cannot_outlive_the_flow() {
    let states = json!({
        "A": {"Type": "Wait", "Seconds": 200, "Next": "B"},
        "B": {"Type": "Wait", "Seconds": 200.5, "Next": "C"},
        "C": {"Type": "Succeed"}
    });
    let trace = run(
        states.clone(),
        Switches::default(),
        &answers(vec![status(200)]),
    )
    .await;
    assert_eq!(trace.elapsed_ms, 300_000, "the second wait is cut short");
    assert!(cause(&trace).contains("longer than 300 s"));
    let patient = Switches {
        flow_runtime_max: Duration::from_secs(500),
        ..Switches::default()
    };
    let trace = run(states, patient, &answers(vec![status(200)])).await;
    assert_eq!(
        (message(&trace), trace.elapsed_ms),
        ("Execution Successful", 400_500)
    );
}

#[tokio::test]
async fn a_wait_takes_its_length_from_the_document_and_ignores_less_than_nothing() {
    let wait = |seconds: Value| {
        json!({
            "A": {"Type": "Pass", "Result": seconds, "ResultPath": "$.s", "Next": "B"},
            "B": {"Type": "Wait", "SecondsPath": "$.s", "End": true}
        })
    };
    let http = answers(vec![status(200)]);
    let half = run(wait(json!(0.5)), Switches::default(), &http).await;
    assert_eq!(half.elapsed_ms, 500);
    let none = run(wait(json!(-3)), Switches::default(), &http).await;
    assert_eq!((none.elapsed_ms, none.succeeded()), (0, true));
    let text = run(wait(json!("5")), Switches::default(), &http).await;
    assert!(cause(&text).contains("does not hold a number"));
}

#[tokio::test]
async fn whole_flows_are_tried_again_as_their_generation_says() {
    let uncaught = || json!({"A": call(&json!({"ResultPath": "$.r", "End": true}))});
    let gives_up = || json!({"A": {"Type": "Fail", "Error": "E", "Cause": "C"}});
    let with = |retry_generation| Switches {
        retry_generation,
        ..Switches::default()
    };
    let asked = |seconds| {
        let retry_after = Some(Duration::from_secs(seconds));
        Ok(HttpResponse {
            status: 429,
            retry_after,
            ..HttpResponse::default()
        })
    };
    use RetryGeneration::{First, Off, Second};
    for (states, generation, answer, attempts, seconds) in [
        (uncaught(), Off, status(500), 1, 0),
        (uncaught(), First, status(500), 3, 90),
        (uncaught(), Second, status(500), 4, 150),
        (uncaught(), Second, status(503), 1, 0),
        (uncaught(), Second, asked(7), 4, 21),
        (uncaught(), Second, asked(9_999), 4, 360),
        (gives_up(), First, status(500), 3, 90),
        (gives_up(), Second, status(500), 1, 0),
    ] {
        let trace = run(states, with(generation), &answers(vec![answer.clone()])).await;
        let found = (trace.attempts, trace.elapsed_ms);
        assert_eq!(
            found,
            (attempts, seconds * 1_000),
            "{generation:?} {answer:?}"
        );
    }
    let recovers = answers(vec![status(500), Ok(HttpResponse::json(200, &json!({})))]);
    let trace = run(uncaught(), with(Second), &recovers).await;
    assert_eq!(
        (trace.attempts, message(&trace)),
        (2, "Execution Successful")
    );
}

#[tokio::test]
async fn a_result_without_a_path_follows_its_switch() {
    let states = || {
        json!({
            "A": call(&json!({"Next": "B"})),
            "B": {"Type": "Succeed", "Message": "n={{$.input.n}}"}
        })
    };
    let http = answers(vec![Ok(HttpResponse::json(200, &json!({"ok": true})))]);
    let trace = run(states(), Switches::default(), &http).await;
    assert_eq!(cause(&trace), "JSON path not found: $.input.n");
    let discard = Switches {
        result_path_default: ResultPathDefault::Discard,
        ..Switches::default()
    };
    assert_eq!(message(&run(states(), discard, &http).await), "n=1");
}

#[tokio::test]
async fn a_caught_error_is_an_object_with_a_cause() {
    let states = |path: Value| {
        let mut catch = json!({"ErrorEquals": ["States.ALL"], "Next": "B"});
        catch
            .as_object_mut()
            .unwrap()
            .extend(path.as_object().unwrap().clone());
        json!({
            "A": call(&json!({"ResultPath": "$.r", "Catch": [catch], "End": true})),
            "B": {"Type": "Action", "ActionName": "zis:common:transform:Jq",
                  "Parameters": {"expr": "tojson", "data.$": "$"}, "ResultPath": "$.all",
                  "Next": "C"},
            "C": {"Type": "Succeed", "Message": "{{$.all}}"}
        })
    };
    let http = answers(vec![status(404)]);
    let whole = run(states(json!({})), Switches::default(), &http).await;
    let cause = "external action failed due to status code: 404";
    assert_eq!(
        message(&whole),
        json!({ "Cause": cause }).to_string(),
        "the event is gone"
    );
    let beside = run(
        states(json!({"ResultPath": "$.e"})),
        Switches::default(),
        &http,
    )
    .await;
    assert!(
        message(&beside).contains("\"input\":{\"n\":1}"),
        "{}",
        message(&beside)
    );
    let both = Switches {
        error_object: ErrorObject::ErrorAndCause,
        ..Switches::default()
    };
    let named = run(states(json!({})), both, &http).await;
    assert!(
        message(&named).contains("\"Error\":\"States.ALL\""),
        "{}",
        message(&named)
    );
}

#[tokio::test]
async fn an_answer_that_is_not_json_follows_its_switch() {
    let states = || {
        json!({
            "A": call(&json!({"ResultPath": "$.r", "Next": "B"})),
            "B": {"Type": "Succeed", "Message": "{{$.r}}"}
        })
    };
    let page = || {
        let body = b"<html>".to_vec();
        answers(vec![Ok(HttpResponse {
            status: 200,
            retry_after: None,
            body,
        })])
    };
    assert_eq!(
        message(&run(states(), Switches::default(), &page()).await),
        "<html>"
    );
    let strict = Switches {
        non_json_answer: NonJsonAnswer::Error,
        ..Switches::default()
    };
    assert!(cause(&run(states(), strict, &page()).await).contains("not JSON"));
    let empty = run(states(), Switches::default(), &answers(vec![status(204)])).await;
    assert_eq!(message(&empty), "null");
    let body = vec![b' '; limits::RESPONSE_BYTES_MAX + 1];
    let huge = answers(vec![Ok(HttpResponse {
        status: 200,
        retry_after: None,
        body,
    })]);
    assert!(cause(&run(states(), Switches::default(), &huge).await).contains("bytes, more than"));
}

#[tokio::test]
async fn what_the_bundle_does_not_hold_is_named_when_it_is_reached() {
    let http = answers(vec![status(200)]);
    let gone = json!({"A": {"Type": "Pass", "ResultPath": "$.x", "Next": "Gone"}});
    let trace = run(gone, Switches::default(), &http).await;
    assert_eq!(cause(&trace), "there is no state \"Gone\"");
    for name in [
        "zis:other:action:call",
        "zis:ordercase_acme:action:gone",
        "nonsense",
    ] {
        let states = json!({"A": {"Type": "Action", "ActionName": name, "End": true}});
        let trace = run(states, Switches::default(), &http).await;
        assert!(cause(&trace).contains(name), "{}", cause(&trace));
    }
    assert!(http.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn settings_are_loaded_in_the_shape_of_the_switch() {
    let states = |message: &str| {
        json!({
            "A": {"Type": "Action", "ActionName": "zis:common:action:LoadConfig",
                  "Parameters": {"scope": "s"}, "ResultPath": "$.c", "Next": "B"},
            "B": {"Type": "Succeed", "Message": message}
        })
    };
    let load = async |states: Value, switches: Switches, scope: &str| {
        let emulator = Emulator::new(Arc::new(bundle(&states)), switches);
        let configs = vec![(scope.to_owned(), json!({"k": "v"}))];
        let stores = Stores {
            connections: Arc::new(NoStores),
            configs: Arc::new(configs),
        };
        drive(
            &emulator,
            start(stores),
            &answers(vec![status(200)]),
            &support::clock(),
        )
        .await
    };
    let plain = load(states("{{$.c.k}}"), Switches::default(), "s")
        .await
        .unwrap();
    assert_eq!(message(&plain), "v");
    let wrapped = Switches {
        load_config_shape: LoadConfigShape::Wrapped,
        ..Switches::default()
    };
    let trace = load(states("{{$.c.config.k}}"), wrapped, "s")
        .await
        .unwrap();
    assert_eq!(message(&trace), "v");
    let none = load(states(""), Switches::default(), "other")
        .await
        .unwrap();
    assert!(cause(&none).contains("no config of the scope \"s\""));
}

/// Hands out another token at each look.
struct Rotating(AtomicUsize);

impl ConnectionPort for Rotating {
    fn connection(&self, name: &str) -> Option<Connection> {
        let token = format!("canary-{}", self.0.fetch_add(1, Ordering::Relaxed));
        (name == "zendesk").then(|| Connection {
            name: name.to_owned(),
            allowed_domain: "*.zendesk.com".to_owned(),
            credential: Credential::Basic {
                username: "agent@example.com/token".to_owned(),
                password: Secret::new(token),
            },
        })
    }

    fn all(&self) -> Vec<Connection> {
        Vec::new()
    }
}

#[tokio::test]
async fn a_token_that_is_rotated_counts_from_the_next_call_on() {
    let step = |next: Value| {
        let mut state = json!({"Type": "Action", "ActionName": "zis:ordercase_acme:action:api",
                               "Parameters": {"x.$": "$.input.n"}, "ResultPath": "$.r"});
        state
            .as_object_mut()
            .unwrap()
            .extend(next.as_object().unwrap().clone());
        state
    };
    let states = json!({"A": step(json!({"Next": "B"})), "B": step(json!({"End": true}))});
    let emulator = Emulator::new(Arc::new(bundle(&states)), Switches::default());
    let connections = Arc::new(Rotating(AtomicUsize::new(0)));
    let stores = Stores {
        connections,
        configs: Arc::new(NoStores),
    };
    let http = answers(vec![Ok(HttpResponse::json(200, &json!({})))]);
    let trace = drive(&emulator, start(stores), &http, &support::clock())
        .await
        .unwrap();
    assert!(trace.succeeded());
    let seen = http.seen.lock().unwrap();
    let sent: Vec<_> = seen
        .iter()
        .map(|r| r.authorization.as_ref().unwrap().1.expose())
        .collect();
    assert_eq!(sent.len(), 2);
    assert_ne!(sent[0], sent[1]);
    assert!(sent[0].starts_with("Basic "));
    assert_eq!(seen[0].url.as_str(), "https://acme.zendesk.com/api/1");
}

#[tokio::test]
async fn a_path_cannot_lead_away_from_the_account() {
    let states = json!({"A": {"Type": "Action", "ActionName": "zis:ordercase_acme:action:api",
                              "Parameters": {"x": "../../@evil.example.com"}, "End": true}});
    let emulator = Emulator::new(Arc::new(bundle(&states)), Switches::default());
    let stores = Stores {
        connections: Arc::new(Rotating(AtomicUsize::new(0))),
        configs: Arc::new(NoStores),
    };
    let http = answers(vec![status(200)]);
    drive(&emulator, start(stores), &http, &support::clock())
        .await
        .unwrap();
    assert_eq!(
        http.seen.lock().unwrap()[0].url.host_str(),
        Some("acme.zendesk.com")
    );
}

#[tokio::test]
async fn a_path_that_is_none_sends_nothing() {
    let http = answers(vec![status(200)]);
    for path in ["@evil.example.com/", ".evil.example.com/", "api"] {
        let states = json!({"A": {"Type": "Action", "ActionName": "zis:ordercase_acme:action:raw",
                                  "Parameters": {"x": path}, "End": true}});
        let trace = run(states, Switches::default(), &http).await;
        assert!(
            cause(&trace).contains("does not begin with /"),
            "{}",
            cause(&trace)
        );
    }
    assert!(http.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_redirect_is_an_error_like_any_other_status() {
    let states = json!({"A": call(&json!({"ResultPath": "$.r", "End": true}))});
    let trace = run(states, Switches::default(), &answers(vec![status(302)])).await;
    assert_eq!(
        cause(&trace),
        "external action failed due to status code: 302"
    );
}

#[tokio::test]
async fn a_whole_flow_that_is_tried_again_sees_the_event_as_it_came() {
    let states = json!({
        "A": {"Type": "Choice", "Default": "B",
              "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "Dirty"}]},
        "B": {"Type": "Pass", "Result": 1, "ResultPath": "$.x", "Next": "C"},
        "C": call(&json!({"ResultPath": "$.r", "End": true})),
        "Dirty": {"Type": "Succeed", "Message": "dirty"}
    });
    let switches = Switches {
        retry_generation: RetryGeneration::Second,
        ..Switches::default()
    };
    let http = answers(vec![status(500), Ok(HttpResponse::json(200, &json!({})))]);
    let trace = run(states, switches, &http).await;
    assert_eq!(
        (trace.attempts, message(&trace)),
        (2, "Execution Successful")
    );
}

#[tokio::test]
async fn the_document_cannot_grow_without_end() {
    let states = json!({
        "A": {"Type": "Pass", "Result": "x".repeat(limits::DOCUMENT_BYTES_MAX / 3),
              "ResultPath": "$.a", "Next": "B"},
        "B": {"Type": "Pass", "Result": "x".repeat(limits::DOCUMENT_BYTES_MAX / 3),
              "ResultPath": "$.b", "Next": "C"},
        "C": {"Type": "Pass", "Result": "x".repeat(limits::DOCUMENT_BYTES_MAX / 2),
              "ResultPath": "$.c", "Next": "D"},
        "D": {"Type": "Succeed"}
    });
    let trace = run(states, Switches::default(), &answers(vec![status(200)])).await;
    assert!(cause(&trace).contains("the result at $.c makes the document larger"));
}

#[tokio::test]
async fn parameters_that_nest_too_deep_fail_their_state() {
    let deep = (0..=limits::DOCUMENT_DEPTH_MAX).fold(json!(1), |inner, _| json!({ "x": inner }));
    let mut state = call(&json!({"End": true}));
    state["Parameters"] = deep;
    let http = answers(vec![status(200)]);
    let trace = run(json!({ "A": state }), Switches::default(), &http).await;
    assert!(cause(&trace).contains("nests deeper"), "{}", cause(&trace));
}

#[test]
fn what_is_not_supported_yet_is_refused_by_name() {
    for (action, what) in [
        ("zis:common:action:PatchConfig", "PatchConfig"),
        ("zis:common:action:LoadLinks", "a link action"),
        ("zis:common:action:CreateLink", "a link action"),
        ("zis:common:action:PatchLink", "a link action"),
        ("zis:common:action:DeleteLink", "a link action"),
    ] {
        let states = json!({"A": {"Type": "Action", "ActionName": action, "End": true}});
        assert_eq!(refused(&states), what);
    }
    let states = json!({"A": call(&json!({"End": true, "Retry": []}))});
    assert_eq!(refused(&states), "Retry");
    let elsewhere = json!({
        "A": {"Type": "Succeed"},
        "B": {"Type": "Action", "ActionName": "zis:common:action:PatchConfig", "End": true}
    });
    let emulator = Emulator::new(Arc::new(bundle(&elsewhere)), Switches::default());
    let now = "2026-11-25T04:00:00Z".parse().unwrap();
    assert!(
        emulator.start(start(Stores::none()), now).is_ok(),
        "nothing leads to B"
    );
}

fn refused(states: &Value) -> String {
    let emulator = Emulator::new(Arc::new(bundle(states)), Switches::default());
    let now = "2026-11-25T04:00:00Z".parse().unwrap();
    match emulator.start(start(Stores::none()), now) {
        Err(StartError::NotSupportedYet { state, what }) => {
            assert_eq!(state, "A");
            what
        }
        other => panic!("started: {other:?}"),
    }
}

#[test]
fn flows_and_events_that_cannot_start_are_named() {
    let emulator = Emulator::new(
        Arc::new(bundle(&json!({"A": {"Type": "Succeed"}}))),
        Switches::default(),
    );
    let now = "2026-11-25T04:00:00Z".parse().unwrap();
    for flow in [
        "gone",
        "zis:other:flow:flow",
        "zis:ordercase_acme:flow:gone",
    ] {
        let start = Start {
            flow: flow.to_owned(),
            ..start(Stores::none())
        };
        let error = emulator.start(start, now).unwrap_err();
        assert_eq!(error, StartError::UnknownFlow(flow.to_owned()));
    }
    let input = Value::from("x".repeat(limits::DOCUMENT_BYTES_MAX));
    let error = emulator
        .start(
            Start {
                input,
                ..start(Stores::none())
            },
            now,
        )
        .unwrap_err();
    assert_eq!(error, StartError::InputTooLarge);
}
