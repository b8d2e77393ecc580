//! A strict shop in a box.

fn main() {}
