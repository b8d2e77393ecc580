//! Every limit of the sandbox and its door, by name and unit.
//!
//! Two tiers: compiled languages, and languages that bring an interpreter along. What differs is in
//! [`TierLimits`]; what differs by export is in [`CallLimits`].

use std::time::Duration;

use ordercase_breaker::Rules;

use crate::package::{Export, Tier};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Longest text of a `plugin.toml`.
pub const MANIFEST_BYTES_MAX: usize = 64 * KIB;
/// Longest single text in a manifest.
pub const MANIFEST_TEXT_BYTES_MAX: usize = 512;
/// Most origins of a plugin.
pub const ORIGINS_MAX: usize = 16;
/// Most settings and secrets of a plugin.
pub const SETTINGS_MAX: usize = 64;
/// Most webhook topics of a plugin.
pub const TOPICS_MAX: usize = 256;
/// Compiled size of a setting's pattern.
pub const PATTERN_BYTES_MAX: usize = 256 * KIB;
/// Longest value of a setting.
pub const SETTING_BYTES_MAX: usize = 4 * KIB;
/// Most records that a page may ask for.
pub const PAGE_LIMIT_MAX: u32 = 250;

/// Most records that one call may return.
pub const RECORDS_PER_CALL_MAX: usize = 1_000;
/// Longest canonical body of a record.
pub const RECORD_BODY_BYTES_MAX: usize = MIB;
/// Deepest nesting of a JSON body.
pub const JSON_DEPTH_MAX: u32 = 32;
/// Most characters of a source id.
pub const SOURCE_ID_CHARS_MAX: usize = 255;
/// Longest source version, API version, code of a warning.
pub const ENVELOPE_TEXT_BYTES_MAX: usize = 255;
/// Most missing fields, and most warnings, of a record.
pub const ENVELOPE_ITEMS_MAX: usize = 256;
/// Longest cursor.
pub const CURSOR_BYTES_MAX: usize = 8 * KIB;
/// Longest facts of a probe.
pub const FACTS_BYTES_MAX: usize = 64 * KIB;
/// Most hints of a webhook.
pub const HINTS_MAX: usize = 256;
/// Most subscriptions that a platform's list may hold.
pub const SUBSCRIPTIONS_MAX: usize = 2_500;
/// Longest id, topic or address of a subscription.
pub const SUBSCRIPTION_TEXT_BYTES_MAX: usize = 2 * KIB;
/// Longest text of a plugin's error that is kept.
pub const ERROR_TEXT_BYTES_MAX: usize = 2 * KIB;

/// Longest context that a call gets: settings, facts and overrides together.
pub const CONTEXT_BYTES_MAX: usize = 256 * KIB;
/// Longest body of a webhook.
pub const WEBHOOK_BODY_BYTES_MAX: usize = 4 * MIB;
/// Longest raw set that `map` gets.
pub const MAP_INPUT_BYTES_MAX: usize = 16 * MIB;

/// Most headers of a request.
pub const REQUEST_HEADERS_MAX: usize = 32;
/// Longest headers of a request, together.
pub const REQUEST_HEADER_BYTES_MAX: usize = 8 * KIB;
/// Longest path of a request.
pub const REQUEST_PATH_BYTES_MAX: usize = 2 * KIB;
/// Longest query of a request, before escaping.
pub const REQUEST_QUERY_BYTES_MAX: usize = 8 * KIB;
/// Longest body of a request.
pub const REQUEST_BODY_BYTES_MAX: usize = MIB;
/// Longest role of a request.
pub const REQUEST_ROLE_BYTES_MAX: usize = 64;
/// Longest answer, decompressed.
pub const RESPONSE_BODY_BYTES_MAX: usize = 8 * MIB;
/// Longest answers of one call, together.
pub const RESPONSE_BYTES_PER_CALL_MAX: usize = 32 * MIB;
/// Longest headers of an answer that are handed on.
pub const RESPONSE_HEADER_BYTES_MAX: usize = 32 * KIB;
/// How long a connection may take to open.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an idle connection is kept.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Most idle connections to one shop.
pub const IDLE_CONNECTIONS_MAX: usize = 4;
/// Longest that a call waits for its throttle, so that it does not hold its place for nothing.
pub const THROTTLE_WAIT_MAX: Duration = Duration::from_secs(10);
/// Most shops whose connections are kept open.
pub const CLIENTS_MAX: usize = 512;
/// Most throttles kept.
pub const THROTTLES_MAX: usize = 16 * 1024;
/// When an endpoint of a source is left alone.
pub const BREAKER: Rules = Rules {
    failures: 5,
    wait: Duration::from_secs(2),
    wait_max: Duration::from_secs(30),
};
/// Longest that a source's `Retry-After` is believed.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);
/// Shortest secret that answers are searched for; a shorter one would match by chance.
pub const SECRET_BYTES_MIN: usize = 8;

/// Length of an epoch tick. Ticks are wall time while the plugin computes.
pub const TICK: Duration = Duration::from_millis(10);
/// Most bytes that a plugin hands over at once.
pub const HOSTCALL_BYTES_MAX: usize = 16 * MIB;
/// Frames of a trap that are kept.
pub const TRAP_FRAMES_MAX: usize = 16;
/// Most log lines of a call.
pub const LOG_LINES_MAX: usize = 100;
/// Longest log of a call.
pub const LOG_BYTES_MAX: usize = 32 * KIB;
/// Longest log line.
pub const LOG_LINE_BYTES_MAX: usize = 2 * KIB;
/// How long admission may run a component's start.
pub const ADMISSION_START_TIMEOUT: Duration = Duration::from_secs(5);
/// Ticks of a component's start during admission.
pub const ADMISSION_TICKS_MAX: u32 = 50;
/// How long a call waits for a place, for an agent and for everything else.
pub const QUEUE_WAIT_AGENT: Duration = Duration::from_secs(5);
/// See [`QUEUE_WAIT_AGENT`].
pub const QUEUE_WAIT: Duration = Duration::from_secs(30);

/// What differs between tiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TierLimits {
    /// Largest component.
    pub component_bytes_max: usize,
    /// Largest linear memory.
    pub memory_bytes_max: usize,
    /// Largest linear memory that a component may begin with.
    pub memory_initial_bytes_max: u64,
    /// Most memories.
    pub memories_max: u32,
    /// Most elements of a table.
    pub table_elements_max: usize,
    /// Most tables.
    pub tables_max: u32,
    /// Most core instances in a component.
    pub core_instances_max: u32,
    /// Most live handles of resources.
    pub handles_max: usize,
    /// Calls at once per processor.
    pub slots_per_core: usize,
    /// Calls at once at least.
    pub slots_min: usize,
    /// How long compilation may take.
    pub compile_timeout: Duration,
}

impl Tier {
    /// Limits of the tier.
    #[must_use]
    pub const fn limits(self) -> TierLimits {
        match self {
            Self::Rust => TierLimits {
                component_bytes_max: 4 * MIB,
                memory_bytes_max: 64 * MIB,
                memory_initial_bytes_max: 4 * MIB as u64,
                memories_max: 1,
                table_elements_max: 20_000,
                tables_max: 8,
                core_instances_max: 16,
                handles_max: 64,
                slots_per_core: 4,
                slots_min: 16,
                compile_timeout: Duration::from_secs(60),
            },
            Self::Interpreter => TierLimits {
                component_bytes_max: 24 * MIB,
                memory_bytes_max: 256 * MIB,
                memory_initial_bytes_max: 24 * MIB as u64,
                memories_max: 1,
                table_elements_max: 100_000,
                tables_max: 16,
                core_instances_max: 64,
                handles_max: 1_024,
                slots_per_core: 1,
                slots_min: 4,
                compile_timeout: Duration::from_secs(120),
            },
        }
    }
}

/// What differs between exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Ticks of computing; see [`TICK`].
    pub ticks_max: u32,
    /// Wall time, waiting for the source included.
    pub wall: Duration,
    /// Requests.
    pub requests_max: u32,
}

impl Export {
    /// Limits of one call.
    #[must_use]
    pub const fn limits(self, tier: Tier) -> CallLimits {
        let (ticks, wall_seconds, requests_max) = match self {
            Self::Pull => (200, 30, 20),
            Self::Probe => (50, 30, 5),
            Self::Fetch | Self::Search => (50, 15, 5),
            Self::Map => (50, 10, 0),
            Self::Receive => (50, 5, 0),
            Self::Subscribe => (50, 30, 10),
        };
        let ticks_max = match tier {
            Tier::Rust => ticks,
            Tier::Interpreter => ticks * 4,
        };
        CallLimits {
            ticks_max,
            wall: Duration::from_secs(wall_seconds),
            requests_max,
        }
    }
}
