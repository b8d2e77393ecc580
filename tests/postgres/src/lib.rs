//! A throw-away PostgreSQL for tests: one cluster per test process, one database per test.
//!
//! [`cluster`] makes and starts it on first use; where PostgreSQL 15 is not installed it prints so and gives
//! `None`, and the caller passes. The cluster ends with the test process however that ends: a small watcher
//! waits for the closing of a pipe that only the test process holds.
//!
//! PostgreSQL refuses to run as root, so everything is run as the user `postgres` then. Tests connect as a
//! role that owns the databases but is no superuser, so that row-level security binds it as in production.

use std::{
    future::Future,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::sync::OnceCell;

/// Where Debian puts the programs of version 15.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// Owns the databases.
const ROLE: &str = "ordercase";
/// What databases are copies of, once its schema is there.
const TEMPLATE: &str = "ordercase_template";

/// A running cluster.
pub struct Cluster {
    folder: PathBuf,
    template: OnceCell<()>,
    count: AtomicU32,
    /// Whether it waits for the disk.
    durable: bool,
    // Its end of the pipe keeps the cluster running.
    _watcher: Child,
}

/// The cluster of this process, or `None` with a notice where PostgreSQL 15 is not installed.
///
/// # Panics
/// When it is installed and does not start: a test must not pass by that.
#[must_use]
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| is_installed().then(|| Cluster::start(false)));
    cluster.as_ref()
}

/// Whether there is a PostgreSQL to run; says so where there is none.
#[expect(
    clippy::print_stdout,
    reason = "the notice is for whoever reads the test's output"
)]
fn is_installed() -> bool {
    let installed = PathBuf::from(PROGRAMS).join("initdb").exists();
    if !installed {
        println!("skipped: PostgreSQL 15 is not installed");
    }
    installed
}

impl Cluster {
    /// Another cluster, for who restarts it: others' tests must not feel that. `None` where PostgreSQL 15 is not
    /// installed.
    #[must_use]
    pub fn own() -> Option<Self> {
        is_installed().then(|| Self::start(false))
    }

    /// Stops the server and starts it again. `how` is PostgreSQL's word: `fast` closes every connection in order,
    /// `immediate` is a crash, and the start recovers from it.
    pub fn restart(&self, how: &str) {
        let data = format!("{}/data", self.folder.display());
        run(
            &program("pg_ctl"),
            &["-D", &data, "-m", how, "-w", "-s", "stop"],
        );
        self.boot(self.durable);
    }

    /// A database as SQL text, for whoever looks into it after the cluster is gone.
    #[must_use]
    pub fn dump(&self, url: &str) -> Vec<u8> {
        let name = url.split('?').next().and_then(|own| own.rsplit('/').next());
        let host = self.folder.display().to_string();
        let ask = [
            "-h",
            &host,
            "-U",
            "postgres",
            "-d",
            name.unwrap_or_default(),
        ];
        run(&program("pg_dump"), &ask).stdout
    }

    /// A cluster with the server's own settings, which waits for the disk: for benchmarks. `None` with a notice where
    /// PostgreSQL 15 is not installed.
    ///
    /// # Panics
    /// When it is installed and does not start.
    #[must_use]
    pub fn durable() -> Option<Self> {
        is_installed().then(|| Self::start(true))
    }

    fn start(durable: bool) -> Self {
        let made = run("mktemp", &["-d", "-t", "ordercase-pg.XXXXXXXX"]);
        let folder = PathBuf::from(String::from_utf8_lossy(&made.stdout).trim());
        let data = format!("{}/data", folder.display());
        let init = [
            "-D",
            &data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ];
        run(&program("initdb"), &init);
        let watcher = watch(&folder);
        let cluster = Self {
            folder,
            template: OnceCell::new(),
            count: AtomicU32::new(0),
            durable,
            _watcher: watcher,
        };
        cluster.boot(durable);
        cluster.sql("postgres", &format!("CREATE ROLE {ROLE} LOGIN CREATEDB"));
        cluster
    }

    /// Starts the server; on no port, only on a socket in its folder.
    fn boot(&self, durable: bool) {
        let folder = self.folder.display();
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={folder} -c max_connections=300{}",
            if durable {
                ""
            } else {
                " -c fsync=off -c full_page_writes=off -c max_wal_size=256MB"
            }
        );
        let (data, log) = (format!("{folder}/data"), format!("{folder}/log"));
        let start = ["-D", &data, "-l", &log, "-w", "-s", "-o", &options, "start"];
        run(&program("pg_ctl"), &start);
    }

    /// A database of its own, empty.
    #[must_use]
    pub fn empty(&self) -> String {
        let name = self.next();
        self.sql("postgres", &format!("CREATE DATABASE {name} OWNER {ROLE}"));
        self.url(&name)
    }

    /// A database of its own with the schema that `migrate` gave to the first one: a copy is fast.
    pub async fn migrated<F: Future<Output = ()>>(
        &self,
        migrate: impl FnOnce(String) -> F,
    ) -> String {
        self.template
            .get_or_init(async || {
                self.sql(
                    "postgres",
                    &format!("CREATE DATABASE {TEMPLATE} OWNER {ROLE}"),
                );
                migrate(self.url(TEMPLATE)).await;
                // A copy is refused while anybody is still leaving.
                self.sql("postgres", &format!("ALTER DATABASE {TEMPLATE} ALLOW_CONNECTIONS false"));
                self.sql("postgres", &format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{TEMPLATE}'"));
            })
            .await;
        let name = self.next();
        let make =
            format!("CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY");
        self.sql("postgres", &make);
        self.url(&name)
    }

    fn next(&self) -> String {
        format!("test_{}", self.count.fetch_add(1, Ordering::Relaxed))
    }

    fn url(&self, name: &str) -> String {
        // `dump` takes the name out of it again.
        format!(
            "postgres://{ROLE}@localhost/{name}?host={}",
            self.folder.display()
        )
    }

    /// Runs SQL as the superuser.
    fn sql(&self, database: &str, text: &str) {
        let host = self.folder.display().to_string();
        let ask = [
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            &host,
            "-U",
            "postgres",
            "-d",
            database,
        ];
        run(&program("psql"), &[&ask[..], &["-c", text]].concat());
    }
}

fn program(name: &str) -> String {
    format!("{PROGRAMS}/{name}")
}

/// A command that runs as somebody PostgreSQL accepts.
fn command(program: &str) -> Command {
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            program,
        ]);
        command
    } else {
        Command::new(program)
    };
    // Root's folder may be closed to the other user, and its settings are not meant for tests.
    command
        .current_dir("/")
        .env_remove("PGOPTIONS")
        .env("LC_ALL", "C.UTF-8");
    command
}

#[expect(
    clippy::panic,
    reason = "a test must not pass because its database did not start"
)]
fn run(program: &str, args: &[&str]) -> Output {
    let output = command(program).args(args).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => output,
        Ok(output) => panic!(
            "{program} {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => panic!("{program}: {error}"),
    }
}

/// Ends the cluster and takes its folder away when this process is gone.
#[expect(
    clippy::panic,
    reason = "a cluster that nobody ends must not be started"
)]
fn watch(folder: &std::path::Path) -> Child {
    let script = "read -r _; \"$1/pg_ctl\" -D \"$2/data\" -m immediate -s stop; rm -rf \"$2\"";
    let mut watcher = command("sh");
    watcher
        .args(["-c", script, "sh", PROGRAMS])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // A key pressed at the terminal must not end the watcher before its work.
    std::os::unix::process::CommandExt::process_group(&mut watcher, 0);
    match watcher.spawn() {
        Ok(child) => child,
        Err(error) => panic!("the watcher: {error}"),
    }
}
