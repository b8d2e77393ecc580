//! The engine against a scripted world, under a clock that the test owns.

mod backfill;
mod idle;
mod lanes;
mod mappings;
mod outbox;
mod poll;
mod reconcile;
mod replay;
mod replicas;
mod retention;
mod shop;
mod stop;
mod subscriptions;
pub(crate) mod track;
mod webhooks;
pub(crate) mod world;
