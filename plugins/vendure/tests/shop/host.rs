//! The host as an operator runs it: the binary on a data directory of its own, connected to the shop by its command
//! line, read back from its database.

use std::path::{Path, PathBuf};

use ordercase_world::{Binaries, Cli, HOST_NAME, Process, free_ports};
use serde_json::Value;
use sqlx::{Connection as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

const SHOP_HOST: &str = "vendure.example";

/// A running host with one connection to the shop.
pub(crate) struct Host {
    process: Process,
    pub(crate) cli: Cli,
    pub(crate) connection: String,
    port: u16,
    database: PathBuf,
    _folder: TempDir,
}

impl Host {
    /// Starts a host with these options and connects it to the shop.
    pub(crate) async fn start(shop: &super::vendure::Shop, options: &[&str]) -> Self {
        let binaries = Binaries::find().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let port = *free_ports(1).unwrap().first().unwrap();
        let dial = shop.address.trim_start_matches("http://");
        let data = folder.path().join("host");
        let mut arguments = vec![
            "serve".to_owned(),
            "--data".to_owned(),
            data.display().to_string(),
            "--listen".to_owned(),
            format!("127.0.0.1:{port}"),
            "--public-url".to_owned(),
            format!("https://{HOST_NAME}"),
            "--dev-connect".to_owned(),
            format!("{SHOP_HOST}={dial}"),
        ];
        arguments.extend(options.iter().map(|option| (*option).to_owned()));
        let program = binaries.host();
        let process = Process::start("host", &program, &arguments, folder.path());
        let process = process.await.unwrap();
        let key = shop.seeded["api_key"].as_str().unwrap();
        let cli = Cli::new(&program, &data)
            .with("SHOP_KEY", key)
            .with("SHOP_HOOK_SECRET", super::events::SECRET);
        let tenant = cli.run(&["tenant", "add", "Merchant"]).await.unwrap();
        let connection = connect(&cli, &tenant, &binaries.plugin("vendure")).await;
        Self {
            process,
            cli,
            connection,
            port,
            database: data.join("ordercase.db"),
            _folder: folder,
        }
    }

    /// Where the shop's forwarder posts, as dialled on this machine.
    pub(crate) fn hook(&self) -> String {
        format!(
            "http://127.0.0.1:{}/v1/webhooks/{}",
            self.port, self.connection
        )
    }

    /// The canonical body of an order, once it is stored.
    pub(crate) async fn order(&self, id: &str) -> Option<Value> {
        let sql = "SELECT body FROM records WHERE kind = 'order' AND source_id = $1";
        let mut database = self.database().await;
        let row = sqlx::query(sql).bind(id).fetch_optional(&mut database);
        let body: Option<String> = row.await.unwrap()?.get("body");
        serde_json::from_str(&body?).ok()
    }

    /// What brought the stored version of an order.
    pub(crate) async fn path(&self, id: &str) -> String {
        let sql = "SELECT path FROM records WHERE kind = 'order' AND source_id = $1";
        let mut database = self.database().await;
        let row = sqlx::query(sql).bind(id).fetch_one(&mut database).await;
        row.unwrap().get("path")
    }

    /// Sets how often a track of the orders is read: `["--every", "1"]`, `["--off"]`.
    pub(crate) async fn pace(&self, track: &str, pace: &[&str]) {
        let set = [
            "stream",
            "set",
            &self.connection,
            "orders",
            "--track",
            track,
        ];
        self.cli.run(&[&set, pace].concat()).await.unwrap();
    }

    /// How many pages the polls of orders have brought.
    pub(crate) async fn polls(&self) -> i64 {
        let sql = "SELECT pages FROM streams WHERE stream = 'orders' AND track = 'poll'";
        let mut database = self.database().await;
        let row = sqlx::query(sql).fetch_one(&mut database).await;
        row.unwrap().get("pages")
    }

    /// How many webhooks came in.
    pub(crate) async fn webhooks(&self) -> i64 {
        let sql = "SELECT COUNT(*) AS n FROM receipts WHERE kind = 'webhook'";
        let mut database = self.database().await;
        let row = sqlx::query(sql).fetch_one(&mut database).await;
        row.unwrap().get("n")
    }

    async fn database(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new()
            .filename(&self.database)
            .read_only(true);
        SqliteConnection::connect_with(&options).await.unwrap()
    }

    /// Whether every stream's history is read.
    pub(crate) async fn is_live(&self) -> bool {
        let show = ["connection", "show", &self.connection];
        let shown = self.cli.run(&show).await.unwrap();
        let streams = shown["streams"].as_array().unwrap();
        streams.iter().all(|stream| stream["phase"] == "live")
    }

    pub(crate) async fn stop(mut self) {
        let accounts = self.cli.run(&["accounts"]).await.unwrap();
        assert_eq!(accounts["adds_up"], true, "{accounts}");
        self.process.stop().await.unwrap();
    }
}

async fn connect(cli: &Cli, tenant: &Value, plugin: &Path) -> String {
    let host = format!("shop_host={SHOP_HOST}");
    let (tenant, plugin) = (
        tenant["tenant_id"].as_str().unwrap(),
        plugin.display().to_string(),
    );
    let verb = ["connect", tenant, "--plugin", &plugin, "--name", "vendure"];
    let what = ["--setting", &host, "--secret", "api_key=env:SHOP_KEY"];
    let signed = ["--secret", "webhook_secret=env:SHOP_HOOK_SECRET"];
    let arguments = [&verb[..], &what, &signed].concat();
    let connected = cli.run(&arguments).await.unwrap();
    connected["connection_id"].as_str().unwrap().to_owned()
}
