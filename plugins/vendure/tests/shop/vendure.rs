//! Vendure as its own process: installed once into a cache folder, started, filled.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// A running shop; stops when dropped.
pub(crate) struct Shop {
    pub(crate) address: String,
    pub(crate) seeded: Value,
    cache: PathBuf,
    process: Child,
}

impl Drop for Shop {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _stopped = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// What npm says when it reaches no registry.
const UNREACHABLE: [&str; 7] = [
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "ECONNRESET",
    "ENETUNREACH",
    "network",
];

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vendure")
}

/// Tests of one run install once.
static INSTALLING: Mutex<()> = Mutex::new(());

/// The folder with the installed packages; `None`, with a notice, where it cannot be filled.
fn install() -> Option<PathBuf> {
    let _turn = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real-vendure");
    let wanted = std::fs::read_to_string(scripts().join("package.json")).unwrap();
    let mark = cache.join("installed.json");
    if std::fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Some(cache);
    }
    std::fs::create_dir_all(&cache).unwrap();
    std::fs::write(cache.join("package.json"), &wanted).unwrap();
    let npm = Command::new("npm")
        .args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        .current_dir(&cache)
        .output();
    let Ok(npm) = npm else {
        println!("skipped: npm is not installed");
        return None;
    };
    let complaint = String::from_utf8(npm.stderr).unwrap();
    if !npm.status.success() {
        let unreachable = UNREACHABLE.iter().any(|sign| complaint.contains(sign));
        assert!(unreachable, "npm install: {complaint}");
        println!("skipped: npm reaches no registry");
        return None;
    }
    std::fs::write(mark, wanted).unwrap();
    Some(cache)
}

impl Shop {
    /// A shop with its orders, whose events go to that loopback address, or to nobody.
    pub(crate) fn start(hook: Option<&str>) -> Option<Self> {
        let cache = install()?;
        let mut process = Command::new("node")
            .arg(scripts().join("server.cjs"))
            .args(["--port", "0"])
            .args(hook.into_iter().flat_map(|hook| ["--hook", hook]))
            .args([
                "--hook-host",
                "ordercase.example",
                "--hook-secret",
                super::events::SECRET,
            ])
            .current_dir(&cache)
            .env("VENDURE_DISABLE_TELEMETRY", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(process.stdout.take().unwrap());
        let ready = told
            .lines()
            .map_while(Result::ok)
            .find(|line| line.starts_with("{\"ready\""))
            .expect("Vendure ended before it was ready");
        let ready: Value = serde_json::from_str(&ready).unwrap();
        let address = ready
            .pointer("/address")
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned();
        let seeded = Value::Null;
        let mut shop = Self {
            address,
            seeded,
            cache,
            process,
        };
        let told = shop.seed(&[]);
        shop.seeded = serde_json::from_slice(&told.stdout).unwrap();
        Some(shop)
    }

    fn seed(&self, change: &[&str]) -> Output {
        let ran = Command::new("node")
            .arg(scripts().join("seed.mjs"))
            .arg(&self.address)
            .args(change)
            .current_dir(&self.cache)
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "seed: {complaint}");
        ran
    }

    /// The id of a seeded order.
    pub(crate) fn order(&self, name: &str) -> String {
        self.seeded["orders"][name].as_str().expect(name).to_owned()
    }

    /// Makes one change as the merchant or a shopper; the verbs are those of `seed.mjs`.
    pub(crate) fn change(&self, change: &[&str]) -> String {
        String::from_utf8(self.seed(change).stdout).unwrap()
    }

    /// Sends events to that loopback address from now on, or to nobody.
    pub(crate) fn tell(&mut self, hook: Option<&str>) {
        let line = serde_json::json!({ "hook": hook });
        let input = self.process.stdin.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
    }

    /// Sends the whole order off.
    pub(crate) fn ship(&self, order: &str, carrier: &str, tracking: &str) {
        self.seed(&["ship", order, carrier, tracking]);
    }
}
