//! The Ordercase host: routes, command line, wiring, telemetry. It has no rules of its own.
//!
//! Reading order: [`cli`] (what people type), [`config`] (what a server runs with), [`app`] (what is
//! wired to what), [`http`] (what is served), [`tasks`] (what runs beside it).

pub mod cli;
pub mod clock;
pub mod dev_connect;
pub mod ids;
pub mod limits;
pub mod secret;
pub mod data_dir;
pub mod http;
pub mod shutdown;
pub mod tasks;
pub mod telemetry;
