//! The installed bundle runs in the simulated Zendesk: every event reaches the host, or is tried
//! again as the flow says, by the account's clock.

use std::net::SocketAddr;

use ordercase_zendesk::install::install;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::host::{HOST, Host, TOKEN, request};

/// An account with the bundle installed and the host reachable.
async fn installed(answers: &[u16]) -> (Desk, Host) {
    let (host, address) = Host::start(answers).await;
    let desk = Desk::open().await;
    reach(&desk, address).await;
    install(&desk.client, &request()).await.unwrap();
    (desk, host)
}

async fn reach(desk: &Desk, address: SocketAddr) {
    desk.post(
        "dev_connect",
        json!({"host": HOST, "target": address.to_string()}),
    )
    .await;
}

async fn states(desk: &Desk) -> Vec<String> {
    let runs = desk.get("runs").await;
    let runs = runs["runs"].as_array().unwrap();
    runs.iter()
        .map(|run| run["state"].as_str().unwrap().to_owned())
        .collect()
}

/// Moves the account's clock until no flow is running.
async fn run_out(desk: &Desk) {
    let mut minutes = 0;
    while states(desk).await.iter().any(|state| state == "running") {
        assert!(minutes < 2000, "flows do not end");
        desk.advance(5).await;
        minutes += 1;
    }
}

#[tokio::test]
async fn a_filed_ticket_reaches_the_host_with_the_desks_token_and_ids_only() {
    let (desk, host) = installed(&[]).await;
    let ticket = desk.file().await;
    desk.sim.flows_done().await;
    assert_eq!(
        host.event_types(),
        ["ticket.CommentAdded", "ticket.TicketCreated"]
    );
    for event in host.arrived() {
        assert_eq!(event.authorization, format!("Bearer {TOKEN}"));
        assert_eq!(event.body["schema"], "zis-event/1");
        assert_eq!(event.body["ticket_id"].as_u64(), Some(ticket));
        assert_eq!(
            event.body["account_id"].as_u64(),
            Some(desk.sim.config().account_id)
        );
        assert_eq!(event.body["sequence"]["total"], 2);
        assert!(
            !event.body.to_string().contains("Order 1001"),
            "no text of the customer"
        );
    }
    assert_eq!(states(&desk).await, ["succeeded", "succeeded"]);
    let traces = desk.get("runs").await.to_string();
    assert!(!traces.contains(TOKEN), "traces hold no credential");
}

#[tokio::test]
async fn status_and_priority_changes_are_events_and_one_save_shares_a_sequence() {
    let (desk, host) = installed(&[]).await;
    let ticket = desk.file().await;
    desk.sim.flows_done().await;
    let change = json!({"status": "open", "priority": "high"});
    desk.post(&format!("tickets/{ticket}"), change).await;
    desk.sim.flows_done().await;
    let of = |name: &str| {
        let arrived = host.arrived();
        let mut events = arrived
            .iter()
            .filter(|event| event.body["event_type"] == name);
        events
            .next()
            .map(|event| event.body["sequence"]["id"].clone())
    };
    assert_eq!(of("ticket.StatusChanged"), of("ticket.PriorityChanged"));
    assert_ne!(of("ticket.StatusChanged"), of("ticket.TicketCreated"));
}

#[tokio::test]
async fn a_host_that_is_away_is_tried_again_after_5_30_and_60_seconds() {
    let (desk, host) = installed(&[503, 503, 503, 202]).await;
    desk.fault(json!({"kind": "event_drop", "path": "CommentAdded"}))
        .await;
    desk.file().await;
    run_out(&desk).await;
    assert_eq!(host.arrived().len(), 4);
    assert_eq!(states(&desk).await, ["succeeded"]);
    let runs = desk.get("runs").await;
    let elapsed = runs["runs"][0]["trace"]["elapsed_ms"].as_u64().unwrap();
    assert!(elapsed >= 95_000, "{elapsed}");
}

#[tokio::test]
async fn a_host_that_stays_away_ends_the_flow_and_a_401_ends_it_at_once() {
    let (desk, host) = installed(&[503; 4]).await;
    desk.fault(json!({"kind": "event_drop", "path": "CommentAdded", "count": 2}))
        .await;
    desk.file().await;
    run_out(&desk).await;
    assert_eq!(
        (host.arrived().len(), states(&desk).await),
        (4, vec!["failed".to_owned()])
    );

    let (desk, host) = installed(&[401, 401]).await;
    desk.fault(json!({"kind": "event_drop", "path": "CommentAdded"}))
        .await;
    desk.file().await;
    desk.sim.flows_done().await;
    assert_eq!(
        (host.arrived().len(), states(&desk).await),
        (1, vec!["failed".to_owned()])
    );
}

#[tokio::test]
async fn events_are_dropped_and_doubled_on_order() {
    let (desk, host) = installed(&[]).await;
    desk.fault(json!([
        {"kind": "event_drop", "path": "TicketCreated"},
        {"kind": "event_duplicate", "path": "CommentAdded"},
    ]))
    .await;
    desk.file().await;
    desk.sim.flows_done().await;
    assert_eq!(
        host.event_types(),
        ["ticket.CommentAdded", "ticket.CommentAdded"]
    );
    let arrived = host.arrived();
    assert_eq!(
        arrived[0].body, arrived[1].body,
        "the same event twice, to the byte"
    );
}

#[tokio::test]
async fn an_event_may_overtake_another_of_the_same_save() {
    let (desk, host) = installed(&[]).await;
    desk.fault(json!({"kind": "event_delay", "path": "TicketCreated", "millis": 60_000}))
        .await;
    desk.file().await;
    while host.arrived().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(host.event_types(), ["ticket.CommentAdded"]);
    while host.arrived().len() < 2 {
        desk.advance(60).await;
    }
    let positions: Vec<Value> = host
        .arrived()
        .iter()
        .map(|event| event.body["sequence"]["position"].clone())
        .collect();
    assert_eq!(positions, [json!(2), json!(1)]);
}

#[tokio::test]
async fn an_upload_orphans_job_specs_until_they_are_installed_again() {
    let (desk, host) = installed(&[]).await;
    upload(&desk).await;
    desk.file().await;
    desk.sim.flows_done().await;
    assert!(host.arrived().is_empty(), "listed as installed, and silent");
    install(&desk.client, &request()).await.unwrap();
    desk.file().await;
    desk.sim.flows_done().await;
    assert_eq!(host.arrived().len(), 2);
}

/// Uploads the bundle as somebody without the installer would.
async fn upload(desk: &Desk) {
    let config = desk.sim.config();
    let path = "/api/services/zis/registry/ordercase_acme/bundles";
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("http://{}{path}", desk.sim.address()))
        .basic_auth(
            format!("{}/token", config.legacy_email),
            Some(&config.legacy_token),
        )
        .json::<Value>(&request().bundle)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success());
}

#[tokio::test]
async fn the_desks_own_writes_are_events_that_carry_its_op_id_in_the_audit() {
    let (desk, _host) = installed(&[]).await;
    let ticket = desk.file().await;
    let payload = json!({"ticket_id": ticket, "op_id": "op-1", "status": "pending"});
    ordercase_zendesk::execute(&desk.client, "ticket.update", &payload, 0)
        .await
        .unwrap();
    desk.sim.flows_done().await;
    let events = desk.get("events").await;
    let events = events["events"].as_array().unwrap();
    let echo = events
        .iter()
        .find(|event| event["event_type"] == "ticket.StatusChanged")
        .unwrap();
    let state = desk.state(ticket).await;
    let audits = state["audits"].as_array().unwrap();
    let audit = audits
        .iter()
        .find(|audit| audit["id"] == echo["audit_id"])
        .unwrap();
    assert_eq!(audit["metadata"]["custom"]["ordercase_op"], "op-1");
}
