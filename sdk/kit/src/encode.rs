//! From a core module to a component.

use wit_component::ComponentEncoder;

/// Wraps a module that was built with `ordercase_sdk::export!`; the worlds lie inside it.
pub(crate) fn encode(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)?
        .encode()
}
