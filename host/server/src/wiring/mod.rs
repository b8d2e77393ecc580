//! What is plugged into what. Each file implements one crate's trait over another crate, so that
//! neither has to know the other: translation only, no rules.

pub mod desks;
pub mod door;
pub mod engine;
pub mod executor;
pub mod finder;
pub mod handler;
pub mod helpdesk;
pub mod install;
pub mod plugins;
pub mod poll;
pub mod scope;
pub mod source;
pub mod subscriptions;

use crate::{app::App, dev_connect::DevConnect};

/// Redirects in the runtime's words.
///
/// # Errors
/// When the runtime refuses one.
pub fn runtime_redirects(
    redirects: &[DevConnect],
) -> anyhow::Result<Vec<ordercase_runtime::DevConnect>> {
    let read = |redirect: &DevConnect| {
        ordercase_runtime::DevConnect::new(&redirect.host, redirect.target).map_err(Into::into)
    };
    redirects.iter().map(read).collect()
}

/// Redirects in the Zendesk client's words.
///
/// # Errors
/// When the client refuses one.
pub fn zendesk_redirects(
    redirects: &[DevConnect],
) -> anyhow::Result<Vec<ordercase_zendesk::DevConnect>> {
    let read = |redirect: &DevConnect| {
        ordercase_zendesk::DevConnect::new(&redirect.host, redirect.target).map_err(Into::into)
    };
    redirects.iter().map(read).collect()
}

/// Loads the plugins that connections pin, so that the first webhook does not wait for a compiler. One
/// that cannot be loaded stops nothing else; its connection says why when it is used.
pub async fn load_plugins(app: &App) {
    let connections = match app.store.connections(None).await {
        Ok(connections) => connections,
        Err(error) => return tracing::error!("the connections cannot be listed: {error}"),
    };
    for connection in connections {
        if let Err(error) = app.plugins.get(&connection.plugin_digest).await {
            tracing::error!(
                tenant.id = %connection.key.tenant,
                connection.id = %connection.key.connection,
                plugin.digest = connection.plugin_digest,
                "a pinned plugin cannot be loaded: {error}"
            );
        }
    }
}
