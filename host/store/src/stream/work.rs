//! Handing tracks out, settling what brought no page.

use ordercase_model::Instant;

use super::{StreamSpec, StreamTrack, Track, TrackSettlement, read, track_columns};
use crate::{
    ConnectionId, ConnectionKey, Lane, Phase, Store, StoreError, TenantId, View,
    db::{Arg, Conn, Scope, Tx, args, dialect, statements},
    inbox::ClaimRequest,
    limits::{LIST_ROWS_MAX, cut},
    run,
    signal::Queue,
    turn::Round,
};

statements! {
    OPEN = "INSERT INTO streams (tenant_id, connection_id, stream, track, kind, comparability, page_limit, lane,
                state, due_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9)
            ON CONFLICT (tenant_id, connection_id, stream, track) DO NOTHING";
    TENANTS = "SELECT DISTINCT tenant_id AS id FROM streams
            WHERE state = 'pending' AND lane = $1 AND due_at <= $2 ORDER BY tenant_id";
    CLAIM = dialect::claim!("SELECT s.tenant_id, s.connection_id, s.stream, s.track
                FROM streams s JOIN connections c
                    ON c.tenant_id = s.tenant_id AND c.connection_id = s.connection_id
                WHERE s.tenant_id = $1 AND s.lane = $2 AND s.state = 'pending' AND s.due_at <= $3
                    AND (s.lease_until IS NULL OR s.lease_until <= $3) AND c.state = 'active'
                ORDER BY s.due_at, s.connection_id, s.stream LIMIT $6", of "s",
            "UPDATE streams SET holder = $4, lease_until = $5
                WHERE (tenant_id, connection_id, stream, track) IN (
                    SELECT tenant_id, connection_id, stream, track FROM due)
            RETURNING ", track_columns!());
    SETTLE = "UPDATE streams SET state = $6, due_at = $7, last_error = $8, cursor = $9, attempts = attempts + $10,
                restarts = restarts + $11, phase = $12, holder = NULL, lease_until = NULL
            WHERE tenant_id = $1 AND connection_id = $2 AND stream = $3 AND track = $4 AND holder = $5
                AND state = 'pending'";
    BEGIN_WINDOW = concat!("UPDATE streams SET since = $6, run_id = $7, phase = 'reading'
            WHERE tenant_id = $1 AND connection_id = $2 AND stream = $3 AND track = $4 AND holder = $5
                AND state = 'pending' AND cursor IS NULL
            RETURNING ", track_columns!());
    SCHEDULE = "UPDATE streams SET every = $5, state = CASE WHEN $6 = 1 THEN 'off'
                    WHEN state = 'off' THEN 'pending' ELSE state END,
                due_at = CASE WHEN cursor IS NULL AND phase = 'reading' AND due_at > $7 THEN $7 ELSE due_at END
            WHERE tenant_id = $1 AND connection_id = $2 AND stream = $3 AND track = $4";
    NEXT_DUE = "SELECT MIN(CASE WHEN s.lease_until > s.due_at THEN s.lease_until ELSE s.due_at END) AS at
            FROM streams s JOIN connections c
                ON c.tenant_id = s.tenant_id AND c.connection_id = s.connection_id
            WHERE s.state = 'pending' AND s.lane = $1 AND c.state = 'active'";
    LIST = concat!("SELECT ", track_columns!(), " FROM streams WHERE tenant_id = $1 AND connection_id = $2
            ORDER BY stream, track LIMIT $3");
    RESUME = "UPDATE streams SET state = 'pending', attempts = 0, restarts = 0, due_at = $3
            WHERE tenant_id = $1 AND connection_id = $2 AND state = 'parked'";
}

impl Store {
    /// Opens the tracks of a connection's streams; those that are open already stay as they are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_streams(
        &self,
        connection: &ConnectionKey,
        specs: &[StreamSpec],
        now: Instant,
        first_poll_at: Instant,
    ) -> Result<(), StoreError> {
        let (connection, specs) = (connection.clone(), specs.to_vec());
        self.write(Scope::from(&connection.tenant), move |tx| {
            Box::pin(async move { open(tx, &connection, &specs, now, first_poll_at).await })
        })
        .await
    }

    /// Takes due tracks of a lane, in turn over tenants.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_streams(&self, ask: ClaimRequest) -> Result<Vec<StreamTrack>, StoreError> {
        self.write(Scope::All, move |tx| {
            Box::pin(async move {
                let lane = ask.lane.as_str();
                let queue = match ask.lane {
                    Lane::Backfill => "streams:backfill",
                    Lane::Reconcile => "streams:reconcile",
                    _ => "streams",
                };
                let due = args![lane, ask.now];
                let mut round = Round::begin(tx, queue, ask.limit, TENANTS, due).await?;
                let mut taken = Vec::new();
                while let Some((tenant, most)) = round.next() {
                    let args = args![&tenant, lane, ask.now, &ask.holder, ask.lease_until, most];
                    let rows = tx.conn.all(CLAIM, args).await?;
                    round.took(&mut tx.turns, &tenant, rows.len());
                    for row in &rows {
                        taken.push(read(row)?);
                    }
                }
                Ok(taken)
            })
        })
        .await
    }

    /// Notes where the window of a claimed track begins, before its first page is asked for, and opens its run.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has it by now.
    pub async fn begin_window(
        &self,
        track: &StreamTrack,
        since: Option<Instant>,
        now: Instant,
    ) -> Result<StreamTrack, StoreError> {
        let track = track.clone();
        self.write(Scope::from(&track.connection.tenant), move |tx| {
            Box::pin(async move {
                let run = run::begin(tx, &track, since, now).await?;
                let mut args = proof(&track);
                args.extend(args![since, &run]);
                let row = tx.conn.first(BEGIN_WINDOW, args).await?;
                read(&row.ok_or_else(|| lost(&track))?)
            })
        })
        .await
    }

    /// Ends an attempt that brought no page.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has the track by now.
    pub async fn settle_stream(
        &self,
        track: &StreamTrack,
        settlement: TrackSettlement,
        now: Instant,
    ) -> Result<(), StoreError> {
        let track = track.clone();
        self.write(Scope::from(&track.connection.tenant), move |tx| {
            Box::pin(async move {
                tell(tx, &track, &settlement, now).await?;
                let phase = match settlement {
                    TrackSettlement::Restart { .. } => Phase::Reading,
                    _ => track.phase,
                };
                let (state, due_at, error, cursor, failed, restarted) = match settlement {
                    TrackSettlement::Postponed { at } => ("pending", at, None, None, 0, 0),
                    TrackSettlement::Retry { at, error } => (
                        "pending",
                        at,
                        Some(cut(&error)),
                        track.cursor.clone(),
                        1_i64,
                        0_i64,
                    ),
                    TrackSettlement::Restart { at, error } => {
                        ("pending", at, Some(cut(&error)), None, 0, 1)
                    }
                    TrackSettlement::Parked { error } => (
                        "parked",
                        track.due_at,
                        Some(cut(&error)),
                        track.cursor.clone(),
                        1,
                        0,
                    ),
                    TrackSettlement::Released => (
                        "pending",
                        track.due_at,
                        track.last_error.clone(),
                        track.cursor.clone(),
                        0,
                        0,
                    ),
                };
                let mut args = proof(&track);
                args.extend(args![
                    state,
                    due_at,
                    error,
                    cursor,
                    failed,
                    restarted,
                    phase.as_str()
                ]);
                if tx.conn.run(SETTLE, args).await? == 0 {
                    return Err(lost(&track));
                }
                tx.touched.add(Queue::Lane(track.lane));
                Ok(())
            })
        })
        .await
    }

    /// When the next track of a lane may be due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_stream_due(&self, lane: Lane) -> Result<Option<Instant>, StoreError> {
        let mut conn = self.reader(Scope::All).await?;
        match conn.first(NEXT_DUE, args![lane.as_str()]).await? {
            Some(row) => row.opt_instant("at"),
            None => Ok(None),
        }
    }

    /// The tracks of a connection: how far everything is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn streams(
        &self,
        connection: &ConnectionKey,
    ) -> Result<Vec<StreamTrack>, StoreError> {
        let mut conn = self.reader(&connection.tenant).await?;
        tracks(&mut conn, &connection.tenant, &connection.connection).await
    }

    /// Puts parked tracks of a connection back to work.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn resume_streams(
        &self,
        connection: &ConnectionKey,
        now: Instant,
    ) -> Result<(), StoreError> {
        let args = args![&connection.tenant, &connection.connection, now];
        let connection = connection.clone();
        self.write(Scope::from(&connection.tenant), move |tx| {
            Box::pin(async move {
                tx.conn.run(RESUME, args).await?;
                run::resume(&mut tx.conn, &connection, now).await?;
                for lane in [Lane::Backfill, Lane::Poll, Lane::Reconcile] {
                    tx.touched.add(Queue::Lane(lane));
                }
                Ok(())
            })
        })
        .await
    }

    /// Sets how often a track begins a window, seconds; the engine's own pace when absent. `off` switches it off,
    /// anything else on again; a window that waits longer than to `next_at` begins then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the connection has no such track.
    pub async fn schedule_stream(
        &self,
        connection: &ConnectionKey,
        stream: &str,
        track: Track,
        every: Option<u32>,
        off: bool,
        next_at: Instant,
    ) -> Result<(), StoreError> {
        let name = format!("{stream}/{}", track.as_str());
        let args = args![
            &connection.tenant,
            &connection.connection,
            stream,
            track.as_str(),
            every,
            off,
            next_at
        ];
        self.write(Scope::from(&connection.tenant), move |tx| {
            Box::pin(async move {
                if tx.conn.run(SCHEDULE, args).await? == 0 {
                    return Err(StoreError::NotFound {
                        what: "track",
                        id: name,
                    });
                }
                tx.touched.add(Queue::Lane(track.lane()));
                Ok(())
            })
        })
        .await
    }
}

impl View {
    /// The tracks of a connection: how far everything is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn streams(&mut self, shop: &ConnectionId) -> Result<Vec<StreamTrack>, StoreError> {
        tracks(&mut self.conn, &self.tenant, shop).await
    }
}

async fn tracks(
    conn: &mut Conn,
    tenant: &TenantId,
    shop: &ConnectionId,
) -> Result<Vec<StreamTrack>, StoreError> {
    let args = args![tenant, shop, LIST_ROWS_MAX];
    conn.all(LIST, args).await?.iter().map(read).collect()
}

/// Tells the run of a track how an attempt ended.
async fn tell(
    tx: &mut Tx,
    track: &StreamTrack,
    settlement: &TrackSettlement,
    now: Instant,
) -> Result<(), StoreError> {
    let (error, warning, stopped) = match settlement {
        TrackSettlement::Retry { error, .. } => (error, None, false),
        TrackSettlement::Restart { error, .. } => (error, Some(error.as_str()), false),
        TrackSettlement::Parked { error } => (error, Some(error.as_str()), true),
        TrackSettlement::Postponed { .. } | TrackSettlement::Released => return Ok(()),
    };
    run::trouble(&mut tx.conn, track, error, warning, stopped, now).await
}

pub(crate) async fn open(
    tx: &mut Tx,
    connection: &ConnectionKey,
    specs: &[StreamSpec],
    now: Instant,
    first_poll_at: Instant,
) -> Result<(), StoreError> {
    for spec in specs {
        for track in Track::ALL.into_iter().filter(|track| track.is_of(spec)) {
            let (lane, due_at) = match track {
                Track::Backfill => (track.lane(), now),
                _ => (track.lane(), first_poll_at),
            };
            let args = args![
                &connection.tenant,
                &connection.connection,
                &spec.stream,
                track.as_str(),
                spec.kind.as_str(),
                spec.comparability.as_str(),
                spec.page_limit,
                lane.as_str(),
                due_at
            ];
            tx.conn.run(OPEN, args).await?;
            tx.touched.add(Queue::Lane(lane));
        }
    }
    Ok(())
}

/// `$1` to `$5`: the track and who must hold it.
pub(super) fn proof(track: &StreamTrack) -> Vec<Arg> {
    args![
        &track.connection.tenant,
        &track.connection.connection,
        &track.stream,
        track.track.as_str(),
        track.holder.as_ref()
    ]
}

pub(super) fn lost(track: &StreamTrack) -> StoreError {
    StoreError::LeaseLost {
        what: "stream",
        id: format!(
            "{}/{}/{}",
            track.connection.connection,
            track.stream,
            track.track.as_str()
        ),
    }
}
