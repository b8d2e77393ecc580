//! Where the two databases differ in what a statement says. Each macro gives `[SQLite's text, PostgreSQL's]`.
//!
//! | | SQLite | PostgreSQL |
//! |---|---|---|
//! | a lookup by index of each row | `CROSS JOIN`, whose order is kept | `LATERAL`, which nothing is moved out of |
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

/// A text for one database, made of pieces. `each "table" "alias" on "condition"` joins, to each row before it, the rows
/// that an index finds. Planners have to be told: where PostgreSQL believes that a shop has few records (its statistics
/// are always behind, and take columns that belong together for independent), it reads all of them to find one; SQLite
/// has no statistics and may begin at the wrong end.
macro_rules! text {
    ($db:ident [$($done:expr),*]) => { concat!($($done),*) };
    (sqlite [$($done:expr),*] each $table:literal $alias:literal on $condition:literal $(, $($rest:tt)*)?) => {
        $crate::db::dialect::text!(sqlite [$($done,)* " CROSS JOIN ", $table, " ", $alias, " ON ", $condition, " "]
            $($($rest)*)?)
    };
    (postgres [$($done:expr),*] each $table:literal $alias:literal on $condition:literal $(, $($rest:tt)*)?) => {
        $crate::db::dialect::text!(postgres [$($done,)* " CROSS JOIN LATERAL (SELECT ", $alias, ".* FROM ", $table, " ",
            $alias, " WHERE ", $condition, " OFFSET 0) ", $alias, " "] $($($rest)*)?)
    };
    ($db:ident [$($done:expr),*] $piece:expr $(, $($rest:tt)*)?) => {
        $crate::db::dialect::text!($db [$($done,)* $piece] $($($rest)*)?)
    };
}

/// A statement with `each`, see [`text`].
macro_rules! both {
    ($($pieces:tt)*) => {[
        $crate::db::dialect::text!(sqlite [] $($pieces)*),
        $crate::db::dialect::text!(postgres [] $($pieces)*),
    ]};
}

/// A batch of pairs `[[a, b], ...]` bound as `$1`, as a table `batch` with columns `a` and `b`; `each` as in [`text`].
macro_rules! pairs {
    ($($pieces:tt)*) => {[
        $crate::db::dialect::text!(sqlite
            ["WITH batch AS MATERIALIZED (SELECT value->>0 AS a, value->>1 AS b FROM json_each($1))"] $($pieces)*),
        $crate::db::dialect::text!(postgres
            ["WITH batch AS MATERIALIZED (SELECT (value->>0) COLLATE \"C\" AS a, (value->>1) COLLATE \"C\" AS b \
              FROM json_array_elements($1::json))"] $($pieces)*),
    ]};
}

/// A batch of fours `[[a, b, c, d], ...]` bound as `$1`; `each` as in [`text`].
macro_rules! fours {
    ($($pieces:tt)*) => {[
        $crate::db::dialect::text!(sqlite
            ["WITH batch AS MATERIALIZED (SELECT value->>0 AS a, value->>1 AS b, value->>2 AS c, value->>3 AS d \
              FROM json_each($1))"] $($pieces)*),
        $crate::db::dialect::text!(postgres
            ["WITH batch AS MATERIALIZED (SELECT (value->>0) COLLATE \"C\" AS a, (value->>1) COLLATE \"C\" AS b, \
              (value->>2) COLLATE \"C\" AS c, (value->>3) COLLATE \"C\" AS d FROM json_array_elements($1::json))"]
            $($pieces)*),
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
pub(crate) use {both, claim, fours, locked, pairs, text};
