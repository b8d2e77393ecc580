//! Whole worlds for the demo and the end-to-end tests: the host, a simulated Zendesk and a simulated
//! shop as real processes that talk over loopback (decision 3).
//!
//! [`World::start`] starts the programs on free ports, waits until each says that it is ready, and connects them
//! through the host's own command line. Everything later is read back from the simulators: nothing trusts
//! the host's own word. Hosts stand behind a balancer: one on SQLite, or replicas on one PostgreSQL.
//!
//! Every world ends with the accounts: [`World::stop`] fails when they do not add up, and a world that is
//! dropped without it panics then. Dropping a world ends every process that it started.
#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value gives null, it does not panic"
)]

mod admin;
mod balancer;
mod binaries;
mod cli;
mod hosts;
mod launch;
mod options;
mod ports;
mod process;
mod scenario;
mod shop;
mod state;
#[cfg(feature = "store")]
mod store;
mod wait;
mod world;
mod zendesk;

pub use binaries::Binaries;
pub use cli::Cli;
pub use hosts::Hosts;
pub use options::{Database, Plan, WorldOptions};
pub use ports::free_ports;
pub use process::Process;
pub use scenario::{ShipmentReport, TicketName, TicketReport, TicketStory, stories};
pub use shop::{ShopOrder, ShopSim};
#[cfg(feature = "store")]
pub use store::{Cell, StoreReader};
pub use wait::{until, until_some};
pub use world::{Step, World};
pub use zendesk::{TicketView, ZendeskSim};

/// The host's name as Zendesk and the shop know it; dialled through `--dev-connect`.
pub const HOST_NAME: &str = "ordercase.example";
