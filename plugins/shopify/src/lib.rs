//! Shopify as an Ordercase source: Admin GraphQL 2026-10.
//!
//! Reads orders and customers by pages, by id and by what people quote; takes webhooks as hints, and registers
//! them; maps GraphQL answers, REST bodies and flat webhook bodies. Everything goes through one form of an order
//! (`wire`), so that a webhook and a re-read differ only in what they hold.

mod api;
mod complete;
mod cursor;
mod fetch;
mod limits;
mod map;
mod probe;
mod pull;
pub mod query;
mod receive;
mod search;
mod subscribe;
mod wire;

use ordercase_sdk::model::{Record, RecordRef, ShopFacts};
use ordercase_sdk::{
    Ambient, Context, Fetch, Host, Input, Map, Page, PluginError, Probe, Pull, PullRequest, Pulled,
    Query, Reading, Receive, Search, Subscribe, Subscription, Webhook,
};

/// The stream of orders.
pub const ORDERS: &str = "orders";
/// The stream of customers.
pub const CUSTOMERS: &str = "customers";

/// The plugin.
#[derive(Clone, Copy, Debug)]
pub struct Shopify;

impl Probe for Shopify {
    fn probe(&self, host: &dyn Host, ctx: &Context) -> Result<ShopFacts, PluginError> {
        probe::probe(host, ctx)
    }
}

impl Pull for Shopify {
    fn pull(
        &self,
        host: &dyn Host,
        ctx: &Context,
        request: &PullRequest,
    ) -> Result<Page, PluginError> {
        pull::pull(host, ctx, request)
    }
}

impl Fetch for Shopify {
    fn fetch(
        &self,
        host: &dyn Host,
        ctx: &Context,
        target: &RecordRef,
    ) -> Result<Vec<Pulled>, PluginError> {
        fetch::fetch(host, ctx, target)
    }
}

impl Search for Shopify {
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

impl Map for Shopify {
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

impl Receive for Shopify {
    fn receive(
        &self,
        _ambient: &dyn Ambient,
        _ctx: &Context,
        webhook: &Webhook,
    ) -> Result<Reading, PluginError> {
        receive::receive(webhook)
    }
}

impl Subscribe for Shopify {
    fn register(
        &self,
        host: &dyn Host,
        _ctx: &Context,
        topic: &str,
        address: &str,
    ) -> Result<Subscription, PluginError> {
        subscribe::register(host, topic, address)
    }

    fn subscriptions(
        &self,
        host: &dyn Host,
        _ctx: &Context,
    ) -> Result<Vec<Subscription>, PluginError> {
        subscribe::subscriptions(host)
    }

    fn remove(&self, host: &dyn Host, _ctx: &Context, id: &str) -> Result<(), PluginError> {
        subscribe::remove(host, id)
    }
}

ordercase_sdk::export!(Shopify: probe, pull, fetch, search, map, receive, subscribe);
