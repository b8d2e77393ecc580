//! JSON schemas of the canonical model.

use anyhow::bail;
use ordercase_model::{SchemaName, schema};

#[derive(clap::Args)]
pub(crate) struct SchemaArgs {
    /// Which: record, order, customer, shipment, refund, return, payment, product, tombstone, shop.
    name: String,
}

pub(crate) fn run(args: &SchemaArgs) -> anyhow::Result<serde_json::Value> {
    let Some(schema) = schema(SchemaName::from_text(&args.name)) else {
        let known: Vec<&str> = SchemaName::ALL
            .iter()
            .filter(|name| **name != SchemaName::Unknown)
            .map(|name| name.as_str())
            .collect();
        bail!("no schema `{}`: there are {}", args.name, known.join(", "));
    };
    Ok(serde_json::to_value(schema)?)
}
