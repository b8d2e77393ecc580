//! Every bound of the simulator, with its unit.

/// Orders of a fresh shop when none are asked for.
pub(crate) const ORDERS_DEFAULT: u32 = 2_000;
/// Most orders a shop may be started with.
pub(crate) const ORDERS_MAX: u32 = 2_000_000;
/// Moment a population is told from when none is given: 2026-11-24T12:00:00Z.
pub(crate) const EPOCH_SECONDS: i64 = 1_795_521_600;
/// Age of the oldest generated order.
pub(crate) const HISTORY_SECONDS: i64 = 2 * 365 * 86_400;

/// Body of an API or admin request.
pub(crate) const REQUEST_BYTES_MAX: usize = 1 << 20;
/// Nodes of one connection page, as at Shopify.
pub(crate) const PAGE_NODES_MAX: i64 = 250;
/// Cost of one query, as at Shopify.
pub(crate) const QUERY_COST_MAX: u32 = 1_000;
/// Selections below selections.
pub(crate) const QUERY_DEPTH_MAX: usize = 40;
/// Terms of one search filter.
pub(crate) const SEARCH_TERMS_MAX: usize = 64;
/// Longest latency a fault may ask for.
pub(crate) const FAULT_LATENCY_MS_MAX: u64 = 60_000;
/// Faults waiting at once.
pub(crate) const FAULTS_MAX: usize = 100;
/// API requests kept in the request log.
pub(crate) const REQUEST_LOG_MAX: usize = 500;

/// Attempts of one webhook delivery, as at Shopify: the first and eight more.
pub(crate) const WEBHOOK_ATTEMPTS_MAX: u32 = 9;
/// First wait after a failed delivery.
pub(crate) const WEBHOOK_RETRY_FIRST_MS: u64 = 1_000;
/// Longest wait between two attempts.
pub(crate) const WEBHOOK_RETRY_MAX_MS: u64 = 60_000;
/// Time to connect to a receiver.
pub(crate) const WEBHOOK_CONNECT_MS: u64 = 1_000;
/// Time for a receiver's answer.
pub(crate) const WEBHOOK_TIMEOUT_MS: u64 = 5_000;
/// Deliveries in flight at once.
pub(crate) const WEBHOOK_PARALLEL: usize = 8;
/// Deliveries remembered; the oldest settled ones go first.
pub(crate) const WEBHOOK_LOG_MAX: usize = 20_000;
/// Deliveries that one look at the log shows unless it asks for more.
pub(crate) const WEBHOOK_ROWS_DEFAULT: usize = 200;
