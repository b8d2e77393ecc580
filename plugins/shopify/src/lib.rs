//! Shopify as an Ordercase source.
