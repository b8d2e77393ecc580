//! Free loopback ports.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::Context as _;

/// `count` different free ports, all held at once before any is given back, so that none repeats.
///
/// # Errors
/// When the machine has no free port.
pub fn free_ports(count: usize) -> anyhow::Result<Vec<u16>> {
    let listeners = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<Vec<_>, _>>()
        .context("no free loopback port")?;
    listeners
        .iter()
        .map(|listener| Ok(listener.local_addr()?.port()))
        .collect()
}
