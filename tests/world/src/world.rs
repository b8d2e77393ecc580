//! A whole world: simulators and host as processes, connected as an operator would connect them.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    Binaries, Cli, Database, Hosts, Process, ShopSim, WorldOptions, ZendeskSim,
    balancer::Balancer,
    hosts::Launch,
    launch::{client, database_options, folder, host_arguments, start_shop, start_zendesk},
    state::{State, ToldOrders},
    until,
};

/// What a world is doing, for people who wait.
#[derive(Clone, Debug)]
pub enum Step<'a> {
    /// A sentence.
    Says(&'a str),
    /// Orders stored so far.
    Backfill {
        /// Stored.
        done: u64,
        /// Of how many.
        total: u64,
    },
}

const LOOKED_WITHIN: Duration = Duration::from_secs(60);

/// A running world.
#[derive(Debug)]
pub struct World {
    /// The hosts' processes.
    pub hosts: Hosts,
    /// The simulated Zendesk.
    pub zendesk: ZendeskSim,
    /// The simulated shop.
    pub shop: ShopSim,
    /// The host's command line.
    pub cli: Cli,
    state: State,
    options: WorldOptions,
    binaries: Binaries,
    data: PathBuf,
    http: reqwest::Client,
    /// Whether the accounts were looked at, or need not be.
    accounted: bool,
    /// Whether the set-up of an earlier run was found.
    pub resumed: bool,
    zendesk_process: Process,
    shop_process: Process,
    _temporary: Option<TempDir>,
}

impl World {
    /// Starts everything, connects it, and waits until the shop's orders are stored.
    ///
    /// # Errors
    /// When a program is missing or does not start, or a step of the set-up fails.
    pub async fn start(
        options: WorldOptions,
        told: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> anyhow::Result<Self> {
        let mut world = Self::start_unconnected(options, told).await?;
        world.connect(told).await?;
        world.backfilled(told).await?;
        Ok(world)
    }

    /// Starts the programs only.
    ///
    /// # Errors
    /// When a program is missing or does not start.
    pub async fn start_unconnected(
        options: WorldOptions,
        told: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> anyhow::Result<Self> {
        let binaries = Binaries::find()?;
        let (data, temporary) = folder(&options)?;
        let state = State::load(&data)?;
        if let Some(state) = &state {
            anyhow::ensure!(
                state.seed == options.seed,
                "{} holds a world of seed {}: use that seed or another folder",
                data.display(),
                state.seed
            );
        }
        let resumed = state.is_some();
        let state = state.unwrap_or_default();
        let http = client()?;
        told(Step::Says(
            "Starting the simulated Zendesk and the simulated shop.",
        ));
        let balancer = Balancer::start().await?;
        let port = balancer.port();
        let zendesk_process = start_zendesk(&binaries, &options, &data, port).await?;
        let shop_process = start_shop(&binaries, &options, &data, port).await?;
        let zendesk = ZendeskSim::new(http.clone(), zendesk_process.ready())?;
        let shop = ShopSim::new(http.clone(), shop_process.ready())?;
        let database = database_options(&options.database, &data)?;
        let launch = Launch {
            program: binaries.host(),
            arguments: host_arguments(&options, &data, &database, &zendesk, &shop)?,
            logs: data.join("logs"),
        };
        let replicas = match options.database {
            Database::Sqlite => 1,
            Database::Postgres { replicas, .. } => replicas,
        };
        let hosts = Hosts::new(launch, balancer, replicas);
        told(Step::Says(&match options.database {
            Database::Sqlite => "Starting the host on SQLite.".to_owned(),
            Database::Postgres { .. } => format!("Starting {replicas} hosts on one PostgreSQL."),
        }));
        for number in 0..hosts.count() {
            hosts.start(number).await?;
        }
        // Of replicas any may answer; the one on SQLite is found by what it left in its folder.
        let server = matches!(options.database, Database::Postgres { .. })
            .then(|| format!("http://127.0.0.1:{port}"));
        let cli = Cli::new(&binaries.host(), &data.join("host"))
            .on(&database, server)
            .with("ZENDESK_EMAIL", &zendesk.email)
            .with("ZENDESK_API_TOKEN", &zendesk.token)
            .with("SHOP_ACCESS_TOKEN", &shop.access_token)
            .with("SHOP_WEBHOOK_SECRET", &shop.webhook_secret);
        Ok(Self {
            hosts,
            zendesk,
            shop,
            cli,
            state,
            options,
            binaries,
            data,
            http,
            accounted: false,
            resumed,
            zendesk_process,
            shop_process,
            _temporary: temporary,
        })
    }

    /// Connects Zendesk and the shop through the host's command line, unless an earlier run did.
    ///
    /// # Errors
    /// When a verb fails.
    pub async fn connect(&mut self, told: &mut (dyn FnMut(Step<'_>) + Send)) -> anyhow::Result<()> {
        if self.resumed {
            told(Step::Says("This folder's world is already connected."));
            self.aim_webhooks().await?;
            return Ok(());
        }
        told(Step::Says(
            "Adding the merchant and its Zendesk. The simulated account still has a legacy API token, and this \
             uses it; real ones end on 2027-04-30, new accounts use OAuth.",
        ));
        let tenant = self.cli.run(&["tenant", "add", "Demo merchant"]).await?;
        self.state.tenant = text(&tenant, "tenant_id")?;
        self.state.context_token = text(&tenant, "context_token")?;
        self.state.seed = self.options.seed;
        let (subdomain, tenant) = (self.zendesk.subdomain.clone(), self.state.tenant.clone());
        let account = self.zendesk.account_id.to_string();
        let note = if self.options.note_rule { "on" } else { "off" };
        let mut add = vec![
            "desk",
            "add",
            &tenant,
            "--subdomain",
            &subdomain,
            "--account-id",
            &account,
            "--secret",
            "email=env:ZENDESK_EMAIL",
            "--secret",
            "api_token=env:ZENDESK_API_TOKEN",
            "--note-rule",
            note,
        ];
        if let Some(plan) = self.options.desk_plan {
            add.extend(["--plan", plan]);
        }
        let desk = self.cli.run(&add).await?;
        self.state.desk = text(&desk, "desk_id")?;
        told(Step::Says(
            "Installing fields, connection, bundle and job specs into the simulated Zendesk.",
        ));
        self.cli
            .run(&["desk", "install", &tenant, &self.state.desk.clone()])
            .await?;
        told(Step::Says(
            "Connecting the shop through the Shopify plugin.",
        ));
        let connection = self.connect_shop(&tenant, "demo-shop").await?;
        self.state.connection = text(&connection, "connection_id")?;
        self.state.webhook_path = text(&connection, "webhook_url")?;
        self.aim_webhooks().await?;
        self.state.save(&self.data)
    }

    /// Connects the shop to a tenant under that name; its backfill begins at once.
    ///
    /// # Errors
    /// When the verb fails.
    pub async fn connect_shop(&self, tenant: &str, name: &str) -> anyhow::Result<Value> {
        let plugin = self.binaries.plugin("shopify");
        let domain = format!("shop_domain={}", self.shop.domain);
        self.cli
            .run(&[
                "connect",
                tenant,
                "--plugin",
                &plugin.display().to_string(),
                "--name",
                name,
                "--setting",
                &domain,
                "--secret",
                "access_token=env:SHOP_ACCESS_TOKEN",
                "--secret",
                "webhook_secret=env:SHOP_WEBHOOK_SECRET",
            ])
            .await
    }

    /// Aims the shop's webhooks, and waits until the host has looked at those that are registered, so that no
    /// fault of a test meets that look.
    async fn aim_webhooks(&self) -> anyhow::Result<()> {
        if self.options.aim_webhooks {
            self.shop.send_webhooks_to(&self.state.webhook_path).await?;
        }
        let connection = &self.state.connection;
        until("the first look at the webhooks", LOOKED_WITHIN, || async {
            let shown = self
                .cli
                .run(&["connection", "webhooks", connection])
                .await?;
            Ok(shown["state"] != "unchecked")
        })
        .await
    }

    /// Waits until the backfill is through, telling how far it is.
    ///
    /// # Errors
    /// When it fails or takes longer than ten minutes.
    pub async fn backfilled(&self, told: &mut (dyn FnMut(Step<'_>) + Send)) -> anyhow::Result<()> {
        self.backfilled_of(&self.state.connection, told).await
    }

    /// [`World::backfilled`] for another connection.
    ///
    /// # Errors
    /// When it fails or takes longer than ten minutes.
    pub async fn backfilled_of(
        &self,
        connection: &str,
        told: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> anyhow::Result<()> {
        let end = tokio::time::Instant::now() + Duration::from_secs(600);
        loop {
            let progress = self.progress(connection).await?;
            told(Step::Backfill {
                done: progress.done,
                total: progress.total,
            });
            if progress.complete {
                return Ok(());
            }
            anyhow::ensure!(
                tokio::time::Instant::now() < end,
                "the backfill takes over ten minutes"
            );
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }

    async fn progress(&self, connection: &str) -> anyhow::Result<Progress> {
        let shown = self.cli.run(&["connection", "show", connection]).await?;
        let streams = shown["streams"].as_array().context("no streams shown")?;
        let mut progress = Progress {
            done: 0,
            total: 0,
            complete: !streams.is_empty(),
        };
        for stream in streams {
            progress.complete &= stream["phase"] == "live";
            if stream["stream"] == "orders" {
                progress.done = stream["records"].as_u64().unwrap_or(0);
                progress.total = stream["total"]
                    .as_u64()
                    .unwrap_or(u64::from(self.options.orders));
            }
        }
        Ok(progress)
    }

    /// The orders that the demo's tickets are about: those of an earlier run, or `chosen` from now on.
    pub(crate) fn told_orders(&mut self, chosen: ToldOrders) -> anyhow::Result<ToldOrders> {
        if let Some(told) = &self.state.told_orders {
            return Ok(told.clone());
        }
        self.state.told_orders = Some(chosen.clone());
        self.state.save(&self.data)?;
        Ok(chosen)
    }

    /// The context of a ticket, as an app of the merchant reads it.
    ///
    /// # Errors
    /// When the host refuses.
    pub async fn context(&self, ticket: u64) -> anyhow::Result<Value> {
        let url = format!(
            "{}/v1/desks/{}/tickets/{ticket}/context",
            self.host_address(),
            self.desk()
        );
        let request = self.http.get(url).bearer_auth(self.context_token());
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// Ends the first host at once, as `kill -9` does.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn kill_host(&self) -> anyhow::Result<()> {
        self.hosts.kill(0).await.map(|_| ())
    }

    /// Starts the first host again on the same data.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart_host(&self) -> anyhow::Result<()> {
        self.hosts.start(0).await
    }

    /// Sets how often a track of both streams runs: `["--every", "2"]`, `["--off"]`, `["--default"]`.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn pace(&self, track: &str, pace: &[&str]) -> anyhow::Result<()> {
        for stream in ["orders", "customers"] {
            let set = ["stream", "set", self.connection(), stream, "--track", track];
            self.cli.run(&[&set, pace].concat()).await?;
        }
        Ok(())
    }

    /// Waits until nothing is pending at the host, then checks that its accounts add up.
    ///
    /// # Errors
    /// When something stays pending for two minutes, or the accounts do not add up.
    pub async fn settled(&self) -> anyhow::Result<Value> {
        until(
            "every receipt settled",
            Duration::from_secs(120),
            || async {
                let (_, output, _) = self.cli.try_run(&["accounts"]).await?;
                let accounts: Value = serde_json::from_str(&output).unwrap_or_default();
                let rows = accounts["accounts"].as_array().cloned().unwrap_or_default();
                Ok(!rows.is_empty() && rows.iter().all(|row| row["pending"] == 0))
            },
        )
        .await?;
        self.cli.run(&["accounts"]).await
    }

    /// The address on loopback at which the hosts are reached.
    #[must_use]
    pub fn host_address(&self) -> String {
        format!("http://127.0.0.1:{}", self.hosts.port())
    }

    /// A client for requests to the host.
    #[must_use]
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Whether the desk's note rule is on.
    #[must_use]
    pub fn notes(&self) -> bool {
        self.options.note_rule
    }

    /// The tenant's id.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.state.tenant
    }

    /// The desk's id.
    #[must_use]
    pub fn desk(&self) -> &str {
        &self.state.desk
    }

    /// The connection's id.
    #[must_use]
    pub fn connection(&self) -> &str {
        &self.state.connection
    }

    /// The token that reads the tenant's context.
    #[must_use]
    pub fn context_token(&self) -> &str {
        &self.state.context_token
    }

    /// Where the shop's webhooks go, as the host told.
    #[must_use]
    pub fn webhook_url(&self) -> &str {
        &self.state.webhook_path
    }

    /// What the hosts keep their state in.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.options.database
    }

    /// Where state and logs are kept.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Looks at the accounts, then asks every program to end and waits until each has.
    ///
    /// # Errors
    /// When the accounts do not add up, or a program does not end.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.accounted = true;
        self.cli.run(&["accounts"]).await?;
        self.hosts.stop().await?;
        self.shop_process.stop().await?;
        self.zendesk_process.stop().await
    }
}

/// Every world ends with the accounts, also one that a test forgot to stop.
impl Drop for World {
    #[expect(
        clippy::panic,
        reason = "a test must not pass with accounts that do not add up"
    )]
    fn drop(&mut self) {
        if self.accounted || std::thread::panicking() {
            return;
        }
        // A test may have killed it, or it never began.
        if !self.hosts.all_run() {
            return;
        }
        match self.cli.accounts_now() {
            Some(accounts) if accounts["adds_up"] == true => {}
            Some(accounts) => panic!("the accounts do not add up: {accounts}"),
            None => panic!(
                "the accounts cannot be read; see the logs in {}",
                self.data.display()
            ),
        }
    }
}

struct Progress {
    done: u64,
    total: u64,
    complete: bool,
}

fn text(answer: &Value, key: &str) -> anyhow::Result<String> {
    answer[key]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("the host told no {key}"))
}
