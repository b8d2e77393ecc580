//! What the simulation needs of the store: a gate before every operation, a way to know that nothing is under
//! way, guards that can be turned off, and questions about leases. Compiled with the feature `simulation` only.
//!
//! The gate stands at the two entrances that every operation passes ([`Store::write`], [`Store::reader`]), because
//! an operation is one transaction there: whatever order the gates are opened in is an order in which replicas
//! could have come to the database. A wrapper around the store would have to repeat its hundred methods, and the
//! engine would run on another type than the product's.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    sync::Arc,
};

use futures::future::BoxFuture;
use ordercase_model::Instant;

use crate::{
    Store, StoreError,
    db::{Scope, Sql, Tx, args, statements},
    store::Gated,
};

/// A guard that can be turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutation {
    /// Whatever comes last is stored, however old it is.
    VersionGuard,
    /// A webhook's body replaces what was read after its event.
    BodyAgainstRead,
    /// The same delivery twice is two receipts.
    Dedupe,
    /// Whoever had a lease once may settle.
    LeaseAtSettle,
    /// The cursor moves in a transaction of its own, before its page is stored.
    CursorWithPage,
    /// A receipt is settled in a transaction of its own, before its records are stored.
    SettledWithRecords,
    /// A later effect of a target goes while an earlier one is on its way.
    OneEffectPerTarget,
    /// Receipts of one entity run side by side.
    OneReceiptPerEntity,
    /// A waiting effect takes in one that has begun.
    NotMergedInFlight,
    /// The ticket is committed in one transaction, its effects in the next.
    StateWithEffects,
    /// Tickets do not hear of changed records.
    Wake,
    /// A look at a ticket does not ask whether a record changed meanwhile.
    LookedMeanwhile,
    /// Settling a receipt does not move its account.
    Account,
    /// A repeated attempt at an effect does not ask whether it happened.
    DidItHappen,
    /// Nobody asks for more time while a job runs.
    LeaseKept,
    /// An effect is sent however long ago it was claimed.
    LeaseBeforeSending,
    /// A poll begins exactly where the last one saw the newest change.
    PollOverlap,
    /// A webhook's body is believed whatever step it tells of.
    UnusualStep,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::VersionGuard,
        Self::BodyAgainstRead,
        Self::Dedupe,
        Self::LeaseAtSettle,
        Self::CursorWithPage,
        Self::SettledWithRecords,
        Self::OneEffectPerTarget,
        Self::OneReceiptPerEntity,
        Self::NotMergedInFlight,
        Self::StateWithEffects,
        Self::Wake,
        Self::LookedMeanwhile,
        Self::Account,
        Self::DidItHappen,
        Self::LeaseKept,
        Self::LeaseBeforeSending,
        Self::PollOverlap,
        Self::UnusualStep,
    ];
}

thread_local! {
    static OFF: Cell<Option<Mutation>> = const { Cell::new(None) };
    static BUSY: Cell<usize> = const { Cell::new(0) };
    static CUT: RefCell<HashMap<(&'static str, &'static str), Sql>> = RefCell::new(HashMap::new());
}

/// Turns one guard off on this thread, or all on again.
pub fn turn_off(guard: Option<Mutation>) {
    OFF.with(|off| off.set(guard));
}

/// Whether a guard is off on this thread.
#[must_use]
pub fn is_off(guard: Mutation) -> bool {
    OFF.with(Cell::get) == Some(guard)
}

/// Whether an operation of the store is under way on this thread's runtime.
#[must_use]
pub fn is_busy() -> bool {
    BUSY.with(Cell::get) > 0
}

/// An operation, or a statement of one, while it is under way.
pub(crate) struct Busy(());

pub(crate) fn busy() -> Busy {
    BUSY.with(|busy| busy.set(busy.get() + 1));
    Busy(())
}

impl Drop for Busy {
    fn drop(&mut self) {
        BUSY.with(|busy| busy.set(busy.get().saturating_sub(1)));
    }
}

/// What wants to pass a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The store's function, for people; `read` of those that only read.
    pub name: &'static str,
    /// Whether it writes.
    pub writes: bool,
}

/// How an operation passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// It is done.
    Done,
    /// It is not even begun, and fails.
    Failed,
    /// It is done, but its caller is told that it failed: the connection broke after the commit.
    AnswerLost,
}

/// Stands before every operation of a store.
pub trait Gate: Send + Sync + 'static {
    /// Returns when the operation may pass.
    fn enter(&self, operation: Operation) -> BoxFuture<'_, Pass>;
}

impl Gated {
    pub(crate) async fn read(&self) -> Result<(), StoreError> {
        let operation = Operation {
            name: "read",
            writes: false,
        };
        match self.enter(operation).await {
            Pass::Failed => Err(failed()),
            Pass::Done | Pass::AnswerLost => Ok(()),
        }
    }

    pub(crate) async fn write<T>(
        &self,
        job: &'static str,
        write: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let operation = Operation {
            name: function_of(job),
            writes: true,
        };
        let pass = self.enter(operation).await;
        if pass == Pass::Failed {
            return Err(failed());
        }
        let _busy = busy();
        let result = write.await;
        if pass == Pass::AnswerLost && result.is_ok() {
            return Err(StoreError::NotCommitted(
                "simulated: the connection broke after the commit".to_owned(),
            ));
        }
        result
    }

    async fn enter(&self, operation: Operation) -> Pass {
        match &self.0 {
            Some(gate) => gate.enter(operation).await,
            None => Pass::Done,
        }
    }
}

fn failed() -> StoreError {
    StoreError::NotCommitted("simulated: the database is busy".to_owned())
}

/// The function that a job's closure stands in.
fn function_of(closure: &'static str) -> &'static str {
    let mut parts = closure.rsplit("::");
    let named = parts.find(|part| !part.contains(['{', '<', '>', '$']));
    named.unwrap_or(closure)
}

/// A statement without one of its conditions: the first that contains `mark`, cut out whole.
///
/// Conditions in the text are `AND ...` up to the closing bracket of `EXISTS (`, or to the end of a line.
pub(crate) fn without(sql: Sql, mark: &'static str) -> Sql {
    let text = sql.sqlite();
    CUT.with_borrow_mut(|cut| {
        *cut.entry((text, mark)).or_insert_with(|| {
            let at = text.find(mark).map_or(text.len(), |at| at);
            assert!(at < text.len(), "no `{mark}` in {text}");
            let end = end_of(text, at, mark);
            let shorter = format!("{}{}", &text[..at], &text[end..]);
            Sql::only_sqlite(Box::leak(shorter.into_boxed_str()))
        })
    })
}

/// Where a condition that begins with `mark` ends: behind the bracket that closes the one in `mark`.
fn end_of(text: &str, at: usize, mark: &str) -> usize {
    let mut end = at + mark.len();
    let mut open = mark.matches('(').count();
    for char in text[end..].chars() {
        if open == 0 {
            break;
        }
        match char {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        end += char.len_utf8();
    }
    end
}

statements! {
    /// Receipts and effects under a lease.
    LEASED = "SELECT receipt_id AS id, 'entity ' || owner_id || ' ' || entity_key AS what, holder FROM receipts
                WHERE state = 'pending' AND lease_until > $1
            UNION ALL
            SELECT effect_id AS id, 'target ' || desk_id || ' ' || target AS what, holder FROM outbox
                WHERE state = 'pending' AND lease_until > $1";
    TABLES = "SELECT name AS what FROM sqlite_master
            WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '_sqlx_migrations'";
    COUNTS = "SELECT (SELECT COUNT(*) FROM receipts) AS receipts, (SELECT COUNT(*) FROM outbox) AS outbox,
            (SELECT COUNT(*) FROM outbox WHERE state = 'pending') AS waiting,
            (SELECT COUNT(*) FROM journal) AS journal, (SELECT COUNT(*) FROM records) AS records,
            (SELECT COUNT(*) FROM raw_bodies) AS raw_bodies, (SELECT COUNT(*) FROM runs) AS runs,
            (SELECT COUNT(*) FROM holes) AS holes, (SELECT COUNT(*) FROM audit) AS audit";
}

/// A receipt or an effect under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// Its id.
    pub id: String,
    /// What nobody else may work on meanwhile: an entity, or a target.
    pub what: String,
    /// Who holds it.
    pub holder: String,
}

/// Rows of the tables that grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct RowCounts {
    /// Receipts.
    pub receipts: u64,
    /// Effects, whatever became of them.
    pub outbox: u64,
    /// Effects that wait.
    pub waiting: u64,
    /// Attempts at effects.
    pub journal: u64,
    /// Records.
    pub records: u64,
    /// Answers kept beside records.
    pub raw_bodies: u64,
    /// Runs.
    pub runs: u64,
    /// Holes that runs found.
    pub holes: u64,
    /// Deeds noted.
    pub audit: u64,
}

impl Store {
    /// The same store behind a gate.
    #[must_use]
    pub fn behind(&self, gate: Arc<dyn Gate>) -> Self {
        let mut behind = self.clone();
        behind.gate = Gated(Some(gate));
        behind
    }

    /// What is under a lease at that moment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leased(&self, now: Instant) -> Result<Vec<Leased>, StoreError> {
        let mut conn = self.reader(Scope::All).await?;
        let rows = conn.all(LEASED, args![now]).await?;
        rows.iter()
            .map(|row| {
                Ok(Leased {
                    id: row.text("id")?,
                    what: row.text("what")?,
                    holder: row.text("holder")?,
                })
            })
            .collect()
    }

    /// How much is stored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn row_counts(&self) -> Result<RowCounts, StoreError> {
        let mut conn = self.reader(Scope::All).await?;
        let Some(row) = conn.first(COUNTS, Vec::new()).await? else {
            return Ok(RowCounts::default());
        };
        Ok(RowCounts {
            receipts: row.count("receipts")?,
            outbox: row.count("outbox")?,
            waiting: row.count("waiting")?,
            journal: row.count("journal")?,
            records: row.count("records")?,
            raw_bodies: row.count("raw_bodies")?,
            runs: row.count("runs")?,
            holes: row.count("holes")?,
            audit: row.count("audit")?,
        })
    }

    /// Empties every table and forgets whose turn it was, so that the next interleaving begins like the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wipe(&self) -> Result<(), StoreError> {
        self.write(Scope::All, |tx| Box::pin(wipe(tx))).await
    }
}

async fn wipe(tx: &mut Tx) -> Result<(), StoreError> {
    tx.turns.clear();
    tx.conn
        .run(
            Sql::only_sqlite("PRAGMA defer_foreign_keys = ON"),
            Vec::new(),
        )
        .await?;
    let tables = tx.conn.all(TABLES, Vec::new()).await?;
    for table in &tables {
        let name = table.text("what")?;
        let delete = CUT.with_borrow_mut(|cut| {
            let known = cut.iter().find(|((_, mark), sql)| {
                *mark == "wipe" && sql.sqlite().ends_with(&format!(" {name}"))
            });
            if let Some((_, sql)) = known {
                return *sql;
            }
            let text: &'static str = Box::leak(format!("DELETE FROM {name}").into_boxed_str());
            cut.insert((text, "wipe"), Sql::only_sqlite(text));
            Sql::only_sqlite(text)
        });
        tx.conn.run(delete, Vec::new()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_cut_out_whole() {
        let sql = Sql::only_sqlite("SELECT 1 WHERE a = (1) AND NOT EXISTS (SELECT (2)) AND b = 3");
        let cut = without(sql, "AND NOT EXISTS (");
        assert_eq!(cut.sqlite(), "SELECT 1 WHERE a = (1)  AND b = 3");
        let cut = without(sql, " AND b = 3");
        assert_eq!(
            cut.sqlite(),
            "SELECT 1 WHERE a = (1) AND NOT EXISTS (SELECT (2))"
        );
    }

    #[test]
    fn a_job_is_named_by_the_function_it_stands_in() {
        let name = "ordercase_store::inbox::claim::<impl ordercase_store::store::Store>::claim_receipts::{{closure}}::{{closure}}";
        assert_eq!(function_of(name), "claim_receipts");
    }
}
