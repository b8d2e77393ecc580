//! Runs of flows, through the emulator: the account's clock, connections of the integration, and
//! HTTP only to hosts that `--dev-connect` maps (and to the account itself).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use jiff::Timestamp;
use ordercase_zis::emulate::{
    Account, Clock, Connection, ConnectionPort, Credential, Emulator, HttpFailure, HttpPort,
    HttpRequest, HttpResponse, NoStores, Secret, Start, Stores, Switches, drive,
};
use ordercase_zis::{Bundle, Event};
use serde_json::{Value, json};

use super::job_specs::parsed;
use crate::limits::BODY_BYTES_MAX;
use crate::shared::Shared;
use crate::world::zis::{StoredConnection, StoredCredential};

/// One flow to run.
struct Flow {
    integration: String,
    name: String,
    bundle: Bundle,
}

/// Starts every flow whose job spec is installed for this event, after a delay of the account's
/// clock.
pub(crate) fn start(shared: &Arc<Shared>, event: &Event, delay: Duration) {
    for flow in flows(shared, event) {
        let shared = Arc::clone(shared);
        let event = event.clone();
        let tracker = shared.flows.clone();
        tracker.spawn(async move {
            if delay > Duration::ZERO {
                shared.clock.wait(delay).await;
            }
            run(&shared, flow, event).await;
        });
    }
}

fn flows(shared: &Shared, event: &Event) -> Vec<Flow> {
    shared.read(|world| {
        let mut flows = Vec::new();
        for integration in world.integrations.values() {
            let upload = integration.bundle.as_ref().map(|bundle| bundle.upload);
            for spec in integration.installed.values() {
                let fires = Some(spec.upload) == upload
                    && spec.event_source == event.event_source
                    && spec.event_type == event.event_type;
                if let (true, Some(bundle)) = (fires, parsed(integration)) {
                    flows.push(Flow {
                        integration: integration.name.clone(),
                        name: spec.flow_name.clone(),
                        bundle,
                    });
                }
            }
        }
        flows
    })
}

async fn run(shared: &Arc<Shared>, flow: Flow, event: Event) {
    let number = shared.records().begin_run(json!({
        "integration": flow.integration,
        "flow": flow.name,
        "event_type": event.event_type,
        "ticket_id": event.input.pointer("/ticket_event/ticket/id"),
    }));
    let world = Arc::new(FlowWorld {
        shared: Arc::clone(shared),
        integration: flow.integration.clone(),
    });
    let start = Start {
        flow: flow.name,
        account: Account {
            account_id: shared.config.account_id,
            subdomain: shared.config.subdomain.clone(),
            integration_key: flow.integration,
        },
        input: event.input,
        stores: Stores {
            connections: world.clone(),
            configs: Arc::new(NoStores),
        },
    };
    let emulator = Emulator::new(Arc::new(flow.bundle), Switches::default());
    let (state, trace) = match drive(&emulator, start, &*world, &*world).await {
        Ok(trace) => {
            let state = if trace.succeeded() {
                "succeeded"
            } else {
                "failed"
            };
            (state, serde_json::to_value(&trace).unwrap_or(Value::Null))
        }
        Err(error) => ("not_started", json!({ "error": error.to_string() })),
    };
    shared.records().end_run(number, state, trace);
}

/// The world as one integration's flows see it.
struct FlowWorld {
    shared: Arc<Shared>,
    integration: String,
}

impl FlowWorld {
    fn connections(&self) -> Vec<Connection> {
        self.shared.read(|world| {
            let integration = world.integrations.get(&self.integration);
            let connections = integration.map(|found| found.connections.values());
            connections.into_iter().flatten().map(connection).collect()
        })
    }
}

fn connection(stored: &StoredConnection) -> Connection {
    Connection {
        name: stored.name.clone(),
        allowed_domain: stored.allowed_domain.clone(),
        credential: match &stored.credential {
            StoredCredential::Bearer { token } => Credential::Bearer(Secret::new(token)),
            StoredCredential::Basic { username, password } => Credential::Basic {
                username: username.clone(),
                password: Secret::new(password),
            },
        },
    }
}

impl ConnectionPort for FlowWorld {
    fn connection(&self, name: &str) -> Option<Connection> {
        self.connections()
            .into_iter()
            .find(|found| found.name == name)
    }

    fn all(&self) -> Vec<Connection> {
        self.connections()
    }
}

#[async_trait]
impl Clock for FlowWorld {
    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    async fn wait(&self, duration: Duration) {
        self.shared.clock.wait(duration).await;
    }
}

#[async_trait]
impl HttpPort for FlowWorld {
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let host = request.url.host_str().unwrap_or_default();
        let target = self.shared.dial(host).ok_or_else(|| {
            HttpFailure::Unreachable("this simulation has no way to that host".to_owned())
        })?;
        let mut url = request.url.clone();
        let unreachable = |_| HttpFailure::Unreachable("no such address".to_owned());
        url.set_scheme("http").map_err(unreachable)?;
        url.set_ip_host(target.ip()).map_err(unreachable)?;
        url.set_port(Some(target.port())).map_err(unreachable)?;
        let method = http::Method::from_bytes(request.method.as_str().as_bytes())
            .map_err(|_| HttpFailure::Unreachable("no such method".to_owned()))?;
        let mut builder = self
            .shared
            .http
            .request(method, url)
            .timeout(request.timeout)
            .header(http::header::HOST, host)
            .header(http::header::USER_AGENT, "Zendesk Integration Services");
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if let Some((name, secret)) = &request.authorization {
            builder = builder.header(name, secret.expose());
        }
        if let Some(body) = &request.body {
            builder = builder.json(body);
        }
        let answer = builder.send().await.map_err(|error| failure(&error))?;
        let status = answer.status().as_u16();
        let retry_after = answer
            .headers()
            .get(http::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let body = read(answer).await?;
        Ok(HttpResponse {
            status,
            retry_after,
            body,
        })
    }
}

async fn read(answer: reqwest::Response) -> Result<Vec<u8>, HttpFailure> {
    let mut body = Vec::new();
    let mut stream = answer.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| failure(&error))?;
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(HttpFailure::Unreachable(
                "the answer is too long".to_owned(),
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn failure(error: &reqwest::Error) -> HttpFailure {
    if error.is_timeout() {
        HttpFailure::TimedOut
    } else {
        HttpFailure::Unreachable("connection refused".to_owned())
    }
}
