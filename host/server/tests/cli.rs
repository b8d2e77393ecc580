//! The binary as an operator meets it: verbs without a server, verbs with one, refusals, exit codes.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot start its program must fail loudly"
)]

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ordercase"));
    program
        .env_remove("ORDERCASE_DATA")
        .env_remove("ORDERCASE_SERVER")
        .env("CANARY_TOKEN", "canary-token")
        .stdin(Stdio::null());
    program
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    program()
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A running server, ended when the test ends.
struct Server(Child);

impl Server {
    fn start(data: &Path) -> (Self, Value) {
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        (Self(child), serde_json::from_str(&line).unwrap_or_default())
    }

    fn stop(mut self) -> Option<i32> {
        let pid = self.0.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.0.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn verbs_work_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let added = run(folder.path(), &["tenant", "add", "Acme"]);
    assert_eq!(added.status.code(), Some(0), "{}", errors(&added));
    let tenant = json(&added)["tenant_id"].as_str().unwrap().to_owned();
    let desk = run(
        folder.path(),
        &[
            "desk",
            "add",
            &tenant,
            "--subdomain",
            "acme",
            "--secret",
            "oauth_token=env:CANARY_TOKEN",
        ],
    );
    assert_eq!(desk.status.code(), Some(0), "{}", errors(&desk));
    assert_eq!(json(&desk)["note_rule"], false);
    let accounts = run(folder.path(), &["accounts"]);
    assert_eq!(
        (accounts.status.code(), &json(&accounts)["adds_up"]),
        (Some(0), &Value::Bool(true))
    );
    let database = std::fs::read(folder.path().join("ordercase.db")).unwrap();
    let canary = b"canary-token";
    assert!(
        !database.windows(canary.len()).any(|w| w == canary),
        "a secret lies in the clear"
    );
}

#[test]
fn accounts_that_do_not_add_up_are_told_and_end_with_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let added = run(folder.path(), &["tenant", "add", "Acme"]);
    let tenant = json(&added)["tenant_id"].as_str().unwrap().to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let file = SqliteConnectOptions::new().filename(folder.path().join("ordercase.db"));
        let mut database = SqliteConnection::connect_with(&file).await.unwrap();
        // Something came in and went nowhere.
        let lost = "INSERT INTO accounts (tenant_id, owner_id, stream, via, received)
            VALUES ($1, 'shop', 'orders', 'inbox', 1)";
        sqlx::query(lost)
            .bind(tenant)
            .execute(&mut database)
            .await
            .unwrap();
        database.close().await.unwrap();
    });
    let accounts = run(folder.path(), &["accounts"]);
    assert_eq!(
        (accounts.status.code(), &json(&accounts)["adds_up"]),
        (Some(1), &Value::Bool(false)),
        "{}",
        errors(&accounts)
    );
}

#[test]
fn verbs_find_the_running_server_and_it_stops_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (server, ready) = Server::start(folder.path());
    assert_eq!(ready["ready"], true);
    let added = run(folder.path(), &["tenant", "add", "Acme"]);
    assert_eq!(added.status.code(), Some(0), "{}", errors(&added));
    let doctor = run(folder.path(), &["doctor"]);
    assert_eq!(doctor.status.code(), Some(0), "{}", json(&doctor));
    let address = ready["address"].as_str().unwrap().to_owned();
    let other = tempfile::tempdir().unwrap();
    let wrong = run(other.path(), &["doctor", "--server", &address]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(json(&wrong).to_string().contains("admin_token"));
    assert_eq!(server.stop(), Some(0));
    let gone = run(folder.path(), &["doctor"]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(json(&gone).to_string().contains("nobody answers"));
    let listed = run(folder.path(), &["tenant", "list"]);
    assert_eq!(json(&listed)["tenants"].as_array().unwrap().len(), 1);
}

#[test]
fn a_second_server_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = Server::start(folder.path());
    let second = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(errors(&second).contains("in use"), "{}", errors(&second));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn dev_connect_is_refused_on_a_public_server() {
    let folder = tempfile::tempdir().unwrap();
    let redirect = "acme.zendesk.com=127.0.0.1:9";
    let refused = run(
        folder.path(),
        &["serve", "--listen", "0.0.0.0:0", "--dev-connect", redirect],
    );
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        errors(&refused).contains("--dev-connect"),
        "{}",
        errors(&refused)
    );
    assert!(
        !folder.path().join("ordercase.db").exists(),
        "it had begun already"
    );
}

#[test]
fn wrong_usage_is_2_and_never_repeats_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "oauth_token=canary-plain";
    let refused = run(
        folder.path(),
        &["desk", "add", "t", "--subdomain", "a", "--secret", secret],
    );
    assert_eq!(refused.status.code(), Some(2));
    assert!(!errors(&refused).contains("canary"), "{}", errors(&refused));
    assert_eq!(run(folder.path(), &["nonsense"]).status.code(), Some(2));
}

#[test]
fn failures_are_1_and_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let unset = run(
        folder.path(),
        &[
            "desk",
            "add",
            "ten_1",
            "--subdomain",
            "a",
            "--secret",
            "oauth_token=env:NOT_SET_ANYWHERE",
        ],
    );
    assert_eq!(unset.status.code(), Some(1));
    assert!(errors(&unset).contains("NOT_SET_ANYWHERE"));
    let missing = run(folder.path(), &["ticket", "show", "dsk_none", "1"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        errors(&missing).contains("no desk `dsk_none`"),
        "{}",
        errors(&missing)
    );
    let plain = run(
        folder.path(),
        &["tenant", "list", "--server", "http://ordercase.example"],
    );
    assert_eq!(plain.status.code(), Some(1));
    assert!(errors(&plain).contains("https"), "{}", errors(&plain));
}
