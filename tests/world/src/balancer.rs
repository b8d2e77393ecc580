//! What stands in front of the hosts, as in production: one port that everybody knows. Each connection goes to
//! the next host that takes it; while none does, it is closed at once.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// A running balancer. It ends when dropped.
#[derive(Debug)]
pub(crate) struct Balancer {
    port: u16,
    targets: Targets,
    task: JoinHandle<()>,
}

#[derive(Clone, Debug, Default)]
struct Targets(Arc<Mutex<Vec<SocketAddr>>>);

impl Targets {
    fn with<T>(&self, work: impl FnOnce(&mut Vec<SocketAddr>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// All of them, beginning with another one each time.
    fn in_turn(&self, turn: usize) -> Vec<SocketAddr> {
        let mut all = self.with(|all| all.clone());
        let first = turn.checked_rem(all.len()).unwrap_or(0);
        all.rotate_left(first);
        all
    }
}

impl Balancer {
    /// Takes a free loopback port.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("no free loopback port")?;
        let port = listener.local_addr()?.port();
        let targets = Targets::default();
        let task = tokio::spawn(serve(listener, targets.clone()));
        Ok(Self {
            port,
            targets,
            task,
        })
    }

    /// The port that everybody knows.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A host takes connections from now on.
    pub(crate) fn add(&self, target: SocketAddr) {
        self.targets.with(|all| all.push(target));
    }

    /// A host takes no more: its port may soon be somebody else's.
    pub(crate) fn remove(&self, target: SocketAddr) {
        self.targets.with(|all| all.retain(|one| *one != target));
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, targets: Targets) {
    let mut connections = JoinSet::new();
    for turn in 0.. {
        let accepted = loop {
            tokio::select! {
                accepted = listener.accept() => break accepted,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
            }
        };
        if let Ok((client, _)) = accepted {
            connections.spawn(carry(client, targets.in_turn(turn)));
        }
    }
}

/// Carries bytes both ways until either side has enough.
async fn carry(mut client: TcpStream, targets: Vec<SocketAddr>) {
    for target in targets {
        if let Ok(mut host) = TcpStream::connect(target).await {
            // A side that breaks off is what a killed host looks like; whoever asked sees it too.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut host).await;
            return;
        }
    }
}
