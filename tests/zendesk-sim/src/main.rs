//! A strict Zendesk in a box.

fn main() {}
