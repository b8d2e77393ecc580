//! The Ordercase host: joins shops to Zendesk.

fn main() {}
