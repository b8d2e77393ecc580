//! Starting an account: its configuration, its first users and fields, its listener.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::SimClock;
use crate::http::router::app;
use crate::http::wire::{CuttableListener, Scissors};
use crate::plan::Plan;
use crate::shared::Shared;
use crate::world::World;
use crate::world::field::{Field, SYSTEM_FIELDS};
use crate::world::ids::Kind;
use crate::world::user::NewUser;

/// What an account is made of.
#[derive(Clone, Debug)]
pub struct SimConfig {
    /// `{subdomain}.zendesk.com`.
    pub subdomain: String,
    /// Varies ids and the legacy token.
    pub seed: u64,
    /// The plan, for limits.
    pub plan: Plan,
    /// Port to listen on; 0 for any.
    pub port: u16,
    /// Where state is kept; nowhere if absent.
    pub data: Option<PathBuf>,
    /// Hosts that flows may reach, and where they are dialled.
    pub dev_connect: Vec<(String, SocketAddr)>,
    /// Token for `/_sim/`; open if absent.
    pub admin_token: Option<String>,
    /// How fast the account's clock runs.
    pub clock_scale: f64,
    /// E-mail that goes with the legacy API token.
    pub legacy_email: String,
    /// The API token that the account had before they could no longer be made.
    pub legacy_token: String,
    /// Zendesk's number of the account.
    pub account_id: u64,
}

impl SimConfig {
    /// An account with everything else derived from its name and seed.
    #[must_use]
    pub fn new(subdomain: &str, seed: u64) -> Self {
        let digest = Sha256::digest(format!("legacy token of {subdomain}, seed {seed}"));
        let token: String = hex::encode(digest).chars().take(40).collect();
        Self {
            subdomain: subdomain.to_owned(),
            seed,
            plan: Plan::default(),
            port: 0,
            data: None,
            dev_connect: Vec::new(),
            admin_token: None,
            clock_scale: 1.0,
            legacy_email: format!("integration@{subdomain}.example"),
            legacy_token: token,
            account_id: 22_129_000 + seed % 1000,
        }
    }

    /// The agent who acts in the agent workspace.
    pub(crate) fn agent_email(&self) -> String {
        format!("agent@{}.example", self.subdomain)
    }

    pub(crate) fn info(&self, address: SocketAddr) -> Value {
        json!({
            "address": format!("http://{address}"),
            "host": format!("{}.zendesk.com", self.subdomain),
            "subdomain": self.subdomain,
            "account_id": self.account_id,
            "plan": self.plan,
            "seed": self.seed,
            "legacy_email": self.legacy_email,
            "legacy_token": self.legacy_token,
            "agent_email": self.agent_email(),
        })
    }
}

/// A running account. Dropping it stops it.
pub struct Sim {
    shared: Arc<Shared>,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<()>,
}

impl Sim {
    /// Starts an account.
    ///
    /// # Errors
    /// When the port is taken or the data directory cannot be read.
    pub async fn start(config: SimConfig) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port))
            .await
            .with_context(|| format!("listening on port {}", config.port))?;
        let address = listener.local_addr()?;
        let mut world = World::open(&config.subdomain, config.seed, config.data.as_deref())?;
        let clock = SimClock::new(world.clock_lead(), config.clock_scale);
        if world.users.is_empty() {
            furnish(&mut world, &config, clock.seconds());
            world.flush()?;
        }
        let shared = Arc::new(Shared::new(config, address, clock, world, outgoing()?));
        let stop = CancellationToken::new();
        let service = app(&shared);
        let stopped = stop.clone();
        let server = tokio::spawn(async move {
            let service =
                axum::ServiceExt::<axum::extract::Request>::into_make_service_with_connect_info::<
                    Scissors,
                >(service);
            let serving = axum::serve(CuttableListener(listener), service)
                .with_graceful_shutdown(async move { stopped.cancelled().await });
            if let Err(error) = serving.await {
                tracing::error!(%error, "the simulator stopped serving");
            }
        });
        Ok(Self {
            shared,
            stop,
            server,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// What a client needs to know, as `/_sim/info` tells it.
    #[must_use]
    pub fn info(&self) -> Value {
        self.shared.config.info(self.shared.address)
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &SimConfig {
        &self.shared.config
    }

    /// Waits until no flow is running.
    pub async fn flows_done(&self) {
        self.shared.flows.close();
        self.shared.flows.wait().await;
        self.shared.flows.reopen();
    }

    /// Stops serving and waits for the answers under way. Flows that wait are given up, as they
    /// would be if Zendesk's own machine died.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let _ = (&mut self.server).await;
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.stop.cancel();
        self.server.abort();
    }
}

/// The client that flows go out with.
fn outgoing() -> anyhow::Result<reqwest::Client> {
    // A second installation in one process is refused by rustls and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // Loopback in plain HTTP only: works on a machine without a trust store.
        .tls_certs_only(std::iter::empty())
        .build()?)
}

/// The first people and fields of an account.
fn furnish(world: &mut World, config: &SimConfig, now: i64) {
    let people = [
        ("Integration Admin", config.legacy_email.clone(), "admin"),
        ("Ada Agent", config.agent_email(), "agent"),
    ];
    for (name, email, role) in people {
        let new = NewUser {
            name: Some(name.to_owned()),
            email: Some(email),
            verified: Some(true),
            role: Some(role.to_owned()),
            ..NewUser::default()
        };
        world.make_user(&new, now);
    }
    for (position, (kind, title)) in (0..).zip(SYSTEM_FIELDS) {
        let id = world.next_id(Kind::Field);
        world.fields.insert(
            id,
            Field {
                id,
                kind: kind.to_owned(),
                title: title.to_owned(),
                agent_description: None,
                active: true,
                required: false,
                visible_in_portal: true,
                editable_in_portal: false,
                removable: false,
                options: Vec::new(),
                position,
                created_at: now,
                updated_at: now,
            },
        );
    }
}
