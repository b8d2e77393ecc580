//! What is proven complete, per stream: every record that the source changed from `since` through `through` was read
//! after that change. A run that read all of a window extends it; a window that begins after the end of what is
//! proven leaves a gap, until a longer one closes it. The rule is pure.

use ordercase_model::{Instant, Kind};
use serde::Serialize;

use super::Run;
use crate::{
    ConnectionId, ConnectionKey, RunId, Store, StoreError, TenantId, Track, View,
    db::{Conn, Row, args, statements},
};

/// What is proven of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Stream.
    pub stream: String,
    /// Kind of its records.
    pub kind: Kind,
    /// From when; from the source's first record when absent.
    pub since: Option<Instant>,
    /// Until when.
    pub through: Instant,
    /// What lies between and is not proven.
    pub gap: Option<Gap>,
    /// The run that proved it last.
    pub run: RunId,
    /// Its track.
    pub track: Track,
    /// When it ended.
    pub proved_at: Instant,
}

/// A time of which nothing is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
}

impl Coverage {
    /// What is proven once a run of a window has ended.
    pub(super) fn after(before: Option<&Self>, run: &Run, ended: Instant) -> Self {
        let mut coverage = Self {
            stream: run.stream.clone(),
            kind: run.kind,
            since: run.since,
            through: run.started_at,
            gap: None,
            run: run.id.clone(),
            track: run.track,
            proved_at: ended,
        };
        let Some(before) = before else {
            return coverage;
        };
        coverage.through = before.through.max(run.started_at);
        // An open beginning is before everything.
        let reaches = |at: Instant| run.since.is_none_or(|since| since <= at);
        let first_hole = before.gap.map_or(before.through, |gap| gap.from);
        coverage.gap = match (reaches(first_hole), run.since, before.gap) {
            (true, ..) | (_, None, _) => None,
            // A second gap: told as one with the first.
            (false, Some(since), Some(gap)) if since > before.through => Some(Gap {
                from: gap.from,
                until: since,
            }),
            // A window that begins within the gap proves the rest of it.
            (false, Some(since), Some(gap)) => Some(Gap {
                from: gap.from,
                until: gap.until.min(since),
            }),
            (false, Some(since), None) => Some(Gap {
                from: before.through,
                until: since,
            }),
        };
        coverage.since = match (before.since, run.since) {
            (None, _) | (_, None) => None,
            (Some(before), Some(since)) => Some(before.min(since)),
        };
        coverage
    }
}

statements! {
    GET = "SELECT stream, kind, since, through, gap_from, gap_until, run_id, track, proved_at FROM coverage
            WHERE tenant_id = $1 AND connection_id = $2 AND (CAST($3 AS TEXT) IS NULL OR stream = $3)
            ORDER BY stream";
    PUT = "INSERT INTO coverage (tenant_id, connection_id, stream, kind, since, through, gap_from, gap_until, run_id,
                track, proved_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            ON CONFLICT (tenant_id, connection_id, stream) DO UPDATE SET kind = excluded.kind,
                since = excluded.since, through = excluded.through, gap_from = excluded.gap_from,
                gap_until = excluded.gap_until, run_id = excluded.run_id, track = excluded.track,
                proved_at = excluded.proved_at";
}

/// Extends what is proven of a stream by a run.
pub(super) async fn extend(conn: &mut Conn, run: &Run, ended: Instant) -> Result<(), StoreError> {
    let key = &run.connection;
    let known = args![&key.tenant, &key.connection, &run.stream];
    let before = conn.first(GET, known).await?;
    let before = before.as_ref().map(read).transpose()?;
    let coverage = Coverage::after(before.as_ref(), run, ended);
    let args = args![
        &key.tenant,
        &key.connection,
        &coverage.stream,
        coverage.kind.as_str(),
        coverage.since,
        coverage.through,
        coverage.gap.map(|gap| gap.from),
        coverage.gap.map(|gap| gap.until),
        &coverage.run,
        coverage.track.as_str(),
        coverage.proved_at
    ];
    conn.run(PUT, args).await?;
    Ok(())
}

impl Store {
    /// What is proven of a connection's streams; nothing of one whose history is not read yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn coverage(&self, connection: &ConnectionKey) -> Result<Vec<Coverage>, StoreError> {
        let mut conn = self.reader(&connection.tenant).await?;
        of(&mut conn, &connection.tenant, &connection.connection).await
    }
}

impl View {
    /// What is proven of a connection's streams; nothing of one whose history is not read yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn coverage(&mut self, shop: &ConnectionId) -> Result<Vec<Coverage>, StoreError> {
        of(&mut self.conn, &self.tenant, shop).await
    }
}

async fn of(
    conn: &mut Conn,
    tenant: &TenantId,
    shop: &ConnectionId,
) -> Result<Vec<Coverage>, StoreError> {
    let args = args![tenant, shop, None::<&str>];
    conn.all(GET, args).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Coverage, StoreError> {
    let gap = row
        .opt_instant("gap_from")?
        .zip(row.opt_instant("gap_until")?);
    Ok(Coverage {
        stream: row.text("stream")?,
        kind: Kind::from_text(&row.text("kind")?),
        since: row.opt_instant("since")?,
        through: row.instant("through")?,
        gap: gap.map(|(from, until)| Gap { from, until }),
        run: row.parse("run_id")?,
        track: row.parse("track")?,
        proved_at: row.instant("proved_at")?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ConnectionId, Phase, TenantId};

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000).unwrap()
    }

    fn run(since: Option<i64>, started: i64) -> Run {
        Run {
            connection: ConnectionKey {
                tenant: TenantId::mint(1 << 100),
                connection: ConnectionId::mint(1 << 101),
            },
            id: RunId::of(&["r"]),
            stream: "orders".to_owned(),
            track: Track::Reconcile,
            kind: Kind::Order,
            phase: Phase::Done,
            since: since.map(at),
            until: None,
            started_at: at(started),
            updated_at: at(started),
            ended_at: None,
            pages: 1,
            records: 1,
            total: None,
            changed: 0,
            holes: 0,
            gone: 0,
            warnings: Vec::new(),
            last_error: None,
            proof: None,
        }
    }

    fn chain(runs: &[(Option<i64>, i64)]) -> Coverage {
        let mut coverage = None;
        for (since, started) in runs {
            let run = run(*since, *started);
            coverage = Some(Coverage::after(coverage.as_ref(), &run, run.started_at));
        }
        coverage.unwrap()
    }

    fn gap(coverage: &Coverage) -> Option<(i64, i64)> {
        let seconds = |at: Instant| at.micros() / 1_000_000;
        coverage
            .gap
            .map(|gap| (seconds(gap.from), seconds(gap.until)))
    }

    #[test]
    fn windows_that_touch_prove_one_span_and_others_leave_a_gap_until_it_is_read() {
        let whole = chain(&[(None, 100), (Some(90), 200), (Some(200), 300)]);
        assert_eq!(
            (whole.since, whole.through, gap(&whole)),
            (None, at(300), None)
        );
        let late = chain(&[(None, 100), (Some(150), 200)]);
        assert_eq!((late.since, gap(&late)), (None, Some((100, 150))));
        let closing = chain(&[(None, 100), (Some(150), 200), (Some(120), 210)]);
        assert_eq!(gap(&closing), Some((100, 120)));
        let closed = chain(&[(None, 100), (Some(150), 200), (Some(100), 210)]);
        assert_eq!(gap(&closed), None);
        let twice = chain(&[(None, 100), (Some(150), 200), (Some(250), 260)]);
        assert_eq!(gap(&twice), Some((100, 250)));
    }

    proptest! {
        /// A moment before the end that no window holds is never told as proven.
        #[test]
        fn nothing_is_claimed_that_was_not_read(
            windows in prop::collection::vec((0_i64..200, 0_i64..60), 1..12),
        ) {
            let mut started = 0;
            let mut runs = vec![(None, 0)];
            for (length, pause) in windows {
                started += pause;
                runs.push((Some(started - length), started));
            }
            let coverage = chain(&runs);
            for moment in 0..started {
                // Read by a run that began at or after it and whose window holds it.
                let read = runs.iter().any(|(since, started)| {
                    *started >= moment && since.is_none_or(|since| since <= moment)
                });
                let claimed = coverage.gap.is_none_or(|gap| !(gap.from < at(moment) && at(moment) < gap.until));
                prop_assert!(read || !claimed, "{moment} is claimed: {coverage:?}, {runs:?}");
            }
        }
    }
}
