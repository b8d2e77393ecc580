//! Replay: stored answers through the plugin's `map` again, or stored webhooks back to work.
//!
//! | What | How it is limited | What it may change |
//! |---|---|---|
//! | records ([`Replayer::records`]) | a bounded batch, told at N records a second, one replay per connection and process | records that the plugin tells differently now |
//! | receipts ([`Replayer::receipts`]) | a bounded batch, due moments N a second apart | whatever a webhook may change |
//!
//! Both answer with a position to go on from (decision 6): whoever replays a million records asks again and
//! again, and what is done stays done when somebody is killed in between. Outward effects have keys, so a
//! replay of what is finished changes nothing outside.

mod diff;
mod records;

pub use diff::FieldDiff;
pub use records::{RecordReplay, ReplayVerdict, ReplayedPage, ReplayedRecord};

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use ordercase_model::{Kind, Record};
use ordercase_store::{
    ConnectionKey, RawBody, ReceiptCursor, ReceiptFilter, Rework, Reworked, Store, StoreError,
};
use serde_json::Value;

use crate::{
    Clock, SourceFailure,
    limits::{REPLAY_PER_SECOND_MAX, REPLAY_RECEIPTS_MAX},
};

/// A plugin's `map`. The server implements this over the runtime.
#[async_trait]
pub trait Mapper: Send + Sync + 'static {
    /// Records of a kind from the answers they were made of, told by that plugin. No request leaves.
    async fn map(
        &self,
        connection: &ConnectionKey,
        plugin_digest: &str,
        kind: Kind,
        inputs: &[RawBody],
    ) -> Result<Vec<Record>, SourceFailure>;
}

/// Why a replay did not begin.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such connection.
    #[error("there is no connection `{0}`")]
    NoConnection(String),
    /// Another one of the same connection is under way: wait for it.
    #[error("a replay of this connection is under way: wait until it has ended")]
    UnderWay,
    /// Only what the connection pins may write.
    #[error("a plugin that the connection does not pin may be tried in a dry run only")]
    NotPinned,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Replays.
pub struct Replayer {
    store: Store,
    mapper: Arc<dyn Mapper>,
    clock: Arc<dyn Clock>,
    under_way: Mutex<BTreeSet<ConnectionKey>>,
}

/// Which webhooks to work off again.
#[derive(Clone, Debug)]
pub struct ReceiptReplay {
    /// Whose.
    pub connection: ConnectionKey,
    /// Which.
    pub filter: ReceiptFilter,
    /// The filter in words, for the audit.
    pub described: Value,
    /// Where an earlier batch ended.
    pub after: Option<ReceiptCursor>,
    /// At most so many.
    pub limit: u32,
    /// How many become due in a second.
    pub per_second: u32,
    /// Only look.
    pub dry_run: bool,
    /// Who asks, for the audit.
    pub actor: String,
}

/// Webhooks that are worked off again.
#[derive(Clone, Debug)]
pub struct ReworkedPage {
    /// They, as they stood.
    pub receipts: Vec<Reworked>,
    /// How many were put back to work; none in a dry run.
    pub again: u64,
    /// Where to go on; absent at the end.
    pub next: Option<ReceiptCursor>,
}

impl Replayer {
    /// Over these.
    #[must_use]
    pub fn new(store: Store, mapper: Arc<dyn Mapper>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            mapper,
            clock,
            under_way: Mutex::default(),
        }
    }

    /// Puts webhooks back to work, or tells which ones it would.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn receipts(&self, ask: ReceiptReplay) -> Result<ReworkedPage, ReplayError> {
        let limit = ask.limit.clamp(1, REPLAY_RECEIPTS_MAX);
        let found = self
            .store
            .settled_receipts(&ask.connection, &ask.filter, ask.after.as_ref(), limit)
            .await?;
        let full = u32::try_from(found.len()).is_ok_and(|found| found == limit);
        let next = found.last().filter(|_| full).map(Reworked::cursor);
        let mut again = 0;
        if !ask.dry_run && !found.is_empty() {
            let rework = Rework {
                connection: ask.connection,
                receipts: found.clone(),
                per_second: ask.per_second.clamp(1, REPLAY_PER_SECOND_MAX),
                filter: ask.described,
            };
            let now = self.clock.now();
            again = self.store.rework_receipts(rework, &ask.actor, now).await?;
        }
        Ok(ReworkedPage {
            receipts: found,
            again,
            next,
        })
    }

    /// Takes the connection for one replay.
    fn begin(&self, connection: &ConnectionKey) -> Result<Turn<'_>, ReplayError> {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !under_way.insert(connection.clone()) {
            return Err(ReplayError::UnderWay);
        }
        Ok(Turn {
            replayer: self,
            connection: connection.clone(),
        })
    }
}

/// A connection that is being replayed; free again when dropped.
struct Turn<'a> {
    replayer: &'a Replayer,
    connection: ConnectionKey,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let under_way = self.replayer.under_way.lock();
        let mut under_way = under_way.unwrap_or_else(PoisonError::into_inner);
        under_way.remove(&self.connection);
    }
}
