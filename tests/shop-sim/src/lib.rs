//! A strict shop in a box.
