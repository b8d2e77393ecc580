//! The queries as sent: each file's operation with the fragments it needs.
//!
//! A test holds them against the platform's schema where the corpus is at hand.

macro_rules! document {
    ($($file:literal),+) => { concat!($(include_str!($file), "\n"),+) };
}

/// A page of orders, in a window or matching a search.
pub const ORDERS: &str = document!(
    "orders.graphql",
    "order.fragment.graphql",
    "line.fragment.graphql",
    "allocation.fragment.graphql",
    "address.fragment.graphql",
    "money.fragment.graphql"
);

/// One order with its refunds and returns.
pub const ORDER: &str = document!(
    "order.graphql",
    "order.fragment.graphql",
    "back.fragment.graphql",
    "line.fragment.graphql",
    "allocation.fragment.graphql",
    "address.fragment.graphql",
    "money.fragment.graphql"
);

/// More lines of one order.
pub const ORDER_LINES: &str = document!(
    "order_lines.graphql",
    "line.fragment.graphql",
    "allocation.fragment.graphql",
    "money.fragment.graphql"
);

/// Refunds and returns of several orders.
pub const ORDER_BACKS: &str = document!(
    "order_backs.graphql",
    "back.fragment.graphql",
    "money.fragment.graphql"
);

/// How many orders a window holds.
pub const ORDERS_COUNT: &str = document!("orders_count.graphql");

/// A page of customers, in a window or matching a search.
pub const CUSTOMERS: &str = document!(
    "customers.graphql",
    "customer.fragment.graphql",
    "address.fragment.graphql"
);

/// One customer.
pub const CUSTOMER: &str = document!(
    "customer.graphql",
    "customer.fragment.graphql",
    "address.fragment.graphql"
);

/// How many customers a window holds.
pub const CUSTOMERS_COUNT: &str = document!("customers_count.graphql");

/// What kind of shop it is.
pub const SHOP: &str = document!("shop.graphql");

/// A page of the webhooks that the app registered.
pub const SUBSCRIPTIONS: &str = document!("subscriptions.graphql");

/// Registers a webhook.
pub const SUBSCRIBE: &str = document!("subscribe.graphql");

/// Removes a webhook.
pub const UNSUBSCRIBE: &str = document!("unsubscribe.graphql");

/// Every query, by name.
pub const ALL: &[(&str, &str)] = &[
    ("orders", ORDERS),
    ("order", ORDER),
    ("order_lines", ORDER_LINES),
    ("order_backs", ORDER_BACKS),
    ("orders_count", ORDERS_COUNT),
    ("customers", CUSTOMERS),
    ("customer", CUSTOMER),
    ("customers_count", CUSTOMERS_COUNT),
    ("shop", SHOP),
    ("subscriptions", SUBSCRIPTIONS),
    ("subscribe", SUBSCRIBE),
    ("unsubscribe", UNSUBSCRIBE),
];
