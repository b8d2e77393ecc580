//! What a probe says about a shop.

use std::collections::BTreeMap;

use crate::{Currency, model};

model! {
    /// Facts of a shop, kept with its connection and handed to every later call.
    #[derive(Default)]
    #[serde(default)]
    pub struct ShopFacts {
        /// The shop's name.
        pub name: Option<String>,
        /// Book-keeping currency.
        pub currency: Option<Currency>,
        /// IANA time zone.
        pub zone: Option<String>,
        /// The platform's plan.
        pub plan: Option<String>,
        /// Granted scopes.
        pub scopes: Vec<String>,
        /// How far back orders can be read, in days; absent when all.
        pub history_days: Option<u32>,
        /// What the source can do, by name.
        pub capabilities: Vec<String>,
        /// Base of links for agents.
        pub admin_url: Option<String>,
        /// Whatever else the plugin wants back in its context.
        pub extra: BTreeMap<String, String>,
    }
}
