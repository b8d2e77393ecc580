//! Where the two databases differ in what a statement says. Each macro gives `[SQLite's text, PostgreSQL's]`.
//!
//! | | SQLite | PostgreSQL |
//! |---|---|---|
//! | a batch in one argument | `json_each` | `json_array_elements`, compared byte by byte |
//! | handing work out | one writer | rows that another replica is taking are skipped |
//! | reading what is written next | one writer | the row is locked |
//! | who writes at the same time | nobody: `BEGIN IMMEDIATE` | another tenant: see `postgres.rs` |

/// Opens, per job, what a failing job is rolled back to.
pub(crate) const SAVEPOINT: &str = "SAVEPOINT job";
/// Keeps what the job did and opens the next one.
pub(crate) const NEXT_JOB: &str = "RELEASE job; SAVEPOINT job";
/// Takes back what the job did.
pub(crate) const ROLLBACK_JOB: &str = "ROLLBACK TO job";

/// A batch of pairs `[[a, b], ...]` bound as `$1`, as a table `batch` with columns `a` and `b`.
macro_rules! pairs {
    ($($rest:tt)*) => {[
        concat!("WITH batch AS MATERIALIZED (SELECT value->>0 AS a, value->>1 AS b FROM json_each($1))", $($rest)*),
        concat!("WITH batch AS MATERIALIZED (SELECT (value->>0) COLLATE \"C\" AS a, (value->>1) COLLATE \"C\" AS b \
                 FROM json_array_elements($1::json))", $($rest)*),
    ]};
}

/// A batch of fours `[[a, b, c, d], ...]` bound as `$1`.
macro_rules! fours {
    ($($rest:tt)*) => {[
        concat!("WITH batch AS MATERIALIZED (SELECT value->>0 AS a, value->>1 AS b, value->>2 AS c, value->>3 AS d \
                 FROM json_each($1))", $($rest)*),
        concat!("WITH batch AS MATERIALIZED (SELECT (value->>0) COLLATE \"C\" AS a, (value->>1) COLLATE \"C\" AS b, \
                 (value->>2) COLLATE \"C\" AS c, (value->>3) COLLATE \"C\" AS d FROM json_array_elements($1::json))",
                $($rest)*),
    ]};
}

/// Hands work out: what the query finds in the table named last in it is `due`, and is updated.
macro_rules! claim {
    ($due:literal, of $table:literal, $($update:tt)*) => {[
        concat!("WITH due AS MATERIALIZED (", $due, ") ", $($update)*),
        concat!("WITH due AS MATERIALIZED (", $due, " FOR UPDATE OF ", $table, " SKIP LOCKED) ", $($update)*),
    ]};
}

/// Reads a row that the same transaction decides on and writes.
macro_rules! locked {
    ($($text:tt)*) => {
        [concat!($($text)*), concat!($($text)*, " FOR UPDATE")]
    };
}
pub(crate) use {claim, fours, locked, pairs};
