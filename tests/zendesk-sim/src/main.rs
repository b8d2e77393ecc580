//! `zendesk-sim`: one simulated Zendesk account on a loopback port.
//!
//! Prints one line of JSON when it is ready, then serves until it is told to stop.
#![expect(
    clippy::print_stdout,
    reason = "the ready line is the interface of this binary"
)]

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use serde_json::json;
use zendesk_sim::{Plan, Sim, SimConfig};

/// A strict Zendesk in a box.
#[derive(Debug, Parser)]
#[command(name = "zendesk-sim", version)]
struct Arguments {
    /// Loopback port; 0 for any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Varies ids and the legacy token.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Directory that keeps the account; without it a stop forgets everything.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A host that flows may reach, as HOST=127.0.0.1:PORT; repeat for more.
    #[arg(long = "dev-connect", value_parser = dial)]
    dev_connect: Vec<(String, SocketAddr)>,
    /// The account's name.
    #[arg(long, default_value = "acme")]
    subdomain: String,
    /// The account's plan.
    #[arg(long, value_enum, default_value_t = Plan::Professional)]
    plan: Plan,
    /// Bearer token that `/_sim/` asks for; open without it.
    #[arg(long)]
    admin_token: Option<String>,
    /// Seconds of the account's clock per real second.
    #[arg(long, default_value_t = 1.0)]
    clock_scale: f64,
    /// E-mail of the admin whose old API token still works.
    #[arg(long)]
    legacy_email: Option<String>,
    /// That token.
    #[arg(long)]
    legacy_token: Option<String>,
}

fn dial(text: &str) -> Result<(String, SocketAddr), String> {
    let wanted = "wants HOST=127.0.0.1:PORT";
    let (host, target) = text.split_once('=').ok_or(wanted)?;
    let target: SocketAddr = target.parse().map_err(|_| wanted)?;
    if host.is_empty() || !target.ip().is_loopback() {
        return Err(wanted.to_owned());
    }
    Ok((host.to_owned(), target))
}

impl Arguments {
    fn config(self) -> SimConfig {
        let derived = SimConfig::new(&self.subdomain, self.seed);
        SimConfig {
            plan: self.plan,
            port: self.port,
            data: self.data,
            dev_connect: self.dev_connect,
            admin_token: self.admin_token,
            clock_scale: self.clock_scale,
            legacy_email: self.legacy_email.unwrap_or(derived.legacy_email),
            legacy_token: self.legacy_token.unwrap_or(derived.legacy_token),
            subdomain: derived.subdomain,
            seed: derived.seed,
            account_id: derived.account_id,
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .init();
    let config = Arguments::parse().config();
    for (host, target) in &config.dev_connect {
        tracing::warn!(%host, %target, "dev-connect: this host is dialled in plain HTTP on loopback");
    }
    let sim = Sim::start(config).await?;
    let mut ready = sim.info();
    if let Some(map) = ready.as_object_mut() {
        map.insert("ready".to_owned(), json!(true));
    }
    println!("{ready}");
    std::io::stdout().flush()?;
    stop_asked().await?;
    sim.stop().await;
    Ok(())
}

/// Returns on the first signal to stop.
async fn stop_asked() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
