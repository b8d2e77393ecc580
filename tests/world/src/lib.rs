//! Whole worlds for the demo and the end-to-end tests: the host, a simulated Zendesk and a simulated
//! shop as real processes that talk over loopback (decision 3).
//!
//! [`World::start`] picks free ports, starts the programs, waits until each says that it is ready, and
//! connects them through the host's own command line. Everything later is read back from the simulators:
//! nothing trusts the host's own word. Dropping a world ends every process that it started.
#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value gives null, it does not panic"
)]

mod admin;
mod binaries;
mod cli;
mod options;
mod ports;
mod process;
mod scenario;
mod shop;
mod state;
mod wait;
mod world;
mod zendesk;

pub use binaries::Binaries;
pub use cli::Cli;
pub use options::{Plan, WorldOptions};
pub use ports::free_ports;
pub use process::Process;
pub use scenario::{ShipmentReport, TicketName, TicketReport, TicketStory, stories};
pub use shop::{ShopOrder, ShopSim};
pub use wait::{until, until_some};
pub use world::{Step, World};
pub use zendesk::{TicketView, ZendeskSim};

/// The host's name as Zendesk and the shop know it; dialled through `--dev-connect`.
pub const HOST_NAME: &str = "ordercase.example";
