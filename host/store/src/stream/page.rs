//! Storing a page. It is committed in slices, small ones while deliveries come, so that what just happened does not wait
//! for a whole page of history, and the cursor moves with the last of them. After a crash in between, the page is read
//! again and finds those records unchanged: each slice keeps the accounts and notes its holes by itself.

use ordercase_model::{Instant, Kind, SourceTime};
use serde::Deserialize;

use super::{
    Next, PageCommit, PageOutcome, StreamTrack, Track, read, track_columns,
    verify::{self, Written},
    work::{lost, proof},
};
use crate::{
    Lane, Phase, Store, StoreError,
    db::{Arg, Scope, Tx, Urgency, args, statements},
    limits::{
        BATCH_SNAPSHOTS_MAX, PAGE_SLICE_BYTES, PAGE_SLICE_SNAPSHOTS, PAGE_SLICE_SNAPSHOTS_CALM,
    },
    record::{self, Batch, Snapshot, write_page},
    run::{self, Progress},
    signal::Queue,
};

statements! {
    HELD = "SELECT 1 AS held FROM streams
            WHERE tenant_id = $1 AND connection_id = $2 AND stream = $3 AND track = $4 AND holder = $5
                AND state = 'pending'";
    ADVANCE = concat!("UPDATE streams SET cursor = $6, watermark = $7, pages = pages + 1, records = records + $8,
                total = COALESCE($9, total), state = $10, due_at = $11, holder = $12, lease_until = $13,
                started_at = COALESCE(started_at, $14), finished_at = COALESCE($15, finished_at),
                attempts = 0, last_error = NULL, since = $16, phase = $17, watermark_text = $18,
                restarts = CASE WHEN CAST($15 AS BIGINT) IS NULL THEN restarts ELSE 0 END
            WHERE tenant_id = $1 AND connection_id = $2 AND stream = $3 AND track = $4 AND holder = $5
                AND state = 'pending'
            RETURNING ", track_columns!());
}

/// Answers of a page that are kept, in their order.
type RawIds = Vec<Option<String>>;

impl Store {
    /// Stores a page and moves the cursor: never the cursor without the page.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has the track by now: nothing more is stored.
    pub async fn apply_page(&self, page: PageCommit) -> Result<PageOutcome, StoreError> {
        if page.batch.snapshots.len() > BATCH_SNAPSHOTS_MAX {
            return Err(StoreError::refused(format!(
                "a page has {} records, {BATCH_SNAPSHOTS_MAX} are the limit",
                page.batch.snapshots.len()
            )));
        }
        #[cfg(feature = "simulation")]
        if crate::simulation::is_off(crate::simulation::Mutation::CursorWithPage) {
            return self.apply_page_apart(page).await;
        }
        let moved = advance(&page);
        let PageCommit {
            track,
            batch,
            total,
            next,
            now,
        } = page;
        let records = count(batch.snapshots.len());
        let total = total.map(|total| i64::try_from(total).unwrap_or(i64::MAX));
        let (slices, last) = slices(batch, self.slice_snapshots());
        let (mut before, mut raw) = (Written::default(), None);
        for slice in slices {
            let (written, ids) = self.write_slice(&track, slice, raw, now).await?;
            before.add(written);
            raw = Some(ids);
        }
        let scope = Scope::from(&track.connection.tenant);
        self.write_as(scope, urgency(&track), move |tx| {
            Box::pin(async move {
                let (stored, _) = store(tx, &track, last, raw, now).await?;
                let step = Progress {
                    pages: 1,
                    records,
                    total,
                    ..stored.progress()
                };
                let mut written = before;
                written.add(stored);
                let row = tx.conn.first(ADVANCE, moved).await?;
                let track = read(&row.ok_or_else(|| lost(&track))?)?;
                tell(tx, &track, step, &next, now).await?;
                Ok(PageOutcome {
                    applied: written.applied,
                    disputed: written.disputed,
                    track,
                })
            })
        })
        .await
    }

    /// How many snapshots of a page are committed together now.
    fn slice_snapshots(&self) -> usize {
        if cfg!(feature = "simulation") || self.expects_deliveries() {
            PAGE_SLICE_SNAPSHOTS
        } else if self.writes_apart() {
            PAGE_SLICE_SNAPSHOTS_CALM
        } else {
            BATCH_SNAPSHOTS_MAX
        }
    }

    /// Commits a slice that is not the last of its page.
    async fn write_slice(
        &self,
        track: &StreamTrack,
        slice: Batch,
        raw: Option<RawIds>,
        now: Instant,
    ) -> Result<(Written, RawIds), StoreError> {
        let track = track.clone();
        let scope = Scope::from(&track.connection.tenant);
        self.write_as(scope, urgency(&track), move |tx| {
            Box::pin(async move {
                if tx.conn.first(HELD, proof(&track)).await?.is_none() {
                    return Err(lost(&track));
                }
                let (written, raw) = store(tx, &track, slice, raw, now).await?;
                // What was read is told with the page, what changed with its records.
                let step = written.progress();
                run::advance(&mut tx.conn, &track, track.phase, step, now).await?;
                Ok((written, raw))
            })
        })
        .await
    }
}

/// Tells the run, and whoever may go on, how far the track is.
async fn tell(
    tx: &mut Tx,
    track: &StreamTrack,
    step: Progress,
    next: &Next,
    now: Instant,
) -> Result<(), StoreError> {
    run::advance(&mut tx.conn, track, track.phase, step, now).await?;
    match next {
        Next::Done | Next::Again { .. } => {
            run::end(tx, track, None, now).await?;
            if track.track == Track::Poll {
                run::drop_empty(&mut tx.conn, track).await?;
            }
        }
        Next::Yield { .. } => tx.touched.add(Queue::Lane(track.lane)),
        Next::Keep { .. } | Next::Turn { .. } => {}
    }
    Ok(())
}

/// Who waits for what a track reads.
pub(super) fn urgency(track: &StreamTrack) -> Urgency {
    match track.lane {
        Lane::Backfill | Lane::Reconcile => Urgency::Background,
        _ => Urgency::Usual,
    }
}

/// A page as it is committed, at most so many snapshots at once, in its order: what comes before, and the last. The
/// answers behind it are with the first. One that says that records are gone stays whole: how many can be believed is
/// judged by the page.
fn slices(mut page: Batch, most: usize) -> (Vec<Batch>, Batch) {
    let gone = |snapshot: &Snapshot| snapshot.record.kind == Kind::Tombstone;
    if page.snapshots.iter().any(gone) {
        return (Vec::new(), page);
    }
    let whole = most >= BATCH_SNAPSHOTS_MAX;
    let mut before = Vec::new();
    let mut bytes = 0;
    for snapshot in std::mem::take(&mut page.snapshots) {
        if page.snapshots.len() >= most || !whole && bytes >= PAGE_SLICE_BYTES {
            let rest = Batch {
                connection: page.connection.clone(),
                plugin_digest: page.plugin_digest.clone(),
                mappings: page.mappings,
                raw: Vec::new(),
                snapshots: Vec::new(),
            };
            before.push(std::mem::replace(&mut page, rest));
            bytes = 0;
        }
        bytes += snapshot.record.body.get().len();
        page.snapshots.push(snapshot);
    }
    (before, page)
}

async fn store(
    tx: &mut Tx,
    track: &StreamTrack,
    mut slice: Batch,
    raw: Option<RawIds>,
    now: Instant,
) -> Result<(Written, RawIds), StoreError> {
    let raw = match raw {
        Some(raw) => raw,
        None => record::keep_raw(tx, &slice, now).await?,
    };
    let written = if track.track.verifies() {
        verify::write(tx, track, &mut slice, &raw, now).await?
    } else {
        Written::of(write_page(tx, &slice, &raw, &track.stream, now).await?)
    };
    Ok((written, raw))
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The newest change time of a track once a page is stored, and the same in the source's own text, which may say
/// more than an instant does. The text is that of the record's `updated_at`, where it tells the same moment.
fn watermark(page: &PageCommit) -> (Option<Instant>, Option<String>) {
    let track = &page.track;
    let own = |snapshot: &&Snapshot| snapshot.record.kind == track.kind;
    let newest = page.batch.snapshots.iter().filter(own);
    let newest = newest.max_by_key(|snapshot| snapshot.record.source_updated_at);
    let Some(newest) = newest.map(|snapshot| &snapshot.record) else {
        return (track.watermark, track.watermark_text.clone());
    };
    if newest.source_updated_at <= track.watermark {
        return (track.watermark, track.watermark_text.clone());
    }
    let changed: Option<Changed> = serde_json::from_str(newest.body.get()).ok();
    let text = changed
        .map(|changed| changed.updated_at)
        .filter(|time| time.at == newest.source_updated_at)
        .map(|time| time.raw);
    (newest.source_updated_at, text)
}

/// What of a record's body says when it changed.
#[derive(Deserialize)]
struct Changed {
    updated_at: SourceTime,
}

/// `$1` to `$18` of [`ADVANCE`].
fn advance(page: &PageCommit) -> Vec<Arg> {
    let track = &page.track;
    let (watermark, watermark_text) = watermark(page);
    let holder = track.holder.as_ref();
    let (cursor, state, due_at, holder, lease_until) = match &page.next {
        Next::Keep {
            cursor,
            lease_until,
        } => (
            Some(cursor),
            "pending",
            page.now,
            holder,
            Some(*lease_until),
        ),
        Next::Yield { cursor } => (Some(cursor), "pending", page.now, None, None),
        Next::Turn { lease_until, .. } => (None, "pending", page.now, holder, Some(*lease_until)),
        Next::Done => (None, "done", page.now, None, None),
        Next::Again { at } => (None, "pending", *at, None, None),
    };
    let records = count(page.batch.snapshots.len());
    let total = page
        .total
        .map(|total| i64::try_from(total).unwrap_or(i64::MAX));
    let finished = matches!(page.next, Next::Done | Next::Again { .. }).then_some(page.now);
    let phase = match page.next {
        Next::Turn { phase, .. } => phase,
        _ => Phase::Reading,
    };
    let mut args = proof(track);
    args.extend(args![
        cursor,
        watermark,
        records,
        total,
        state,
        due_at,
        holder,
        lease_until,
        page.now,
        finished,
        track.since,
        phase.as_str(),
        watermark_text
    ]);
    args
}

#[cfg(feature = "simulation")]
impl Store {
    /// What the simulation must notice: the cursor moves first, the page is stored later.
    async fn apply_page_apart(&self, page: PageCommit) -> Result<PageOutcome, StoreError> {
        let (scope, moved) = (Scope::from(&page.track.connection.tenant), advance(&page));
        let lost = lost(&page.track);
        let track = self
            .write(scope.clone(), move |tx| {
                Box::pin(async move {
                    let row = tx.conn.first(ADVANCE, moved).await?.ok_or(lost)?;
                    read(&row)
                })
            })
            .await?;
        self.write(scope, move |tx| {
            Box::pin(async move {
                let PageCommit {
                    track: claimed,
                    batch,
                    now,
                    ..
                } = page;
                let (written, _) = store(tx, &claimed, batch, None, now).await?;
                Ok(PageOutcome {
                    applied: written.applied,
                    disputed: written.disputed,
                    track,
                })
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{
        Lane, RawBody, ReadPath,
        tests::support::{Home, On, at, order, plain_order},
    };

    fn orders(count: u32) -> Vec<Snapshot> {
        (0..count)
            .map(|n| order(&format!("o{n}"), i64::from(n), 10, plain_order(n)))
            .collect()
    }

    fn cut(page: Batch) -> Vec<Batch> {
        let (mut sliced, last) = slices(page, PAGE_SLICE_SNAPSHOTS);
        sliced.push(last);
        sliced
    }

    #[rstest]
    #[tokio::test]
    async fn a_page_is_cut_finer_while_deliveries_come(#[values(On::Sqlite, On::Postgres)] on: On) {
        let Some(home) = Home::new(on).await else {
            return;
        };
        let calm = home.store.slice_snapshots();
        home.store
            .put_receipt(home.webhook("1", "e"))
            .await
            .unwrap();
        let busy = home.store.slice_snapshots();
        let expected = match on {
            On::Sqlite => BATCH_SNAPSHOTS_MAX,
            On::Postgres => PAGE_SLICE_SNAPSHOTS_CALM,
        };
        assert_eq!((calm, busy), (expected, PAGE_SLICE_SNAPSHOTS));
    }

    fn lengths(batches: &[Batch]) -> Vec<usize> {
        batches.iter().map(|one| one.snapshots.len()).collect()
    }

    #[tokio::test]
    async fn a_page_is_cut_by_records_and_by_bytes_and_not_when_it_says_that_something_is_gone() {
        let home = Home::new(On::Sqlite).await.unwrap();
        let most = u32::try_from(PAGE_SLICE_SNAPSHOTS).unwrap();
        assert_eq!(lengths(&cut(home.batch(orders(0)))), [0]);
        let whole = cut(home.batch(orders(most)));
        assert_eq!(lengths(&whole), [PAGE_SLICE_SNAPSHOTS]);
        let mut page = home.batch(orders(2 * most + 1));
        page.raw.push(RawBody {
            role: "orders".to_owned(),
            content_type: "application/json".to_owned(),
            bytes: b"{}".to_vec(),
        });
        let sliced = cut(page.clone());
        assert_eq!(
            lengths(&sliced),
            [PAGE_SLICE_SNAPSHOTS, PAGE_SLICE_SNAPSHOTS, 1]
        );
        let answers: Vec<usize> = sliced.iter().map(|one| one.raw.len()).collect();
        assert_eq!(answers, [1, 0, 0], "each answer is kept once");
        let ids = sliced.iter().flat_map(|one| &one.snapshots);
        let ids: Vec<&str> = ids.map(|one| one.record.source_id.as_str()).collect();
        let same = page.snapshots.iter().map(|one| &one.record.source_id);
        assert!(same.eq(ids), "in the order of the page");

        let large = serde_json::json!({"note": "x".repeat(PAGE_SLICE_BYTES)});
        let mut heavy = orders(3);
        heavy[0] = order("large", 1, 10, large);
        assert_eq!(lengths(&cut(home.batch(heavy))), [1, 2]);

        let target = ordercase_model::RecordRef {
            kind: Kind::Order,
            source_id: "o1".to_owned(),
        };
        let gone = ordercase_model::TombstoneReason::NotFound;
        let gone = Snapshot::gone(&target, gone, ReadPath::Poll, at(10)).unwrap();
        page.snapshots.push(gone);
        assert_eq!(cut(page).len(), 1);
    }

    #[rstest]
    #[tokio::test]
    async fn a_page_that_broke_off_between_two_slices_is_read_again_and_everything_adds_up(
        #[values(On::Sqlite, On::Postgres)] on: On,
    ) {
        let Some(home) = Home::new(on).await else {
            return;
        };
        home.open().await;
        let claimed = home.claim_track(Lane::Backfill, "slow", 10).await.remove(0);
        let slow = home.store.begin_window(&claimed, None, at(10)).await;
        let slow = slow.unwrap();
        let count = u32::try_from(3 * PAGE_SLICE_SNAPSHOTS).unwrap();
        let page = home.page(&slow, 0..count, Next::Done);
        let mut sliced = cut(page.batch.clone()).into_iter();
        let first = sliced.next().unwrap();
        let (stored, raw) = home
            .store
            .write_slice(&slow, first, None, at(11))
            .await
            .unwrap();
        assert_eq!(stored.applied.len(), PAGE_SLICE_SNAPSHOTS);
        home.adds_up().await;

        let quick = home
            .claim_track(Lane::Backfill, "quick", 80)
            .await
            .remove(0);
        assert_eq!(
            (quick.cursor.as_deref(), quick.records),
            (None, 0),
            "no cursor without its page"
        );
        let quick = home.store.begin_window(&quick, None, at(80)).await;
        let quick = quick.unwrap();
        let late = home
            .store
            .write_slice(&slow, sliced.next().unwrap(), Some(raw), at(81));
        assert!(matches!(late.await, Err(StoreError::LeaseLost { .. })));
        let again = home.page(&quick, 0..count, Next::Done);
        let outcome = home.store.apply_page(again).await.unwrap();
        assert_eq!(outcome.applied.len(), 3 * PAGE_SLICE_SNAPSHOTS);
        assert_eq!(outcome.track.records, u64::from(count));
        let mut view = home.store.view(&home.connection.tenant).await.unwrap();
        let counts = view.counts(&home.connection.connection).await.unwrap();
        assert_eq!(counts.get(&Kind::Order), Some(&u64::from(count)));
        let runs = home.store.runs(&home.connection, None, 10).await.unwrap();
        let told: Vec<_> = runs
            .iter()
            .map(|run| (run.phase, run.records, run.changed))
            .collect();
        let stored = PAGE_SLICE_SNAPSHOTS as u64;
        assert_eq!(
            told,
            [
                (Phase::Done, u64::from(count), u64::from(count) - stored),
                (Phase::Stopped, 0, stored)
            ],
            "told once"
        );
        home.adds_up().await;
    }
}
