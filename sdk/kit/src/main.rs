//! Build, run and check Ordercase plugins.

fn main() {}
