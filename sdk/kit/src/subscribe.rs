//! Whether a plugin's `subscribe` keeps to the contract: registered, listed, removed, gone; the platform's side is a
//! recorded exchange, so nothing leaves the machine.
//!
//! A tape is one JSON document: `{"topic", "address", "settings", "exchanges": [{"request": {"path", "body"},
//! "response": {"status", "body"}}]}`. The plugin must send its requests in that order; of a recorded body every
//! member must be sent, and a text under `query` need only begin so.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use ordercase_model::Instant;
use ordercase_runtime::egress::{OutboundAnswer, OutboundRequest, Transport, TransportError};
use ordercase_runtime::{
    CallError, CallScope, CredentialError, Credentials, Export, Lane, Plugin, PluginError, Runtime,
    RuntimeConfig, SecretText, Subscription,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::build::read_bounded;
use crate::limits::BODY_BYTES_MAX;
use crate::{map, print_line};

#[derive(clap::Args)]
pub(crate) struct SubscribeArgs {
    /// A plugin's folder, which is built first, or a component.
    #[arg(value_name = "PLUGIN")]
    plugin: PathBuf,
    /// The recorded exchange.
    #[arg(long, value_name = "FILE")]
    tape: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tape {
    topic: String,
    address: String,
    #[serde(default)]
    settings: Value,
    exchanges: VecDeque<Recorded>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    request: RecordedRequest,
    response: RecordedResponse,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedRequest {
    path: String,
    #[serde(default)]
    body: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedResponse {
    status: u16,
    body: Value,
}

/// One rule and whether it holds.
#[derive(Serialize)]
struct Rule {
    rule: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
}

pub(crate) fn run(args: &SubscribeArgs) -> anyhow::Result<()> {
    let tape = read(&args.tape)?;
    let component = map::component(&args.plugin)?;
    let threads = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no threads")?;
    let rules = threads.block_on(check(tape, component))?;
    rules.iter().try_for_each(print_line)?;
    let broken = rules.iter().filter(|rule| !rule.ok).count();
    if broken > 0 {
        bail!("{broken} of {} rules do not hold: see above", rules.len());
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Tape> {
    let bytes = read_bounded(file, BODY_BYTES_MAX)?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is no tape", file.display()))
}

async fn check(tape: Tape, component: Vec<u8>) -> anyhow::Result<Vec<Rule>> {
    let now = Instant::from_micros(0).context("1970 is in the calendar")?;
    let player = Arc::new(Player {
        left: Mutex::new(tape.exchanges),
    });
    let runtime = Runtime::new(RuntimeConfig {
        transport: Some(Arc::clone(&player) as Arc<dyn Transport>),
        ..RuntimeConfig::new(Arc::new(move || now))
    })?;
    let plugin = runtime.admit(component).await?;
    if !plugin.manifest.exports(Export::Subscribe) {
        bail!("the plugin does not export `subscribe`: there is nothing to check");
    }
    let webhooks = plugin.manifest.webhooks.as_ref();
    let known = webhooks.is_some_and(|all| all.registered_by_host().any(|t| t == tape.topic));
    if !known {
        bail!(
            "`{}` is no topic of the manifest that the host registers",
            tape.topic
        );
    }
    let scope = CallScope {
        tenant_id: "kit".to_owned(),
        connection_id: "kit".to_owned(),
        settings: tape.settings,
        shop: json!({}),
        overrides: json!({}),
        credentials: Arc::new(Stand),
        lane: Lane::Poll,
    };
    let mut rules = round_trip(&runtime, &plugin, &scope, &tape.topic, &tape.address).await;
    let left = player
        .left
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .len();
    let why = format!("{left} exchanges were not asked for");
    rules.push(rule("the whole tape is played", left == 0, why));
    Ok(rules)
}

async fn round_trip(
    runtime: &Runtime,
    plugin: &Plugin,
    scope: &CallScope,
    topic: &str,
    address: &str,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    let made = match runtime.register(plugin, scope, topic, address).await {
        Ok(called) => called.value,
        Err(error) => {
            return vec![rule("register registers", false, error.to_string())];
        }
    };
    let same = made.topic == topic && made.address == address;
    let why = format!("`{}` at `{}`", made.topic, made.address);
    rules.push(rule(
        "register answers with the topic and the address that it was given",
        same,
        why,
    ));
    let listed = runtime.subscriptions(plugin, scope).await;
    rules.push(lists(
        "what was registered is listed, by the same id, topic and address",
        listed.map(|called| called.value.contains(&made)),
    ));
    let removed = runtime.remove_subscription(plugin, scope, &made.id).await;
    let why = removed.as_ref().err().map(ToString::to_string);
    rules.push(rule(
        "remove removes",
        removed.is_ok(),
        why.unwrap_or_default(),
    ));
    let listed = runtime.subscriptions(plugin, scope).await;
    let there = |all: Vec<Subscription>| all.iter().any(|one| one.id == made.id);
    rules.push(lists(
        "what was removed is not listed",
        listed.map(|called| !there(called.value)),
    ));
    let again = runtime.remove_subscription(plugin, scope, &made.id).await;
    let missing = matches!(
        &again,
        Err(CallError::Plugin {
            error: PluginError::NotFound(_),
            ..
        })
    );
    let why = again
        .err()
        .map_or("it succeeded".to_owned(), |e| e.to_string());
    rules.push(rule("removing what is gone is `not-found`", missing, why));
    rules
}

fn lists(name: &'static str, holds: Result<bool, CallError>) -> Rule {
    match holds {
        Ok(holds) => rule(name, holds, "it is otherwise".to_owned()),
        Err(error) => rule(name, false, error.to_string()),
    }
}

fn rule(rule: &'static str, ok: bool, why: String) -> Rule {
    Rule {
        rule,
        ok,
        why: if ok { String::new() } else { why },
    }
}

/// Stands in for every secret; it is in no tape.
struct Stand;

#[async_trait]
impl Credentials for Stand {
    async fn secret(&self, _slot: &str) -> Result<SecretText, CredentialError> {
        Ok(SecretText::from("recorded-secret"))
    }
}

/// Plays the platform's side.
struct Player {
    left: Mutex<VecDeque<Recorded>>,
}

#[async_trait]
impl Transport for Player {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundAnswer, TransportError> {
        let next = self
            .left
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        let denied = |why: String| Err(TransportError::Denied(why));
        let Some(next) = next else {
            return denied("the tape has ended".to_owned());
        };
        let sent: Value = request
            .body
            .as_deref()
            .map_or(Ok(Value::Null), serde_json::from_slice)
            .unwrap_or(Value::Null);
        if request.url.path() != next.request.path || !covers(&sent, &next.request.body, "") {
            return denied(format!(
                "the tape has another request here, to {}: {}",
                next.request.path, next.request.body
            ));
        }
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        Ok(OutboundAnswer {
            status: StatusCode::from_u16(next.response.status).unwrap_or(StatusCode::OK),
            headers,
            body: Bytes::from(next.response.body.to_string()),
        })
    }
}

/// Whether everything recorded was sent.
fn covers(sent: &Value, recorded: &Value, key: &str) -> bool {
    match (sent, recorded) {
        (_, Value::Null) => true,
        (Value::Object(sent), Value::Object(recorded)) => recorded
            .iter()
            .all(|(key, value)| covers(sent.get(key).unwrap_or(&Value::Null), value, key)),
        (Value::String(sent), Value::String(recorded)) if key == "query" => {
            sent.trim_start().starts_with(recorded.as_str())
        }
        (sent, recorded) => sent == recorded,
    }
}
