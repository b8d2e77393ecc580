//! The engine against a scripted world, under a clock that the test owns.

mod backfill;
mod idle;
mod lanes;
mod outbox;
mod poll;
mod reconcile;
mod replay;
mod replicas;
mod stop;
mod subscriptions;
mod webhooks;
pub(crate) mod world;
