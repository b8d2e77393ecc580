//! Vendure as an Ordercase source.
