//! The whole store on a real file: one file of tests per thing that it holds.

mod crash;
mod dead;
mod door;
mod exports;
mod inbox;
mod life;
mod mappings;
mod outbox;
mod records;
mod rederive;
mod replicas;
mod retention;
mod statements;
pub(crate) mod streams;
mod subscriptions;
pub(crate) mod support;
mod tenants;
mod throughput;
mod tickets;
mod verify;
mod writer;
