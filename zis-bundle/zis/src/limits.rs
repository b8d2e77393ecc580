//! Every bound of this crate, in one place.
//!
//! Zendesk publishes few of its own limits. Those that it does publish are marked "documented";
//! the others are ours: generous beside the largest bundles seen in the wild (43 KB, 49 states),
//! small enough that a hostile bundle cannot exhaust the machine.

/// Size of a bundle's text.
pub const BUNDLE_BYTES_MAX: usize = 1024 * 1024;
/// Resources in one bundle.
pub const RESOURCES_MAX: usize = 1_000;
/// States of one flow.
pub const STATES_MAX: usize = 1_000;
/// Findings kept for one bundle; more add nothing for the reader.
pub const FINDINGS_MAX: usize = 200;
/// And/Or/Not inside one another, and Map inside Map.
pub const NESTING_MAX: usize = 8;

/// An integration's name (documented).
pub const INTEGRATION_CHARS_MAX: usize = 64;
/// A connection's name, shortest (documented).
pub const CONNECTION_CHARS_MIN: usize = 3;
/// A connection's name, longest (documented).
pub const CONNECTION_CHARS_MAX: usize = 64;
/// A connection's allowed domain (documented).
pub const DOMAIN_CHARS_MAX: usize = 128;
/// One label of a domain (documented).
pub const DOMAIN_LABEL_CHARS_MAX: usize = 63;
/// An action's name as documented; real bundles use longer ones, so the linter only mentions it.
pub const ACTION_NAME_CHARS_DOCUMENTED: usize = 20;
/// A bundle's name beyond which the linter warns.
pub const BUNDLE_NAME_CHARS_MAX: usize = 50;
/// A bundle's description beyond which the linter warns.
pub const DESCRIPTION_CHARS_MAX: usize = 255;
/// Flows in one bundle beyond which ZIS is "possibly suitable" only (documented guidance).
pub const FLOWS_SUITABLE_MAX: usize = 20;

/// The document of a run: event, results of states, loaded settings.
pub const DOCUMENT_BYTES_MAX: usize = 1024 * 1024;
/// How deep the document of a run may nest.
pub const DOCUMENT_DEPTH_MAX: usize = 100;
/// The body of an HTTP answer that a run takes in.
pub const RESPONSE_BYTES_MAX: usize = 512 * 1024;
/// States that one run may visit, all attempts together.
pub const VISITS_MAX: usize = 1_000;
/// A value that the trace keeps whole; larger ones are replaced by their size.
pub const TRACE_VALUE_BYTES_MAX: usize = 8 * 1024;
/// Steps along one reference path.
pub const REFERENCE_STEPS_MAX: usize = 64;

/// Text of one jq expression.
pub const JQ_BYTES_MAX: usize = 16 * 1024;
/// Brackets and interpolations inside one another in a jq expression.
pub const JQ_DEPTH_MAX: usize = 40;
/// Keywords that open a block (`if`, `reduce`, ...) or bind (`as`) in one jq expression.
pub const JQ_KEYWORDS_MAX: usize = 400;
/// Steps that jq's loops (`range`, `recurse`, `until`, ...) may make, all expressions of a run
/// together.
pub const JQ_FUEL: u64 = 100_000;
/// Compiled jq expressions that one thread keeps.
pub const JQ_COMPILED_MAX: usize = 64;
