//! What the author of an Ordercase plugin imports.
