//! Shopify as an Ordercase source.

use ordercase_sdk::{Ambient, Context, Input, Map, PluginError, model::Record};

struct Shopify;

impl Map for Shopify {
    fn map(
        &self,
        _: &dyn Ambient,
        _: &Context,
        _: &str,
        _: &[Input],
    ) -> Result<Vec<Record>, PluginError> {
        Ok(Vec::new())
    }
}

ordercase_sdk::export!(Shopify: map);
