//! What the model promises to everyone who reads it: its JSON schema, and properties of its values.
#![expect(clippy::unwrap_used, reason = "test code fails by panicking")]

mod properties;
mod schema;
