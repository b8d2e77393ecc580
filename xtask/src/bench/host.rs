//! Ours: the host as an operator runs it, with the plugin in its sandbox.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde_json::Value;

use super::{
    build::Programs,
    measure::{Spent, Watch, of_process, tail},
    shop::Shop,
};

/// What webhooks are signed with.
pub(super) const WEBHOOK_SECRET: &str = "whsec-of-the-benchmark";
/// Longest that a history may take to be read.
const HISTORY_WITHIN: Duration = Duration::from_secs(1_800);

/// How far a history is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// Orders that were read.
    pub(super) orders: u64,
    /// Whether that is all.
    pub(super) over: bool,
}

/// A running host.
pub(super) struct Host<'p> {
    programs: &'p Programs,
    child: Child,
    /// Its data directory.
    pub(super) data: PathBuf,
    /// `http://127.0.0.1:PORT`.
    pub(super) address: String,
    client: reqwest::Client,
    started: Instant,
    watch: Option<Watch>,
    database: Option<String>,
}

impl<'p> Host<'p> {
    /// Starts it on a data directory; `shops` are what its plugins reach, by name. Without `database` it keeps SQLite
    /// in the directory.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) async fn start(
        programs: &'p Programs,
        data: &Path,
        shops: &[(&str, &Shop)],
        database: Option<&str>,
    ) -> anyhow::Result<Self> {
        let reached: Vec<_> = shops
            .iter()
            .map(|(name, shop)| shop.reached_as(name))
            .collect();
        Self::reaching(programs, data, &reached, database).await
    }

    /// The same; `reached` are names and the loopback ports behind them.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) async fn reaching(
        programs: &'p Programs,
        data: &Path,
        reached: &[(String, String)],
        database: Option<&str>,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(data)?;
        let _gone = std::fs::remove_file(data.join("server.json"));
        let log = std::fs::File::create(data.join("host.log"))?;
        let mut command = Command::new(&programs.host);
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--public-url",
                "https://bench.example.com",
            ])
            .arg("--data")
            .arg(data);
        for (name, port) in reached {
            command.args(["--dev-connect", &format!("{name}=127.0.0.1:{port}")]);
        }
        if let Some(database) = database {
            share(&mut command, database);
        }
        let started = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("cannot start the host")?;
        let watch = Watch::over(child.id());
        let mut host = Self {
            programs,
            child,
            data: data.to_owned(),
            address: String::new(),
            client: reqwest::Client::builder().no_proxy().build()?,
            started,
            watch: Some(watch),
            database: database.map(str::to_owned),
        };
        host.ready().await?;
        Ok(host)
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let told = std::fs::read_to_string(self.data.join("server.json")).unwrap_or_default();
            let told: Value = serde_json::from_str(&told).unwrap_or_default();
            if let Some(address) = told["address"].as_str() {
                address.clone_into(&mut self.address);
                return Ok(());
            }
            anyhow::ensure!(
                self.child.try_wait()?.is_none() && Instant::now() < end,
                "the host does not start: {}",
                tail(&self.data.join("host.log"))
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Processor seconds so far.
    ///
    /// # Errors
    /// When it is gone.
    pub(super) fn computed(&self) -> anyhow::Result<f64> {
        of_process(self.child.id())
    }

    /// Runs a verb as an operator types it.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn verb(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        self.verb_with(arguments, &[])
    }

    /// The same, with more secrets in its environment.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn verb_with(
        &self,
        arguments: &[&str],
        secrets: &[(&str, &str)],
    ) -> anyhow::Result<Value> {
        let mut command = Command::new(&self.programs.host);
        command
            .args(arguments)
            .arg("--data")
            .arg(&self.data)
            .env("SHOP_TOKEN", "shpat-of-the-benchmark")
            .env("SHOP_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .envs(secrets.iter().copied());
        if let Some(database) = &self.database {
            share(&mut command, database);
        }
        let output = command.output()?;
        anyhow::ensure!(
            output.status.success(),
            "`ordercase {}` failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).context("the verb printed no JSON")
    }

    /// Adds a merchant; its id.
    ///
    /// # Errors
    /// When the verb fails.
    pub(super) fn tenant(&self) -> anyhow::Result<String> {
        text(&self.merchant()?, "tenant_id")
    }

    /// Adds a merchant; what the verb told.
    ///
    /// # Errors
    /// When the verb fails.
    pub(super) fn merchant(&self) -> anyhow::Result<Value> {
        self.verb(&["tenant", "add", "Bench"])
    }

    /// Connects the shop of that name; the connection's id. Its history is read at once.
    ///
    /// # Errors
    /// When the verb fails.
    pub(super) fn connect(&self, tenant: &str, name: &str) -> anyhow::Result<String> {
        let plugin = self.programs.plugin.display().to_string();
        let domain = format!("shop_domain={name}.myshopify.com");
        let connection = self.verb(&[
            "connect",
            tenant,
            "--plugin",
            &plugin,
            "--name",
            name,
            "--setting",
            &domain,
            "--secret",
            "access_token=env:SHOP_TOKEN",
            "--secret",
            "webhook_secret=env:SHOP_WEBHOOK_SECRET",
        ])?;
        text(&connection, "connection_id")
    }

    /// A document of the admin API.
    ///
    /// # Errors
    /// When the host refuses.
    pub(super) async fn admin(&self, path: &str) -> anyhow::Result<Value> {
        let token = std::fs::read_to_string(self.data.join("admin-token"))?;
        let answer = self.ask(path, token.trim()).await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Asks it for something as the holder of a token.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) async fn ask(&self, path: &str, token: &str) -> anyhow::Result<reqwest::Response> {
        let request = self.client.get(format!("{}{path}", self.address));
        Ok(request.bearer_auth(token).send().await?)
    }

    /// How far the history of a connection is read.
    ///
    /// # Errors
    /// When the host refuses.
    pub(super) async fn progress(&self, connection: &str) -> anyhow::Result<Progress> {
        let shown = self
            .admin(&format!("/admin/v1/connections/{connection}"))
            .await?;
        let streams = shown["streams"].as_array().cloned().unwrap_or_default();
        let orders = streams.iter().find(|stream| stream["stream"] == "orders");
        Ok(Progress {
            orders: orders
                .and_then(|orders| orders["records"].as_u64())
                .unwrap_or_default(),
            over: !streams.is_empty() && streams.iter().all(|stream| stream["phase"] == "live"),
        })
    }

    /// Waits until the history of a connection is read; how many orders it holds.
    ///
    /// # Errors
    /// When it takes too long.
    pub(super) async fn history(&self, connection: &str) -> anyhow::Result<u64> {
        self.read(connection, |progress| progress.over).await
    }

    /// Waits until so many orders of the history of a connection are read; how many are by then.
    ///
    /// # Errors
    /// When it takes too long.
    pub(super) async fn reads(&self, connection: &str, orders: u64) -> anyhow::Result<u64> {
        self.read(connection, |progress| progress.orders >= orders)
            .await
    }

    async fn read(
        &self,
        connection: &str,
        enough: impl Fn(&Progress) -> bool,
    ) -> anyhow::Result<u64> {
        let end = Instant::now() + HISTORY_WITHIN;
        loop {
            let progress = self.progress(connection).await?;
            if enough(&progress) {
                return Ok(progress.orders);
            }
            anyhow::ensure!(
                Instant::now() < end,
                "the history is not read in time: {progress:?}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Asks it to stop; what it cost from its start to here.
    ///
    /// # Errors
    /// When it does not stop.
    pub(super) fn stop(mut self) -> anyhow::Result<Spent> {
        let (cpu_s, wall_s) = (self.computed()?, self.started.elapsed().as_secs_f64());
        let peak_mib = self.watch.take().map_or(0.0, Watch::end);
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()?;
        anyhow::ensure!(asked.success(), "the host cannot be stopped");
        self.child.wait()?;
        Ok(Spent {
            cpu_s,
            wall_s,
            peak_mib,
        })
    }

    /// Ends it at once, as `kill -9` does.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Host<'_> {
    fn drop(&mut self) {
        // Already over after `stop` and `kill`.
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// Names a database that could be shared, and the key that replicas would share.
fn share(command: &mut Command, database: &str) {
    command
        .args([
            "--database",
            "env:BENCH_DATABASE",
            "--master-key",
            "env:BENCH_MASTER_KEY",
        ])
        .env("BENCH_DATABASE", database)
        .env("BENCH_MASTER_KEY", "5e".repeat(32));
}

/// A text of an answer.
///
/// # Errors
/// When it is not there.
pub(super) fn text(answer: &Value, key: &str) -> anyhow::Result<String> {
    answer[key]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("the host told no {key}"))
}
