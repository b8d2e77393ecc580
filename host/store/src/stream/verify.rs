//! Runs that verify: what they read is compared with what is stored, and every difference that nothing had told of is
//! written down as a hole in the transaction that repairs it.
//!
//! A page of a list may trail behind its records (search indexes do), so a record whose version there is older than
//! the stored one corrects nothing: it is disputed, and the run reads it by itself. What the store holds and the pages
//! did not show is looked up one by one too ([`Store::unseen`]); only the source's "not found" for that very record
//! makes it deleted.

use std::collections::BTreeMap;

use ordercase_model::{Instant, Kind, RecordRef, VersionOrder, compare_versions};

use super::{
    Next, StreamTrack, Track,
    page::urgency,
    read, track_columns,
    work::{lost, proof},
};
use crate::{
    ConnectionKey, Phase, Store, StoreError,
    db::{Arg, Scope, Tx, args, statements},
    record::{self, Applied, Batch, Held, Outcome, ReadPath, write_page},
    run::{self, Before, Hole, HoleCause, Progress, Proof},
    subscription,
};

statements! {
    UNSEEN = "SELECT source_id FROM records
            WHERE tenant_id = $1 AND connection_id = $2 AND kind = $3 AND source_id > $4 AND deleted = 0
                AND body IS NOT NULL AND seen_at < $5
                AND (CAST($6 AS BIGINT) IS NULL OR COALESCE(source_updated_at, placed_at, first_seen_at) >= $6)
            ORDER BY source_id LIMIT $7";
    /// The young more often than the old: every quarter of an hour, two hours, half a day, week.
    OPEN_ORDERS = "SELECT source_id FROM records
            WHERE tenant_id = $1 AND connection_id = $2 AND kind = $3 AND source_id > $4 AND deleted = 0
                AND state IN ('pending', 'open', 'on_hold')
                AND seen_at <= $5 - CASE
                    WHEN placed_at >= $5 - 172800000000 THEN 900000000
                    WHEN placed_at >= $5 - 1209600000000 THEN 7200000000
                    WHEN placed_at >= $5 - 5184000000000 THEN 43200000000
                    ELSE 604800000000 END
            ORDER BY source_id LIMIT $6";
    STEP = concat!("UPDATE streams SET cursor = $6, records = records + $7, attempts = 0, last_error = NULL,
                lease_until = $8, due_at = $9
            WHERE tenant_id = $1 AND connection_id = $2 AND stream = $3 AND track = $4 AND holder = $5
                AND state = 'pending'
            RETURNING ", track_columns!());
    TURN = concat!("UPDATE streams SET cursor = NULL, phase = $6, attempts = 0, last_error = NULL
            WHERE tenant_id = $1 AND connection_id = $2 AND stream = $3 AND track = $4 AND holder = $5
                AND state = 'pending'
            RETURNING ", track_columns!());
    FINISH = concat!("UPDATE streams SET cursor = NULL, phase = 'reading', state = $6, due_at = $7, finished_at = $8,
                attempts = 0, restarts = 0, last_error = NULL, holder = NULL, lease_until = NULL
            WHERE tenant_id = $1 AND connection_id = $2 AND stream = $3 AND track = $4 AND holder = $5
                AND state = 'pending'
            RETURNING ", track_columns!());
}

/// Records that a verifying run read one by one.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The claimed track.
    pub track: StreamTrack,
    /// What was read.
    pub batch: Batch,
    /// Where the run goes on, in the order of the source's ids.
    pub cursor: Option<String>,
    /// Until when the track stays with the holder.
    pub lease_until: Instant,
    /// Now.
    pub now: Instant,
}

/// What became of the records of a page, and what they say about what was missed.
#[derive(Default)]
pub(super) struct Written {
    pub(super) applied: Vec<Applied>,
    pub(super) disputed: Vec<RecordRef>,
    holes: i64,
    gone: i64,
}

impl Written {
    pub(super) fn of(applied: Vec<Applied>) -> Self {
        Self {
            applied,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, more: Self) {
        self.applied.extend(more.applied);
        self.disputed.extend(more.disputed);
        self.holes += more.holes;
        self.gone += more.gone;
    }

    pub(super) fn progress(&self) -> Progress {
        let changed = self
            .applied
            .iter()
            .filter(|one| one.outcome == Outcome::Applied);
        Progress {
            changed: i64::try_from(changed.count()).unwrap_or(i64::MAX),
            holes: self.holes,
            gone: self.gone,
            ..Progress::default()
        }
    }
}

/// Writes a page that a verifying run read, and the holes that it closes.
pub(super) async fn write(
    tx: &mut Tx,
    track: &StreamTrack,
    batch: &mut Batch,
    raw: &[Option<String>],
    now: Instant,
) -> Result<Written, StoreError> {
    let known = record::known(&mut tx.conn, batch).await?;
    let disputed = dispute(&known, batch);
    let written = corrected(tx, track, batch, raw, &known, now).await?;
    Ok(Written {
        disputed,
        ..written
    })
}

type Known = BTreeMap<(Kind, String), Held>;

/// Takes from snapshots of a list that are older than what is stored the right to correct it, and names them.
fn dispute(known: &Known, batch: &mut Batch) -> Vec<RecordRef> {
    let mut disputed = Vec::new();
    for snapshot in &mut batch.snapshots {
        let record = &snapshot.record;
        let held = known.get(&(record.kind, record.source_id.clone()));
        let stored = held.and_then(|held| held.base_stamp()?.version.as_deref());
        let order = compare_versions(
            snapshot.comparability,
            record.source_version.as_deref(),
            stored,
        );
        if order == VersionOrder::Older {
            snapshot.path = ReadPath::Poll;
            disputed.push(RecordRef {
                kind: record.kind,
                source_id: record.source_id.clone(),
            });
        }
    }
    disputed
}

async fn corrected(
    tx: &mut Tx,
    track: &StreamTrack,
    batch: &Batch,
    raw: &[Option<String>],
    known: &Known,
    now: Instant,
) -> Result<Written, StoreError> {
    let applied = write_page(tx, batch, raw, &track.stream, now).await?;
    let mut written = Written::of(applied);
    let Some(run) = &track.run else {
        return Ok(written);
    };
    let began = run::started(&mut tx.conn, &track.connection, run)
        .await?
        .unwrap_or(now);
    let mut holes = Vec::new();
    for (snapshot, one) in batch.snapshots.iter().zip(&written.applied) {
        let key = (one.key.kind, one.key.source_id.clone());
        let before = known.get(&key).map(Before::from);
        if snapshot.record.kind == Kind::Tombstone && one.outcome == Outcome::Applied {
            written.gone += i64::from(before.is_some());
        }
        if let Some((what, mut cause)) = run::found(before.as_ref(), snapshot, &one.outcome, began)
        {
            // Nobody told of it because nobody was to: the webhooks were not registered when it happened.
            if let (HoleCause::NotTold, Some(at)) = (cause, snapshot.record.source_updated_at)
                && subscription::missing_at(&mut tx.conn, &track.connection, at).await?
            {
                cause = HoleCause::Unsubscribed;
            }
            holes.push(Hole {
                run: run.clone(),
                stream: track.stream.clone(),
                kind: one.key.kind,
                source_id: one.key.source_id.clone(),
                what,
                cause,
                found_at: now,
                repaired_at: Some(now),
            });
        }
    }
    written.holes = i64::try_from(holes.len()).unwrap_or(i64::MAX);
    run::add_holes(tx, &track.connection, &holes).await?;
    Ok(written)
}

impl Store {
    /// Records of a run's window that the source has not shown since the run began, in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unseen(
        &self,
        track: &StreamTrack,
        began: Instant,
        limit: u32,
    ) -> Result<Vec<RecordRef>, StoreError> {
        let mut args = place(track);
        args.extend(args![began, track.since, limit]);
        let mut conn = self.reader(&track.connection.tenant).await?;
        let rows = conn.all(UNSEEN, args).await?;
        references(track.kind, &rows)
    }

    /// Orders that are not final and were not read for longer than their age allows, in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_orders(
        &self,
        track: &StreamTrack,
        now: Instant,
        limit: u32,
    ) -> Result<Vec<RecordRef>, StoreError> {
        let mut args = place(track);
        args.extend(args![now, limit]);
        let mut conn = self.reader(&track.connection.tenant).await?;
        let rows = conn.all(OPEN_ORDERS, args).await?;
        references(track.kind, &rows)
    }

    /// Stores what a run read one by one, with the holes that it closes.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has the track by now; [`StoreError::Refused`] when the source
    /// does not have more records than can be believed: nothing is stored.
    pub async fn apply_comparison(
        &self,
        comparison: Comparison,
    ) -> Result<StreamTrack, StoreError> {
        self.write_as(
            Scope::from(&comparison.track.connection.tenant),
            urgency(&comparison.track),
            move |tx| {
                Box::pin(async move {
                    let Comparison {
                        track,
                        batch,
                        cursor,
                        lease_until,
                        now,
                    } = comparison;
                    let records = i64::try_from(batch.snapshots.len()).unwrap_or(i64::MAX);
                    let known = record::known(&mut tx.conn, &batch).await?;
                    let raw = record::keep_raw(tx, &batch, now).await?;
                    let stored = corrected(tx, &track, &batch, &raw, &known, now).await?;
                    let mut args = proof(&track);
                    args.extend(args![cursor, records, lease_until, now]);
                    let row = tx.conn.first(STEP, args).await?;
                    let track = read(&row.ok_or_else(|| lost(&track))?)?;
                    let step = Progress {
                        records,
                        ..stored.progress()
                    };
                    run::advance(&mut tx.conn, &track, track.phase, step, now).await?;
                    Ok(track)
                })
            },
        )
        .await
    }

    /// Goes on to the next phase of a run.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has the track by now.
    pub async fn turn_window(
        &self,
        track: &StreamTrack,
        phase: Phase,
        now: Instant,
    ) -> Result<StreamTrack, StoreError> {
        let track = track.clone();
        self.write(Scope::from(&track.connection.tenant), move |tx| {
            Box::pin(async move {
                let mut args = proof(&track);
                args.push(phase.as_str().into());
                let row = tx.conn.first(TURN, args).await?;
                let track = read(&row.ok_or_else(|| lost(&track))?)?;
                run::advance(&mut tx.conn, &track, phase, Progress::default(), now).await?;
                Ok(track)
            })
        })
        .await
    }

    /// Ends a window with what it proved; what comes next is [`Next::Done`] or [`Next::Again`].
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has the track by now.
    pub async fn finish_window(
        &self,
        track: &StreamTrack,
        proven: Option<Proof>,
        next: &Next,
        now: Instant,
    ) -> Result<StreamTrack, StoreError> {
        let (state, due_at) = match next {
            Next::Again { at } => ("pending", *at),
            _ => ("done", now),
        };
        let track = track.clone();
        self.write(Scope::from(&track.connection.tenant), move |tx| {
            Box::pin(async move {
                let mut args = proof(&track);
                args.extend(args![state, due_at, now]);
                let row = tx.conn.first(FINISH, args).await?;
                let finished = read(&row.ok_or_else(|| lost(&track))?)?;
                run::end(tx, &track, proven.as_ref(), now).await?;
                if track.track == Track::Reread {
                    run::drop_empty(&mut tx.conn, &track).await?;
                }
                Ok(finished)
            })
        })
        .await
    }
}

/// `$1` to `$4`: the records that come after the track's cursor.
fn place(track: &StreamTrack) -> Vec<Arg> {
    let ConnectionKey { tenant, connection } = &track.connection;
    let after = track.cursor.as_deref().unwrap_or_default();
    args![tenant, connection, track.kind.as_str(), after]
}

fn references(kind: Kind, rows: &[crate::db::Row]) -> Result<Vec<RecordRef>, StoreError> {
    rows.iter()
        .map(|row| {
            Ok(RecordRef {
                kind,
                source_id: row.text("source_id")?,
            })
        })
        .collect()
}
