//! Bounds of the plugin, with their units.

/// Orders of one page, at first; a page that costs too much is asked for in halves. Shopify's price of a
/// page grows with the logarithm of its size: 100 orders cost about 600 points, 50 about 470, of the
/// 1,000 that one query may cost on every plan.
pub(crate) const PAGE_ORDERS_MAX: u32 = 100;
/// Customers of one page.
pub(crate) const PAGE_CUSTOMERS_MAX: u32 = 100;
/// Lines of each order of a page; the rest is paged.
pub(crate) const PAGE_LINES: u32 = 10;
/// Shipments, payments and refunds of each order of a page; an order with more is read alone.
pub(crate) const PAGE_CHILDREN: u32 = 5;
/// Lines of an order that is read alone.
pub(crate) const FETCH_LINES: u32 = 50;
/// Shipments, payments, refunds and returns of an order that is read alone.
pub(crate) const FETCH_CHILDREN: u32 = 20;
/// Lines of one further page of an order's lines: as many as Shopify gives. Four such pages fit into one
/// reading, so an order of 1,000 lines comes whole.
pub(crate) const MORE_LINES: u32 = 250;
/// Orders whose refunds and returns are read in one request.
pub(crate) const BACKS_ORDERS: usize = 25;
/// Fewest lines and children that a costly query is shrunk to.
pub(crate) const SHRUNK_MIN: u32 = 2;
/// Records after which a stream starts its window anew: Shopify pages no deeper than 25,000.
pub(crate) const DEEP_PAGING_MAX: u64 = 20_000;
/// Customers whose orders a search reads.
pub(crate) const SEARCH_CUSTOMERS_MAX: usize = 5;
/// Bytes of a searched text.
pub(crate) const SEARCH_BYTES_MAX: usize = 320;
/// Subscriptions of one page.
pub(crate) const PAGE_SUBSCRIPTIONS: u32 = 100;
/// Pages of subscriptions; the manifest has a few dozen topics, an app may have several addresses for each.
pub(crate) const PAGES_SUBSCRIPTIONS_MAX: u32 = 8;
