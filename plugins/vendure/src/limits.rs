//! Bounds of the plugin, with their units.

/// Orders of one page.
pub(crate) const PAGE_ORDERS_MAX: u32 = 50;
/// Customers of one page.
pub(crate) const PAGE_CUSTOMERS_MAX: u32 = 100;
/// History entries of each order; an order with more is marked `truncated_children`. The queries
/// carry the same number.
pub(crate) const HISTORY_ENTRIES: u64 = 100;
/// How long an order that is not final is read again with every poll, in seconds.
pub(crate) const REREAD_SECONDS: i64 = 60 * 86_400;
/// Customers whose orders a search reads.
pub(crate) const SEARCH_CUSTOMERS_MAX: u32 = 5;
/// Bytes of a searched text.
pub(crate) const SEARCH_BYTES_MAX: usize = 320;
/// Bytes of an id.
pub(crate) const ID_BYTES_MAX: usize = 64;
/// Decimals that a MoneyStrategy may keep.
pub(crate) const MONEY_DECIMALS_MAX: u32 = 6;
