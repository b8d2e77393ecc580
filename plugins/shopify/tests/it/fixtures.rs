//! The plugin's own cases.
