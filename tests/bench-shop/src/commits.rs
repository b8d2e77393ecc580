//! How many transactions a PostgreSQL database has seen, for how busy an idle host keeps it.

use serde_json::json;
use sqlx::{Connection as _, PgConnection};

/// Tells how many transactions a PostgreSQL database has seen.
#[derive(Debug, clap::Args)]
pub(crate) struct Commits {
    /// Its address
    #[arg(long)]
    store: String,
}

/// Asks it. A session tells of its own transactions at most once a second, so the last of them may be missing.
///
/// # Errors
/// When it does not answer.
pub(crate) async fn run(commits: &Commits) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(&commits.store).await?;
    let count: i64 = sqlx::query_scalar(
        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()",
    )
    .fetch_one(&mut connection)
    .await?;
    println!("{}", json!({"transactions": count}));
    Ok(())
}
