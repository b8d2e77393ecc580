//! What a plugin may ask of the host: the three imports of the contract.

mod http;
mod log;
mod time;

pub(crate) use log::LogSink;
