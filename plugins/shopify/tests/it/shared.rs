//! The shared folder beside the checkout, where it is; and one call of the plugin's `map`.

use std::path::{Path, PathBuf};

use ordercase_plugin_shopify::Shopify;
use ordercase_sdk::fake::FakeHost;
use ordercase_sdk::model::Record;
use ordercase_sdk::{Context, Input, Map, PluginError};

/// `<checkout>/../shared`, or a notice.
pub(crate) fn folder() -> Option<PathBuf> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = from
        .ancestors()
        .map(|dir| dir.join("../shared"))
        .find(|dir| dir.join("corpus").is_dir());
    if found.is_none() {
        eprintln!("skipped: ../shared is not here");
    }
    found
}

/// Maps bodies told apart by shape.
pub(crate) fn map(
    ctx: &Context,
    stream: &str,
    bodies: &[&[u8]],
) -> Result<Vec<Record>, PluginError> {
    let inputs: Vec<Input> = bodies.iter().map(|body| input("", body)).collect();
    Shopify.map(&FakeHost::new(), ctx, stream, &inputs)
}

/// A JSON body under a role.
pub(crate) fn input(role: &str, body: &[u8]) -> Input {
    Input {
        role: role.to_owned(),
        content_type: "application/json".to_owned(),
        bytes: body.to_vec(),
    }
}

/// The record as `ordercase-kit map` prints it.
pub(crate) fn json(record: &Record) -> serde_json::Value {
    serde_json::to_value(record).unwrap()
}
