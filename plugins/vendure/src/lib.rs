//! Vendure as an Ordercase source: the Admin GraphQL API of Vendure 3.
//!
//! Three things about Vendure decide how this plugin works. An order's `updatedAt` stands still when
//! it is paid, shipped or refunded, so a version is a hash of the mapped record and open orders are
//! read again and again. Money is whole numbers in hundredths of every currency, yen included. And
//! carts are orders too, so whatever is `active` or was never placed is not emitted.

mod api;
mod cursor;
mod fetch;
mod limits;
mod map;
mod probe;
mod pull;
pub mod query;
mod receive;
mod search;
mod wire;

use ordercase_sdk::model::{Record, RecordRef, ShopFacts};
use ordercase_sdk::{
    Ambient, Context, Fetch, Host, Input, Map, Page, PluginError, Probe, Pull, PullRequest, Pulled,
    Query, Reading, Receive, Search, Webhook,
};

/// The stream of orders.
pub const ORDERS: &str = "orders";
/// The stream of customers.
pub const CUSTOMERS: &str = "customers";

/// The plugin.
#[derive(Clone, Copy, Debug)]
pub struct Vendure;

impl Probe for Vendure {
    fn probe(&self, host: &dyn Host, ctx: &Context) -> Result<ShopFacts, PluginError> {
        probe::probe(host, ctx)
    }
}

impl Pull for Vendure {
    fn pull(
        &self,
        host: &dyn Host,
        ctx: &Context,
        request: &PullRequest,
    ) -> Result<Page, PluginError> {
        pull::pull(host, ctx, request)
    }
}

impl Fetch for Vendure {
    fn fetch(
        &self,
        host: &dyn Host,
        ctx: &Context,
        target: &RecordRef,
    ) -> Result<Vec<Pulled>, PluginError> {
        fetch::fetch(host, ctx, target)
    }
}

impl Search for Vendure {
    fn search(
        &self,
        host: &dyn Host,
        ctx: &Context,
        query: &Query,
        limit: u32,
    ) -> Result<Vec<Pulled>, PluginError> {
        search::search(host, ctx, query, limit)
    }
}

impl Map for Vendure {
    fn map(
        &self,
        _ambient: &dyn Ambient,
        ctx: &Context,
        stream: &str,
        inputs: &[Input],
    ) -> Result<Vec<Record>, PluginError> {
        map::records(ctx, stream, inputs)
    }
}

impl Receive for Vendure {
    fn receive(
        &self,
        _ambient: &dyn Ambient,
        _ctx: &Context,
        webhook: &Webhook,
    ) -> Result<Reading, PluginError> {
        receive::receive(webhook)
    }
}

ordercase_sdk::export!(Vendure: probe, pull, fetch, search, map, receive);
