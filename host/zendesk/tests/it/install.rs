//! The installer: from nothing to everything, a second time to nothing, and out again.

use ordercase_zendesk::install::{Action, FIELDS, InstallError, Item, install, preview, uninstall};
use ordercase_zendesk::{Auth, Secret};
use serde_json::{Value, json};

use crate::desk::{Desk, client_of};
use crate::host::{TOKEN, request};

/// Every write that the account saw, without the installer's own short-lived token.
async fn writes(desk: &Desk) -> Vec<String> {
    let journal = desk.get("journal").await;
    let writes = journal["writes"].as_array().unwrap();
    writes
        .iter()
        .map(|write| {
            format!(
                "{} {}",
                write["method"].as_str().unwrap(),
                write["path"].as_str().unwrap()
            )
        })
        .filter(|write| !write.contains("/oauth/tokens"))
        .collect()
}

#[tokio::test]
async fn an_empty_account_gets_everything_and_a_second_run_changes_nothing() {
    let desk = Desk::open().await;
    let report = install(&desk.client, &request()).await.unwrap();
    assert!(report.verified && report.changes_anything());
    assert!(
        report
            .changes
            .iter()
            .all(|change| change.action == Action::Created),
        "{report:#?}"
    );
    assert_eq!(report.fields.len(), FIELDS.len());
    assert_eq!(report.account_id, Some(desk.sim.config().account_id));
    assert!(report.legacy_token);
    assert_eq!(report.legacy_token_ends.as_deref(), Some("2027-04-30"));
    assert_eq!(report.requests_per_minute, 700);

    let before = writes(&desk).await.len();
    let again = install(&desk.client, &request()).await.unwrap();
    assert!(again.verified && !again.changes_anything(), "{again:#?}");
    assert_eq!(again.fields, report.fields);
    let new = writes(&desk).await.split_off(before);
    assert!(
        new.iter()
            .all(|write| write.ends_with("/job_specs/install")),
        "only the job specs are put in again: {new:?}"
    );
}

#[tokio::test]
async fn a_preview_says_it_all_and_touches_nothing() {
    let desk = Desk::open().await;
    let planned = preview(&desk.client, &request()).await.unwrap();
    assert!(planned.dry_run && planned.changes_anything() && !planned.verified);
    assert!(writes(&desk).await.is_empty());
    let done = install(&desk.client, &request()).await.unwrap();
    assert_eq!(planned.changes, done.changes);

    let mut other = request();
    other.public_host = "orders.example".to_owned();
    let planned = preview(&desk.client, &other).await.unwrap();
    let replaced: Vec<Item> = planned
        .changes
        .iter()
        .filter(|change| change.action == Action::Replaced)
        .map(|change| change.item)
        .collect();
    assert_eq!(replaced, [Item::Connection], "the bundle given is the same");
}

#[tokio::test]
async fn a_changed_bundle_is_uploaded_and_stale_job_specs_go() {
    let desk = Desk::open().await;
    install(&desk.client, &request()).await.unwrap();
    let mut changed = request();
    let resources = changed.bundle["resources"].as_object_mut().unwrap();
    let stale = resources
        .iter()
        .find(|(_, resource)| resource["properties"]["name"] == "priority_changed_job")
        .map(|(key, _)| key.clone())
        .unwrap();
    resources.remove(&stale);
    let report = install(&desk.client, &changed).await.unwrap();
    let action = |item: Item, name: &str| {
        let mut changes = report.changes.iter();
        changes
            .find(|change| change.item == item && change.name == name)
            .map(|change| change.action)
    };
    assert_eq!(action(Item::Bundle, "ordercase"), Some(Action::Replaced));
    assert_eq!(
        action(Item::JobSpec, "priority_changed_job"),
        Some(Action::Removed)
    );
    assert_eq!(
        action(Item::JobSpec, "ticket_created_job"),
        Some(Action::Unchanged)
    );
    assert!(report.verified);
}

#[tokio::test]
async fn a_renamed_field_is_found_by_its_mark_and_an_own_one_of_that_title_is_adopted() {
    let desk = Desk::open().await;
    let mark = "anything [ordercase:tracking] more";
    let renamed = desk
        .client
        .create_ticket_field("text", "Parcel", mark)
        .await
        .unwrap()
        .id;
    let namesake = desk.field("Ordercase case").await;
    let wrong = desk
        .client
        .create_ticket_field("checkbox", "Ordercase match", "x")
        .await
        .unwrap()
        .id;
    let report = install(&desk.client, &request()).await.unwrap();
    assert_eq!(report.fields["tracking"], renamed.to_string());
    assert_eq!(report.fields["case"], namesake.to_string());
    assert_ne!(report.fields["match"], wrong.to_string());
    assert!(
        report
            .warnings
            .iter()
            .any(|warning| warning.contains("Ordercase match"))
    );
}

#[tokio::test]
async fn who_may_not_install_is_told_why() {
    let desk = Desk::open().await;
    let agent = Auth::ApiToken {
        email: format!("agent@{}.example", desk.sim.config().subdomain),
        token: Secret::new(&desk.sim.config().legacy_token),
    };
    let agent = client_of(&desk.sim, agent, &desk.clock);
    assert_eq!(
        install(&agent, &request()).await.unwrap_err(),
        InstallError::NotAdmin
    );

    let small = Desk::on_plan(zendesk_sim::Plan::Team).await;
    let error = install(&small.client, &request()).await.unwrap_err();
    assert!(matches!(error, InstallError::NoZis { .. }), "{error}");

    let mut taken = request();
    taken.integration = "shopify".to_owned();
    let error = install(&desk.client, &taken).await.unwrap_err();
    assert_eq!(
        error,
        InstallError::NameTaken {
            name: "shopify".to_owned()
        }
    );
}

#[tokio::test]
async fn by_oauth_everything_works_but_the_upload() {
    let desk = Desk::open().await;
    let token = oauth_token(&desk).await;
    let client = client_of(&desk.sim, Auth::OAuth { token }, &desk.clock);
    let error = install(&client, &request()).await.unwrap_err();
    assert_eq!(error, InstallError::UploadNeedsSession);
    // Once an admin uploaded it otherwise, the rest goes through by OAuth.
    install(&desk.client, &request()).await.unwrap();
    let report = install(&client, &request()).await.unwrap();
    assert!(report.verified && !report.legacy_token);
}

/// An admin's token of an ordinary confidential client.
async fn oauth_token(desk: &Desk) -> Secret {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let config = desk.sim.config();
    let post = |path: &str, body: Value| {
        http.post(format!("http://{}{path}", desk.sim.address()))
            .basic_auth(
                format!("{}/token", config.legacy_email),
                Some(&config.legacy_token),
            )
            .json(&body)
            .send()
    };
    let client = json!({"client": {"identifier": "own", "name": "Own", "kind": "confidential"}});
    let client: Value = post("/api/v2/oauth/clients.json", client)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token =
        json!({"token": {"client_id": client["client"]["id"], "scopes": ["read", "write"]}});
    let token: Value = post("/api/v2/oauth/tokens.json", token)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    Secret::new(token["token"]["full_token"].as_str().unwrap())
}

#[tokio::test]
async fn uninstalling_takes_out_what_was_put_in_and_a_new_install_puts_it_back() {
    let desk = Desk::open().await;
    let first = install(&desk.client, &request()).await.unwrap();
    let foreign = desk.field("Not ours").await;
    let out = uninstall(&desk.client, "ordercase_acme", true)
        .await
        .unwrap();
    let count = |item: Item| {
        out.removed
            .iter()
            .filter(|change| change.item == item)
            .count()
    };
    assert_eq!(
        (
            count(Item::JobSpec),
            count(Item::Connection),
            count(Item::Bundle)
        ),
        (4, 1, 1)
    );
    assert_eq!(count(Item::Field), FIELDS.len());
    let left = desk.client.ticket_fields().await.unwrap();
    assert!(left.iter().any(|field| field.id == foreign));
    assert!(
        uninstall(&desk.client, "ordercase_acme", true)
            .await
            .unwrap()
            .removed
            .is_empty()
    );
    assert!(
        uninstall(&desk.client, "never_was", false)
            .await
            .unwrap()
            .removed
            .is_empty()
    );

    let back = install(&desk.client, &request()).await.unwrap();
    assert!(back.verified);
    assert_ne!(back.fields, first.fields);
}

#[tokio::test]
async fn no_report_and_no_error_shows_a_secret() {
    let desk = Desk::open().await;
    let report = install(&desk.client, &request()).await.unwrap();
    let shown = format!(
        "{report:?} {:?} {:?} {}",
        request(),
        desk.client,
        serde_json::to_string(&report).unwrap()
    );
    assert!(!shown.contains(TOKEN));
    assert!(!shown.contains(&desk.sim.config().legacy_token));
    desk.fault(json!({"kind": "status", "status": 400, "path": "bearer_token", "method": "POST"}))
        .await;
    let mut again = request();
    again.replace_token = true;
    let error = install(&desk.client, &again).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(TOKEN));
}

#[tokio::test]
async fn an_installation_that_broke_off_is_finished_by_the_next_run() {
    let desk = Desk::open().await;
    desk.fault(json!({"kind": "status", "status": 403, "path": "job_specs/install"}))
        .await;
    install(&desk.client, &request()).await.unwrap_err();
    let report = install(&desk.client, &request()).await.unwrap();
    assert!(report.verified);
}
