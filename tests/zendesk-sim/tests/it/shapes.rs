//! Answers hold every key of Zendesk's own examples. The examples are not part of the project; where
//! they are not beside the checkout, the test says so and passes.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::account::Account;

/// Keys of the examples that the real API no longer sends or that need what the simulator has not.
const EXCUSED: [(&str, &str); 3] = [
    // Only for browser sessions.
    ("ShowCurrentUser", "authenticity_token"),
    // The example nests it by mistake; it stands beside `metadata`, as the schema says.
    ("ListTicketComments", "metadata/via"),
    // Only events that a trigger caused say how they came in.
    ("ListAuditsForTicket", "events/via"),
];

fn examples() -> Option<Value> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .filter_map(Path::parent)
        .map(|parent| parent.join("shared/corpus/zendesk-oas/zendesk-support-examples.json"))
        .find(|path: &PathBuf| path.is_file());
    let Some(path) = found else {
        eprintln!("skipped: ../shared is not here");
        return None;
    };
    Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

/// Keys of `example`, at any depth of objects and in rows of lists, that `answer` lacks.
fn missing(example: &Value, answer: &Value, path: &str, out: &mut Vec<String>) {
    match (example, answer) {
        (Value::Object(wanted), Value::Object(given)) => {
            for (key, value) in wanted {
                let path = format!("{path}/{key}");
                match given.get(key) {
                    None => out.push(path),
                    // Free-form maps and nulls say nothing about keys.
                    Some(_)
                        if [
                            "user_fields",
                            "system",
                            "source",
                            "satisfaction_rating",
                            "photo",
                        ]
                        .contains(&key.as_str()) => {}
                    Some(given) => missing(value, given, &path, out),
                }
            }
        }
        (Value::Array(wanted), Value::Array(given)) => {
            for wanted in wanted {
                // Events of an audit differ by their type: compare like with like.
                let alike = given
                    .iter()
                    .find(|row| row.get("type") == wanted.get("type"));
                let row = if path.ends_with("/events") {
                    alike
                } else {
                    given.first()
                };
                if let Some(given) = row {
                    missing(wanted, given, path, out);
                }
            }
        }
        _ => {}
    }
}

async fn answer(account: &Account, ticket: u64, user: u64, operation: &str) -> Value {
    let path = match operation {
        "ShowTicket" => format!("/api/v2/tickets/{ticket}.json"),
        "ListTickets" => "/api/v2/tickets".to_owned(),
        "TicketsShowMany" => format!("/api/v2/tickets/show_many?ids={ticket}"),
        "ListTicketComments" => format!("/api/v2/tickets/{ticket}/comments"),
        "ListAuditsForTicket" => format!("/api/v2/tickets/{ticket}/audits.json?sort_order=desc"),
        "ShowUser" => format!("/api/v2/users/{user}"),
        "ShowCurrentUser" => "/api/v2/users/me.json".to_owned(),
        "SearchUsers" => "/api/v2/users/search?query=grace".to_owned(),
        "ListUserIdentities" => format!("/api/v2/users/{user}/identities"),
        "ListTicketFields" => "/api/v2/ticket_fields".to_owned(),
        "ListResourceTags" => format!("/api/v2/tickets/{ticket}/tags"),
        "IncrementalTicketExportCursor" => {
            "/api/v2/incremental/tickets/cursor.json?start_time=1700000000".to_owned()
        }
        "ListOAuthClients" => "/api/v2/oauth/clients".to_owned(),
        "ListOAuthTokens" => "/api/v2/oauth/tokens".to_owned(),
        "UpdateTicket" => {
            let body = json!({"ticket": {"comment": {"body": "Thanks", "public": true}, "status": "solved"}});
            return account
                .put(&format!("/api/v2/tickets/{ticket}"), body)
                .await
                .json();
        }
        "CreateTicket" => {
            let body = json!({"ticket": {"comment": {"body": "Smoke"}, "priority": "urgent", "subject": "Fire"}});
            return account.post("/api/v2/tickets.json", body).await.json();
        }
        "CreateTicketField" => {
            let body = json!({"ticket_field": {"type": "text", "title": "Age"}});
            return account.post("/api/v2/ticket_fields", body).await.json();
        }
        "PutTagsTicket" => {
            return account
                .put(
                    &format!("/api/v2/tickets/{ticket}/tags"),
                    json!({"tags": ["fire"]}),
                )
                .await
                .json();
        }
        "CreateOAuthToken" => {
            let client = oauth_client(account).await;
            let body = json!({"token": {"client_id": client, "scopes": ["read"]}});
            return account.post("/api/v2/oauth/tokens", body).await.json();
        }
        other => panic!("{other} is not asked"),
    };
    account.get(&path).await.json()
}

async fn oauth_client(account: &Account) -> u64 {
    let body = json!({"client": {"identifier": "shapes", "name": "Shapes"}});
    let made = account.post("/api/v2/oauth/clients", body).await.json();
    made["client"]["id"].as_u64().unwrap()
}

#[tokio::test]
async fn answers_hold_every_key_of_zendesks_examples() {
    let Some(examples) = examples() else { return };
    let account = Account::open().await;
    let ticket = account.file("shapes").await;
    account.advance(120).await;
    let shown = account
        .get(&format!("/api/v2/tickets/{ticket}"))
        .await
        .json();
    let user = shown["ticket"]["requester_id"].as_u64().unwrap();
    let operations = [
        "CreateOAuthToken",
        "CreateTicket",
        "CreateTicketField",
        "PutTagsTicket",
        "UpdateTicket",
        "ShowTicket",
        "ListTickets",
        "TicketsShowMany",
        "ListTicketComments",
        "ListAuditsForTicket",
        "ShowUser",
        "ShowCurrentUser",
        "SearchUsers",
        "ListUserIdentities",
        "ListTicketFields",
        "ListResourceTags",
        "IncrementalTicketExportCursor",
        "ListOAuthClients",
        "ListOAuthTokens",
    ];
    let mut lacking = Vec::new();
    for operation in operations {
        let responses = examples[operation]["responses"].as_object().unwrap();
        let example = responses.values().next().unwrap();
        let given = answer(&account, ticket, user, operation).await;
        let mut out = Vec::new();
        missing(example, &given, "", &mut out);
        let excused = |path: &String| {
            EXCUSED
                .iter()
                .any(|(name, key)| *name == operation && path.ends_with(key))
        };
        lacking.extend(
            out.into_iter()
                .filter(|path| !excused(path))
                .map(|path| format!("{operation} {path}")),
        );
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}
