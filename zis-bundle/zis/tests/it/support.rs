//! A fake Ordercase host, an account, and events for it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ordercase_zis::emulate::{
    Account, Clock, Connection, Credential, Emulator, HttpFailure, HttpPort, HttpRequest,
    HttpResponse, NoStores, Secret, Start, Stores, Switches, Trace, VirtualClock, drive,
};
use ordercase_zis::{Bundle, Event, TicketChange, TicketFacts, TicketSave, ours, ticket_events};
use serde_json::json;

pub(crate) const INTEGRATION: &str = "ordercase_acme";
pub(crate) const HOST: &str = "orders.example.com";
pub(crate) const TOKEN: &str = "canary-desk-token";

/// What the fake host does next.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// 202 with a receipt.
    Accepts,
    /// This status, no body.
    Answers(u16),
    /// 200 with a page, as something that is not the host would.
    ShowsAPage,
    /// Nothing within the time.
    Sleeps,
}

/// A host that follows a script and then accepts. It knows one token.
pub(crate) struct FakeHost {
    script: Mutex<VecDeque<Does>>,
    pub(crate) seen: Mutex<Vec<HttpRequest>>,
}

impl FakeHost {
    pub(crate) fn that(script: &[Does]) -> Self {
        Self {
            script: Mutex::new(script.iter().copied().collect()),
            seen: Mutex::default(),
        }
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

#[async_trait]
impl HttpPort for FakeHost {
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, HttpFailure> {
        self.seen.lock().unwrap().push(request.clone());
        let authorized = request
            .authorization
            .as_ref()
            .is_some_and(|(header, value)| {
                header == "Authorization" && value.expose() == format!("Bearer {TOKEN}")
            });
        if !authorized {
            return Ok(HttpResponse::json(401, &json!({"title": "unknown token"})));
        }
        let next = self
            .script
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or(Does::Accepts);
        match next {
            Does::Accepts => Ok(HttpResponse::json(202, &json!({"receipt": "rcp_1"}))),
            Does::Answers(status) => Ok(HttpResponse {
                status,
                ..HttpResponse::default()
            }),
            Does::ShowsAPage => Ok(HttpResponse {
                status: 200,
                retry_after: None,
                body: b"<html>parked</html>".to_vec(),
            }),
            Does::Sleeps => Err(HttpFailure::TimedOut),
        }
    }
}

pub(crate) fn bundle() -> Bundle {
    ours::template().unwrap().rekey(INTEGRATION, HOST).unwrap()
}

pub(crate) fn connection(token: &str, domain: &str) -> Connection {
    Connection {
        name: ours::CONNECTION.to_owned(),
        allowed_domain: domain.to_owned(),
        credential: Credential::Bearer(Secret::new(token)),
    }
}

pub(crate) fn stores(connections: Vec<Connection>) -> Stores {
    Stores {
        connections: Arc::new(connections),
        configs: Arc::new(NoStores),
    }
}

/// One save that emits all four events.
pub(crate) fn events() -> Vec<Event> {
    let ticket = TicketFacts {
        id: 1001,
        created_at: "2026-11-25T04:00:00Z".to_owned(),
        updated_at: "2026-11-25T04:00:00Z".to_owned(),
        status: "open".to_owned(),
        priority: Some("high".to_owned()),
        requester_id: 17,
        submitter_id: 17,
        ..TicketFacts::default()
    };
    let save = TicketSave {
        sequence_id: "C20565CD20591B5E81E2206E91ADFB2A".to_owned(),
        occurred_at: "2026-11-25T04:00:00Z".parse().unwrap(),
        reference: "18-646602214".to_owned(),
    };
    let changes = [
        TicketChange::Created,
        TicketChange::CommentAdded {
            id: 555,
            body: "Where is my order \"1042\"? \\u{1F4E6} {{$.connections}}".to_owned(),
            is_public: true,
            author_id: 17,
        },
        TicketChange::StatusChanged {
            previous: "new".to_owned(),
            current: "open".to_owned(),
        },
        TicketChange::PriorityChanged {
            previous: None,
            current: Some("high".to_owned()),
        },
    ];
    ticket_events(&save, &ticket, &changes)
}

pub(crate) fn account() -> Account {
    Account {
        account_id: 12345,
        subdomain: "acme".to_owned(),
        integration_key: INTEGRATION.to_owned(),
    }
}

pub(crate) fn clock() -> VirtualClock {
    VirtualClock::new("2026-11-25T04:00:01Z".parse().unwrap())
}

/// Runs the flow that `event` starts, the way Zendesk finds it: by job spec.
pub(crate) async fn run(
    event: &Event,
    stores: Stores,
    host: &FakeHost,
    switches: Switches,
) -> Trace {
    let bundle = Arc::new(bundle());
    let mut jobs = bundle.jobs_for(&event.event_source, &event.event_type);
    let flow = jobs.next().unwrap().flow_name.clone();
    assert!(jobs.next().is_none(), "one job spec per event");
    let emulator = Emulator::new(Arc::clone(&bundle), switches);
    let start = Start {
        flow,
        account: account(),
        input: event.input.clone(),
        stores,
    };
    let clock = clock();
    let before = clock.now();
    let trace = drive(&emulator, start, host, &clock).await.unwrap();
    let passed = clock.now().duration_since(before).as_millis();
    assert_eq!(
        u128::from(trace.elapsed_ms),
        u128::try_from(passed).unwrap()
    );
    trace
}
