//! Golden traces: what a reader of a run sees, whole.

use std::sync::Arc;

use ordercase_zis::emulate::{
    Connection, Credential, Emulator, Secret, Start, Stores, Switches, Trace, drive,
};
use ordercase_zis::{Bundle, Event};
use serde_json::{Value, json};

use crate::support::{self, Does, FakeHost, HOST, TOKEN};

async fn forwarded(event: &Event, script: &[Does]) -> Trace {
    let host = FakeHost::that(script);
    let stores = support::stores(vec![support::connection(TOKEN, HOST)]);
    support::run(event, stores, &host, Switches::default()).await
}

#[tokio::test]
async fn a_comment_that_arrives_at_once() {
    insta::assert_json_snapshot!(forwarded(&support::events()[1], &[]).await);
}

#[tokio::test]
async fn a_host_that_comes_back_after_a_timeout() {
    insta::assert_json_snapshot!(forwarded(&support::events()[0], &[Does::Sleeps]).await);
}

#[tokio::test]
async fn a_host_that_knows_no_such_desk() {
    insta::assert_json_snapshot!(forwarded(&support::events()[2], &[Does::Answers(401)]).await);
}

/// Settings, an OAuth token that the flow itself carries around, query, Pass and an own path.
#[tokio::test]
async fn a_flow_that_uses_everything_else() {
    let bundle = json!({
        "zis_template_version": "2019-10-14", "name": "everything", "resources": {
            "find": {"type": "ZIS::Action::Http", "properties": {"name": "find", "definition": {
                "method": "GET", "path": "/api/v2/tickets/{{$.id}}.json?by={{$.subdomain}}",
                "queryParams": [{"key": "include", "value.$": "$.include"}],
                "headers": [{"key": "Authorization", "value": "Bearer {{$.token}}"},
                            {"key": "X-Trace", "value": "run of {{$.token}}"}]}}},
            "flow": {"type": "ZIS::Flow", "properties": {"name": "flow", "definition": {
                "StartAt": "Settings", "States": {
                    "Settings": {"Type": "Action", "ActionName": "zis:common:action:LoadConfig",
                        "Parameters": {"scope": "acme_*"}, "ResultPath": "$.config",
                        "Next": "Constant"},
                    "Constant": {"Type": "Pass", "Result": {"include": "users"},
                        "ResultPath": "$.constant", "Next": "Find"},
                    "Find": {"Type": "Action",
                        "ActionName": "zis:ordercase_acme:action:find",
                        "Parameters": {
                            "id.$": "$.input.ticket_event.ticket.id",
                            "include.$": "$.constant.include",
                            "token.$": "$.connections.zendesk.access_token"},
                        "ResultPath": "$.found",
                        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error",
                                   "Next": "Shout"}],
                        "Next": "Done"},
                    "Shout": {"Type": "Fail", "Error": "{{$.config.name}}",
                        "Cause": "$.error.Cause"},
                    "Done": {"Type": "Succeed"}
                }}}}
        }
    });
    let bundle = Arc::new(Bundle::from_value(bundle).unwrap());
    let token = Credential::OAuth(Secret::new("canary-oauth"));
    let zendesk = Connection {
        name: "zendesk".to_owned(),
        allowed_domain: "acme.zendesk.com".to_owned(),
        credential: token,
    };
    let configs: Vec<(String, Value)> = vec![
        ("other".to_owned(), json!({})),
        ("acme_settings".to_owned(), json!({"name": "N"})),
    ];
    let stores = Stores {
        connections: Arc::new(vec![zendesk]),
        configs: Arc::new(configs),
    };
    let emulator = Emulator::new(bundle, Switches::default());
    let input = support::events()[0].input.clone();
    let start = Start {
        flow: "flow".to_owned(),
        account: support::account(),
        input,
        stores,
    };
    let host = FakeHost::that(&[]);
    let trace = drive(&emulator, start, &host, &support::clock())
        .await
        .unwrap();
    let sent = host.seen.lock().unwrap()[0].headers[0].1.clone();
    assert_eq!(sent, "Bearer canary-oauth", "the request itself is whole");
    insta::assert_json_snapshot!(trace);
}
