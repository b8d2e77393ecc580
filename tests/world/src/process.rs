//! One program of a world: started, awaited until ready, logged to a file, ended by its own id.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::Context as _;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

const READY_WITHIN: Duration = Duration::from_secs(60);
const END_WITHIN: Duration = Duration::from_secs(20);

/// A running program that printed a line of JSON with `"ready": true`.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    ready: Value,
    log: PathBuf,
}

impl Process {
    /// Starts a program, its error output appended to `<logs>/<name>.log`, and waits for its ready
    /// line.
    ///
    /// # Errors
    /// When it does not start, ends early, or is not ready within a minute; the message says where
    /// its log lies.
    pub async fn start(
        name: &str,
        program: &Path,
        arguments: &[String],
        logs: &Path,
    ) -> anyhow::Result<Self> {
        let mut started = Self::spawn(name, program, arguments, logs)?;
        started.ready_now().await?;
        Ok(started)
    }

    /// Starts a program and waits for nothing.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn spawn(
        name: &str,
        program: &Path,
        arguments: &[String],
        logs: &Path,
    ) -> anyhow::Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            ready: Value::Null,
            log,
        })
    }

    /// Waits for its ready line.
    ///
    /// # Errors
    /// When it ends early, or is not ready within a minute; the message says where its log lies.
    pub(crate) async fn ready_now(&mut self) -> anyhow::Result<()> {
        let output = self.child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(output).lines();
        let ready = tokio::time::timeout(READY_WITHIN, async {
            while let Some(line) = lines.next_line().await? {
                let value: Value = serde_json::from_str(&line).unwrap_or_default();
                if value["ready"] == true {
                    return Ok(value);
                }
            }
            anyhow::bail!("it ended before it was ready")
        });
        let (name, log) = (&self.name, self.log.display());
        self.ready = ready
            .await
            .map_err(anyhow::Error::from)
            .flatten()
            .with_context(|| format!("{name} did not start; its log: {log}"))?;
        // Keep the pipe drained, or the program would stop when it is full.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(())
    }

    /// What it printed when it was ready.
    #[must_use]
    pub fn ready(&self) -> &Value {
        &self.ready
    }

    /// Where its error output goes.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Its process id; absent once it ended.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Ends it at once, as `kill -9` does.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.child
            .kill()
            .await
            .with_context(|| format!("cannot kill {}", self.name))
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// When it does not end within twenty seconds, or ends with a failure.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(pid) = self.child.id().and_then(|id| i32::try_from(id).ok()) else {
            return Ok(());
        };
        let pid = rustix::process::Pid::from_raw(pid).context("process id 0")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let status = tokio::time::timeout(END_WITHIN, self.child.wait())
            .await
            .with_context(|| format!("{} does not end when asked", self.name))??;
        anyhow::ensure!(status.success(), "{} ended with {status}", self.name);
        Ok(())
    }
}
