//! Bounds of the kit, with their units.

/// A source body.
pub(crate) const BODY_BYTES_MAX: u64 = 64 << 20;
/// A context file.
pub(crate) const CONTEXT_BYTES_MAX: u64 = 1 << 20;
/// A `plugin.toml`.
pub(crate) const MANIFEST_BYTES_MAX: u64 = 256 << 10;
/// A module or a component.
pub(crate) const WASM_BYTES_MAX: u64 = 64 << 20;
