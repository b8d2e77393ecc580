//! Rate limits and failures: what is waited for, what goes back to the caller.

use std::time::Duration;

use ordercase_zendesk::ZendeskError;
use ordercase_zendesk::clock::Clock as _;
use ordercase_zendesk::effects::EffectFailure;
use serde_json::json;

use crate::desk::Desk;

#[tokio::test]
async fn a_429_waits_as_long_as_it_says_and_then_goes_through() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    desk.fault(json!({"kind": "status", "status": 429, "retry_after": 7, "body": "text"}))
        .await;
    desk.client.ticket(ticket).await.unwrap();
    assert_eq!(desk.clock.slept(), [Duration::from_secs(7)]);
}

#[tokio::test]
async fn a_429_without_retry_after_waits_the_default() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    desk.fault(json!({"kind": "status", "status": 429, "body": "html"}))
        .await;
    desk.client.ticket(ticket).await.unwrap();
    assert_eq!(desk.clock.slept(), [Duration::from_secs(10)]);
}

#[tokio::test]
async fn a_wait_longer_than_a_worker_should_sleep_goes_back_to_the_queue() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    desk.fault(json!({"kind": "status", "status": 429, "retry_after": 999_999, "method": "PUT"}))
        .await;
    let payload = json!({"ticket_id": ticket, "op_id": "op-1", "priority": "high"});
    let failure = ordercase_zendesk::execute(&desk.client, "ticket.update", &payload, 0).await;
    let Err(EffectFailure::RetryAfter { after, .. }) = failure else {
        panic!("{failure:?}");
    };
    assert_eq!(after, Duration::from_secs(900));
    assert!(desk.clock.slept().is_empty());
}

#[tokio::test]
async fn reading_survives_a_bad_minute_and_gives_up_in_the_end() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    desk.fault(json!([
        {"kind": "status", "status": 500},
        {"kind": "refuse"},
    ]))
    .await;
    desk.client.ticket(ticket).await.unwrap();
    desk.fault(json!({"kind": "status", "status": 502, "count": 3, "body": "html"}))
        .await;
    let error = desk.client.ticket(ticket).await.unwrap_err();
    assert!(matches!(error, ZendeskError::Retry { .. }), "{error}");
}

#[tokio::test]
async fn a_write_with_a_lost_answer_is_not_repeated_by_the_client() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    desk.fault(json!({"kind": "lost_answer", "method": "PUT"}))
        .await;
    let change = ordercase_zendesk::ticket::TicketChange::default().set("priority", "high");
    let error = desk
        .client
        .update_ticket(ticket, &change)
        .await
        .unwrap_err();
    assert!(matches!(error, ZendeskError::AnswerLost { .. }), "{error}");
    let writes = desk.get("journal").await;
    let puts = writes["writes"].as_array().unwrap();
    assert_eq!(
        puts.iter().filter(|write| write["method"] == "PUT").count(),
        1
    );
}

#[tokio::test]
async fn the_clients_own_governor_keeps_below_the_plan_so_zendesk_never_refuses() {
    // The client was told of a large plan; the headers of the first answer teach it better.
    let desk = Desk::on_plan(zendesk_sim::Plan::Team).await;
    let ticket = desk.file().await;
    let mut calls = 0;
    while desk.clock.slept().is_empty() && calls < 400 {
        desk.client.ticket(ticket).await.unwrap();
        calls += 1;
    }
    assert_eq!(
        calls, 161,
        "four fifths of 200 went at once, the next one waited"
    );
    assert_eq!(desk.clock.slept(), [Duration::from_secs(60)]);
    assert_eq!(desk.client.known_limit(), 200);
}

#[tokio::test]
async fn an_account_that_fails_again_and_again_is_left_alone_and_then_tried_once() {
    let desk = Desk::open().await;
    let ticket = desk.file().await;
    desk.fault(json!({"kind": "status", "status": 502, "count": 100}))
        .await;
    let mut errors = Vec::new();
    for _ in 0..10 {
        errors.push(desk.client.ticket(ticket).await.unwrap_err());
    }
    let asked = async || {
        let left = desk.get("faults").await["faults"][0]["count"].as_u64();
        100 - left.unwrap()
    };
    assert_eq!(asked().await, 5, "three tries, two more, then nobody asks");
    let error = errors.last().unwrap().to_string();
    assert!(error.contains("failed 5 times in a row"), "{error}");
    assert!(matches!(errors[9], ZendeskError::Retry { .. }), "{error}");
    // A write is not sent either, so nothing of it can have happened.
    let payload = json!({"ticket_id": ticket, "op_id": "op-1", "priority": "high"});
    let failure = ordercase_zendesk::execute(&desk.client, "ticket.update", &payload, 0).await;
    assert!(
        matches!(failure, Err(EffectFailure::Retry { .. })),
        "{failure:?}"
    );
    assert_eq!(asked().await, 5);
    // After a while one request tries, and as it fails too, the next waits longer.
    desk.clock.sleep(Duration::from_secs(30)).await;
    for _ in 0..3 {
        desk.client.ticket(ticket).await.unwrap_err();
    }
    assert_eq!(asked().await, 6);
    // It is back: everybody may ask.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let faults = format!("http://{}/_sim/faults", desk.sim.address());
    http.delete(faults).send().await.unwrap();
    desk.clock.sleep(Duration::from_secs(30)).await;
    for _ in 0..3 {
        desk.client.ticket(ticket).await.unwrap();
    }
}
