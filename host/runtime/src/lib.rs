//! Runs Ordercase plugins in a sandbox.
