//! The queries as sent: each file's operation with the fragments it needs.

macro_rules! document {
    ($($file:literal),+) => { concat!($(include_str!($file), "\n"),+) };
}

/// A page of orders.
pub const ORDERS: &str = document!("orders.graphql", "order.fragment.graphql");

/// One order.
pub const ORDER: &str = document!("order.graphql", "order.fragment.graphql");

/// A page of customers.
pub const CUSTOMERS: &str = document!("customers.graphql", "customer.fragment.graphql");

/// One customer.
pub const CUSTOMER: &str = document!("customer.graphql", "customer.fragment.graphql");

/// Customers with their orders.
pub const PEOPLE: &str = document!(
    "people.graphql",
    "customer.fragment.graphql",
    "order.fragment.graphql"
);

/// What kind of shop it is.
pub const SHOP: &str = document!("shop.graphql");

/// Whether the key may read orders. `me` would tell, but a key may not ask for it.
pub const MAY_READ_ORDERS: &str = document!("may_read_orders.graphql");

/// Whether the key may read customers.
pub const MAY_READ_CUSTOMERS: &str = document!("may_read_customers.graphql");
