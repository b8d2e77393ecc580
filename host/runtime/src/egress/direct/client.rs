//! HTTP clients: one per shop, and one for stand-ins on loopback.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use reqwest::{Client, ClientBuilder, redirect, retry};

use super::resolver::GlobalOnly;
use crate::{RuntimeError, egress::TransportError, limits};

/// Clients by tenant and connection, with the turn in which each was last used.
#[derive(Default)]
pub(super) struct Clients(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    turn: u64,
    clients: HashMap<(String, String), (u64, Client)>,
}

impl Clients {
    /// The shop's client.
    pub(super) fn of(&self, tenant: &str, connection: &str) -> Result<Client, TransportError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.turn += 1;
        let turn = kept.turn;
        let key = (tenant.to_owned(), connection.to_owned());
        if let Some((used, client)) = kept.clients.get_mut(&key) {
            *used = turn;
            return Ok(client.clone());
        }
        if kept.clients.len() >= limits::CLIENTS_MAX {
            let oldest = kept.clients.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                kept.clients.remove(&oldest);
            }
        }
        let client = base().https_only(true).dns_resolver(GlobalOnly).build();
        let client = client.map_err(|_| {
            TransportError::Connection("the HTTP client cannot be set up".to_owned())
        })?;
        kept.clients.insert(key, (turn, client.clone()));
        Ok(client)
    }
}

/// The client for stand-ins: plain HTTP, and only ever given loopback addresses.
pub(super) fn loopback() -> Result<Client, RuntimeError> {
    base()
        .build()
        .map_err(|error| RuntimeError::Http(error.to_string()))
}

fn base() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("ordercase/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .http1_only()
        .connect_timeout(limits::CONNECT_TIMEOUT)
        .pool_idle_timeout(limits::IDLE_TIMEOUT)
        .pool_max_idle_per_host(limits::IDLE_CONNECTIONS_MAX)
}
