//! `ordercase serve`: open, wire, listen, announce, and stop in order.

use std::{io::Write as _, sync::Arc};

use anyhow::Context as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    cli::{Host, Serve},
    config::Config,
    data_dir::ServerFile,
    dev_connect, http, shutdown, telemetry,
};

/// Runs the host until it is asked to stop.
///
/// # Errors
/// When the configuration cannot work or the host cannot start.
pub async fn run(host: Host, serve: Serve) -> anyhow::Result<()> {
    let config = Config::check(&host, &serve)?;
    telemetry::start(&serve.log)?;
    dev_connect::warn(&config.dev_connect);
    let stop = CancellationToken::new();
    let app = App::open(&config, stop.clone()).await?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "cannot listen on {}: choose another --listen",
            config.listen
        )
    })?;
    app.start(config.ticket_poll).await;
    announce(&config, &listener)?;
    tokio::spawn(async move {
        shutdown::asked().await;
        tracing::info!("asked to stop: requests under way finish first");
        stop.cancel();
    });
    listen(listener, Arc::clone(&app)).await?;
    app.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn listen(listener: TcpListener, app: Arc<App>) -> anyhow::Result<()> {
    let stop = app.tasks.stop();
    let served = axum::serve(listener, http::router::router(Arc::clone(&app)))
        .with_graceful_shutdown({
            let stop = stop.clone();
            async move { stop.cancelled().await }
        })
        .into_future();
    tokio::select! {
        served = served => served.context("the listener failed"),
        // A request that never ends must not keep the host from stopping.
        () = async { stop.cancelled().await; tokio::time::sleep(crate::limits::DRAIN_TIMEOUT).await } => Ok(()),
    }
}

/// Tells where the server is: in the data directory for the verbs, on standard output for whoever
/// started it.
fn announce(config: &Config, listener: &TcpListener) -> anyhow::Result<()> {
    let local = listener.local_addr()?;
    let address = format!("http://{local}");
    config.data.announce(&ServerFile {
        address: address.clone(),
        // An address that nobody named is nobody's: verbs without a server must not take it for one.
        public_url: if config.public_url.is_known() {
            config.public_url.as_str().to_owned()
        } else {
            String::new()
        },
    })?;
    let redirects: Vec<String> = config
        .dev_connect
        .iter()
        .map(|redirect| format!("{}={}", redirect.host, redirect.target))
        .collect();
    let line = json!({
        "ready": true,
        "address": address,
        "public_url": config.public_url.as_str(),
        "dev_connect": redirects,
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .context("cannot write the ready line")?;
    tracing::info!(%address, "ready");
    Ok(())
}
