//! The host's command line, as an operator types it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::Context as _;
use serde_json::Value;

/// Runs verbs of `ordercase` against one data directory.
#[derive(Clone, Debug)]
pub struct Cli {
    program: PathBuf,
    data: PathBuf,
    environment: BTreeMap<String, String>,
    /// Options that every verb needs to find the database.
    database: Vec<String>,
    server: Option<String>,
}

impl Cli {
    /// Of the host at `program`, for the data directory `data`.
    #[must_use]
    pub fn new(program: &Path, data: &Path) -> Self {
        Self {
            program: program.to_owned(),
            data: data.to_owned(),
            environment: BTreeMap::new(),
            database: Vec::new(),
            server: None,
        }
    }

    /// Where the database is, and the address at which some host always answers.
    pub(crate) fn on(mut self, database: &[String], server: Option<String>) -> Self {
        self.database = database.to_vec();
        self.server = server;
        self
    }

    /// A variable that secrets may be read from.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Runs a verb and reads the JSON that it prints.
    ///
    /// # Errors
    /// When it exits with a failure, with what it wrote, or prints no JSON.
    pub async fn run(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let (ok, output, errors) = self.try_run(arguments).await?;
        anyhow::ensure!(ok, "`ordercase {}` failed: {errors}", arguments.join(" "));
        serde_json::from_str(&output)
            .with_context(|| format!("`ordercase {}` printed no JSON", arguments.join(" ")))
    }

    /// Runs a verb: whether it succeeded, its output, its errors.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn try_run(&self, arguments: &[&str]) -> anyhow::Result<(bool, String, String)> {
        let mut command = tokio::process::Command::new(&self.program);
        command
            .args(arguments)
            .arg("--data")
            .arg(&self.data)
            .args(&self.database)
            .envs(&self.environment)
            .stdin(Stdio::null());
        if let Some(server) = &self.server {
            command.arg("--server").arg(server);
        }
        let output = command.output().await;
        let output = output.context("cannot run the host's command line")?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok((
            output.status.success(),
            text(output.stdout),
            text(output.stderr),
        ))
    }

    /// The accounts, asked where waiting for a future is not possible; `None` when there is no telling.
    pub(crate) fn accounts_now(&self) -> Option<Value> {
        let mut command = std::process::Command::new(&self.program);
        command
            .arg("accounts")
            .arg("--data")
            .arg(&self.data)
            .args(&self.database)
            .envs(&self.environment)
            .stdin(Stdio::null());
        if let Some(server) = &self.server {
            command.arg("--server").arg(server);
        }
        let output = command.output().ok()?;
        serde_json::from_slice(&output.stdout).ok()
    }
}
