//! Storing alone: one table with a key and an index, one transaction a page, one statement a page, `synchronous=FULL`.

use std::{fmt::Write as _, path::PathBuf};

use serde_json::json;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Executor as _,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    computed,
    model::Answer,
    normalise::{PAGE, pages},
    per_order,
};

const TABLE: &str = "CREATE TABLE orders (source TEXT NOT NULL, external_id INTEGER NOT NULL, number TEXT, email TEXT,
        placed_at TEXT, updated_at TEXT, total INTEGER, doc TEXT NOT NULL, PRIMARY KEY (source, external_id)) WITHOUT ROWID;
    CREATE INDEX orders_email ON orders (email, placed_at);";

/// Stores mapped orders, one table with a key and an index, a transaction a page.
#[derive(Debug, clap::Args)]
pub(crate) struct Upsert {
    /// Orders that are stored
    #[arg(long, default_value_t = 20_000)]
    orders: u64,
    /// Varies people, goods and amounts
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the file is made
    #[arg(long)]
    folder: PathBuf,
}

/// Measures it.
///
/// # Errors
/// When the file cannot be made or written.
pub(crate) async fn run(upsert: &Upsert) -> anyhow::Result<()> {
    let mut conn = SqliteConnectOptions::new()
        .filename(upsert.folder.join("floor.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await?;
    conn.execute(TABLE).await?;
    let statement = statement();
    let pages = pages(upsert.seed, 2_000);
    let mut kept = Vec::new();
    for page in &pages {
        let answer: Answer<'_> = serde_json::from_str(page)?;
        let mut rows = Vec::new();
        for order in &answer.data.orders.nodes {
            let order = order.kept();
            let texts = [
                order.number,
                &order.email,
                order.placed_at,
                order.updated_at,
            ]
            .map(str::to_owned);
            rows.push((
                order.external_id,
                texts,
                order.totals.total_minor,
                serde_json::to_string(&order)?,
            ));
        }
        kept.push(rows);
    }
    let rounds = upsert.orders.div_ceil(2_000).max(1);
    let mut orders = 0;
    let before = computed();
    for round in 0..rounds {
        for rows in &kept {
            conn.execute("BEGIN IMMEDIATE").await?;
            let mut query = sqlx::query(AssertSqlSafe(statement.as_str()));
            for (id, [number, email, placed, updated], total, doc) in rows {
                // Another id each round, so that every row is new.
                let id = i64::try_from(id + round * 2_000)?;
                query = query
                    .bind(id)
                    .bind(number)
                    .bind(email)
                    .bind(placed)
                    .bind(updated)
                    .bind(total)
                    .bind(doc);
            }
            query.execute(&mut conn).await?;
            conn.execute("COMMIT").await?;
            orders += PAGE;
        }
    }
    println!(
        "{}",
        json!({"cpu_us_per_order": per_order(computed() - before, orders)})
    );
    Ok(())
}

fn statement() -> String {
    let mut text = "INSERT INTO orders (source, external_id, number, email, placed_at, updated_at, total, doc) VALUES ".to_owned();
    for row in 0..PAGE {
        let comma = if row > 0 { ", " } else { "" };
        let _infallible = write!(text, "{comma}('shopify', ?, ?, ?, ?, ?, ?, ?)");
    }
    text.push_str(
        " ON CONFLICT (source, external_id) DO UPDATE SET number = excluded.number, email = excluded.email,
          placed_at = excluded.placed_at, updated_at = excluded.updated_at, total = excluded.total, doc = excluded.doc
          WHERE excluded.updated_at >= orders.updated_at",
    );
    text
}
