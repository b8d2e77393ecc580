//! The hosts of a world: one on SQLite, or replicas on one PostgreSQL, behind a balancer. Each can be killed and
//! started again by its number, from 0.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use tokio::sync::Mutex;

use crate::{Process, balancer::Balancer};

/// How a host is started.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) logs: PathBuf,
}

/// All hosts of a world.
#[derive(Debug)]
pub struct Hosts {
    launch: Launch,
    balancer: Balancer,
    running: Vec<Mutex<Option<Process>>>,
}

impl Hosts {
    /// So many hosts, none started.
    pub(crate) fn new(launch: Launch, balancer: Balancer, count: usize) -> Self {
        Self {
            launch,
            balancer,
            running: (0..count).map(|_| Mutex::default()).collect(),
        }
    }

    /// The port in front of all of them.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.balancer.port()
    }

    /// How many there are, running or not.
    #[must_use]
    pub fn count(&self) -> usize {
        self.running.len()
    }

    /// Starts a host and waits until it is ready; one that runs goes on.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(&self, number: usize) -> anyhow::Result<()> {
        let mut place = self.place(number)?.lock().await;
        if place.is_none() {
            let mut process = self.spawn(number)?;
            process.ready_now().await?;
            self.balancer.add(address(&process)?);
            *place = Some(process);
        }
        Ok(())
    }

    /// Starts a host that is ended after a while whether or not it was ready by then.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn start_and_kill(&self, number: usize, after: Duration) -> anyhow::Result<()> {
        let place = self.place(number)?.lock().await;
        anyhow::ensure!(place.is_none(), "host {number} runs already");
        let mut process = self.spawn(number)?;
        tokio::time::sleep(after).await;
        process.kill().await
    }

    /// Ends a host at once, as `kill -9` does; whether it ran.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn kill(&self, number: usize) -> anyhow::Result<bool> {
        let Some(mut process) = self.place(number)?.lock().await.take() else {
            return Ok(false);
        };
        self.balancer.remove(address(&process)?);
        process.kill().await?;
        Ok(true)
    }

    /// Whether each was started and none was ended.
    pub(crate) fn all_run(&self) -> bool {
        let runs = |place: &Mutex<Option<Process>>| place.try_lock().is_ok_and(|one| one.is_some());
        self.running.iter().all(runs)
    }

    /// Asks every host to end, and waits until each has.
    ///
    /// # Errors
    /// When one does not end, or ends with a failure.
    pub async fn stop(&self) -> anyhow::Result<()> {
        for place in &self.running {
            if let Some(mut process) = place.lock().await.take() {
                process.stop().await?;
            }
        }
        Ok(())
    }

    fn place(&self, number: usize) -> anyhow::Result<&Mutex<Option<Process>>> {
        let place = self.running.get(number);
        place.with_context(|| format!("this world has no host {number}"))
    }

    fn spawn(&self, number: usize) -> anyhow::Result<Process> {
        let name = match number {
            0 => "host".to_owned(),
            more => format!("host-{more}"),
        };
        let Launch {
            program,
            arguments,
            logs,
        } = &self.launch;
        Process::spawn(&name, program, arguments, logs)
    }

    /// Where their logs lie.
    #[must_use]
    pub fn logs(&self) -> &Path {
        &self.launch.logs
    }
}

fn address(process: &Process) -> anyhow::Result<SocketAddr> {
    let told = process.ready()["address"].as_str().unwrap_or_default();
    let address = told.trim_start_matches("http://").parse();
    address.with_context(|| format!("a host told the address `{told}`"))
}
