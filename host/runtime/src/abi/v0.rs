//! `ordercase:source` 0.1.

use ordercase_model::RecordRef;
use serde_json::Value;
use wasmtime::component::{HasSelf, Instance, InstancePre, Linker};

use crate::{
    CallScope, Export, MapInput, PluginError, PullRequest, SearchQuery, WebhookDelivery,
    call::CallState, limits,
};

/// Generated from `sdk/wit`.
pub(crate) mod bindings {
    wasmtime::component::bindgen!({
        path: "../../sdk/wit",
        world: "everything",
        imports: { "ordercase:source/http.send": async },
        exports: { default: async },
    });
}

use bindings::{
    exports::ordercase::source::{fetch, map, probe, pull, receive, search, subscribe},
    ordercase::source::{errors, records, types},
};

pub(crate) use map::Envelope;
pub(crate) use pull::Page as RawPage;
pub(crate) use receive::Reading as RawReading;
pub(crate) use records::Pulled as RawPulled;
pub(crate) use subscribe::Subscription as RawSubscription;

/// Gives plugins what they may import.
pub(crate) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    bindings::Everything::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
}

/// Checks the types of an export against the contract.
pub(crate) fn typecheck(
    store: &mut wasmtime::Store<CallState>,
    pre: &InstancePre<CallState>,
    instance: &Instance,
    export: Export,
) -> wasmtime::Result<()> {
    match export {
        Export::Probe => probe::GuestIndices::new(pre)?
            .load(store, instance)
            .map(drop),
        Export::Pull => pull::GuestIndices::new(pre)?
            .load(store, instance)
            .map(drop),
        Export::Fetch => fetch::GuestIndices::new(pre)?
            .load(store, instance)
            .map(drop),
        Export::Search => search::GuestIndices::new(pre)?
            .load(store, instance)
            .map(drop),
        Export::Map => map::GuestIndices::new(pre)?.load(store, instance).map(drop),
        Export::Receive => receive::GuestIndices::new(pre)?
            .load(store, instance)
            .map(drop),
        Export::Subscribe => subscribe::GuestIndices::new(pre)?
            .load(store, instance)
            .map(drop),
    }
}

/// One call, ready to be made.
pub(crate) mod call {
    use futures::future::BoxFuture;
    use wasmtime::Store;

    use super::{
        CallScope, CallState, Envelope, Instance, InstancePre, MapInput, PluginError, PullRequest,
        RawPage, RawPulled, RawReading, RawSubscription, RecordRef, SearchQuery, WebhookDelivery,
        context, fetch, map, probe, pull, read_error, receive, records, search, subscribe, types,
    };

    type Outcome<T> = wasmtime::Result<Result<T, PluginError>>;

    /// Makes the call on a fresh instance.
    pub(crate) type Make<T> = Box<
        dyn for<'a> FnOnce(
                &'a mut Store<CallState>,
                &'a InstancePre<CallState>,
                &'a Instance,
            ) -> BoxFuture<'a, Outcome<T>>
            + Send,
    >;

    macro_rules! make {
        ($interface:ident.$function:ident($($argument:expr),*)) => {
            Box::new(move |store, pre, instance| {
                Box::pin(async move {
                    let guest = $interface::GuestIndices::new(pre)?.load(&mut *store, instance)?;
                    let outcome = guest.$function(&mut *store, $($argument),*).await?;
                    Ok(outcome.map_err(read_error))
                })
            })
        };
    }

    pub(crate) fn probe(scope: &CallScope, api_version: &str) -> Make<Vec<u8>> {
        let ctx = context(scope, api_version);
        make!(probe.call_probe(&ctx))
    }

    pub(crate) fn pull(
        scope: &CallScope,
        api_version: &str,
        request: PullRequest,
    ) -> Make<RawPage> {
        let ctx = context(scope, api_version);
        let window = pull::Window {
            since: request.since.map(|at| at.to_string()),
            until: request.until.map(|at| at.to_string()),
        };
        make!(pull.call_pull(
            &ctx,
            &request.stream,
            &window,
            request.cursor.as_deref(),
            request.limit
        ))
    }

    pub(crate) fn fetch(
        scope: &CallScope,
        api_version: &str,
        target: &RecordRef,
    ) -> Make<Vec<RawPulled>> {
        let ctx = context(scope, api_version);
        let target = records::RecordRef {
            kind: target.kind.as_str().to_owned(),
            source_id: target.source_id.clone(),
        };
        make!(fetch.call_fetch(&ctx, &target))
    }

    pub(crate) fn search(
        scope: &CallScope,
        api_version: &str,
        query: &SearchQuery,
        limit: u32,
    ) -> Make<Vec<RawPulled>> {
        let ctx = context(scope, api_version);
        let query = search::Query {
            by: query.by.clone(),
            value: query.value.clone(),
        };
        make!(search.call_search(&ctx, &query, limit))
    }

    pub(crate) fn map(
        scope: &CallScope,
        api_version: &str,
        stream: &str,
        inputs: &[MapInput],
    ) -> Make<Vec<Envelope>> {
        let ctx = context(scope, api_version);
        let stream = stream.to_owned();
        let inputs: Vec<_> = inputs
            .iter()
            .map(|input| map::Input {
                role: input.role.clone(),
                content_type: input.content_type.clone(),
                bytes: input.bytes.to_vec(),
            })
            .collect();
        make!(map.call_map(&ctx, &stream, &inputs))
    }

    pub(crate) fn receive(
        scope: &CallScope,
        api_version: &str,
        delivery: &WebhookDelivery,
    ) -> Make<RawReading> {
        let ctx = context(scope, api_version);
        let header = |(name, value): &(String, String)| types::Header {
            name: name.clone(),
            value: value.clone(),
        };
        let webhook = receive::Webhook {
            topic: delivery.topic.clone(),
            headers: delivery.headers.iter().map(header).collect(),
            body: delivery.body.to_vec(),
            received_at: delivery.received_at.to_string(),
        };
        make!(receive.call_receive(&ctx, &webhook))
    }

    pub(crate) fn register(
        scope: &CallScope,
        api_version: &str,
        topic: &str,
        address: &str,
    ) -> Make<RawSubscription> {
        let ctx = context(scope, api_version);
        let (topic, address) = (topic.to_owned(), address.to_owned());
        make!(subscribe.call_register(&ctx, &topic, &address))
    }

    pub(crate) fn subscriptions(
        scope: &CallScope,
        api_version: &str,
    ) -> Make<Vec<RawSubscription>> {
        let ctx = context(scope, api_version);
        make!(subscribe.call_subscriptions(&ctx))
    }

    pub(crate) fn remove(scope: &CallScope, api_version: &str, id: &str) -> Make<()> {
        let ctx = context(scope, api_version);
        let id = id.to_owned();
        make!(subscribe.call_remove(&ctx, &id))
    }
}

fn context(scope: &CallScope, api_version: &str) -> types::Context {
    let bytes = |value: &Value| value.to_string().into_bytes();
    types::Context {
        settings: bytes(&scope.settings),
        shop: bytes(&scope.shop),
        overrides: bytes(&scope.overrides),
        api_version: api_version.to_owned(),
    }
}

/// A plugin's error, its texts bounded.
fn read_error(error: errors::PluginError) -> PluginError {
    use errors::PluginError as Raw;
    match error {
        Raw::AuthExpired(text) => PluginError::AuthExpired(bounded(text)),
        Raw::RateLimited(retry_after_ms) => PluginError::RateLimited { retry_after_ms },
        Raw::NotFound(text) => PluginError::NotFound(bounded(text)),
        Raw::InvalidConfig(config) => PluginError::InvalidConfig {
            field: bounded(config.field),
            message: bounded(config.message),
        },
        Raw::Malformed(text) => PluginError::Malformed(bounded(text)),
        Raw::Upstream(upstream) => PluginError::Upstream {
            status: upstream.status,
            message: bounded(upstream.message),
        },
        Raw::InvalidCursor(text) => PluginError::InvalidCursor(bounded(text)),
        Raw::Unsupported(text) => PluginError::Unsupported(bounded(text)),
        Raw::Internal(text) => PluginError::Internal(bounded(text)),
    }
}

fn bounded(mut text: String) -> String {
    if text.len() > limits::ERROR_TEXT_BYTES_MAX {
        let end = text.floor_char_boundary(limits::ERROR_TEXT_BYTES_MAX);
        text.truncate(end);
    }
    text
}
