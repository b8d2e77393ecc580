//! The Ordercase host: routes, command line, wiring, telemetry. It has no rules of its own.
//!
//! Reading order: [`cli`] (what people type), [`config`] (what a server runs with), [`app`] (what is wired
//! to what), [`http`] (what is served), [`wiring`] (how the crates meet), [`tasks`] (what runs beside).

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod data_dir;
pub mod database;
pub mod dev_connect;
pub mod http;
pub mod ids;
pub mod limits;
pub mod secret;
pub mod serve;
pub mod shutdown;
pub mod tasks;
pub mod telemetry;
pub mod wiring;
