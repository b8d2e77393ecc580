//! Where databases differ. SQLite's side: a batch arrives as one JSON argument and is read with
//! `json_each`; PostgreSQL will take the same argument through `jsonb_to_recordset`.

/// Opens, per job, what a failing job is rolled back to.
pub(crate) const SAVEPOINT: &str = "SAVEPOINT job";
/// Keeps what the job did.
pub(crate) const RELEASE: &str = "RELEASE job";
/// Takes back what the job did.
pub(crate) const ROLLBACK_JOB: &str = "ROLLBACK TO job";
/// Takes the write lock at once, so that no job meets it half way.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

/// A batch of pairs `[[a, b], ...]` bound as `$1`, as a table `batch` with columns `a` and `b`.
macro_rules! pairs {
    () => {
        "WITH batch AS MATERIALIZED (SELECT value->>0 AS a, value->>1 AS b FROM json_each($1))"
    };
}

/// A batch of fours `[[a, b, c, d], ...]` bound as `$1`.
macro_rules! fours {
    () => {
        "WITH batch AS MATERIALIZED (SELECT value->>0 AS a, value->>1 AS b, value->>2 AS c, value->>3 AS d FROM json_each($1))"
    };
}
pub(crate) use {fours, pairs};
