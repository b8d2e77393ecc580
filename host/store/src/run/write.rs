//! What moves a run: always inside the transaction of what it tells of.

use ordercase_model::Instant;

use super::{Hole, Phase, Proof, Run, coverage, read, run_columns};
use crate::{
    ConnectionKey, RunId, StoreError, StreamTrack,
    db::{Conn, Tx, args, dialect, statements},
    limits::{GONE_MAX, GONE_SHARE_MAX, RUN_WARNINGS_MAX, cut},
    tenant::{NewAudit, audit_in},
};

statements! {
    OPEN = "INSERT INTO runs (tenant_id, connection_id, run_id, stream, track, kind, phase, since, until, started_at,
                updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, 'reading', $7, $8, $9, $9)
            ON CONFLICT (tenant_id, connection_id, run_id) DO NOTHING";
    LOCK = dialect::locked!("SELECT ", run_columns!(), " FROM runs
            WHERE tenant_id = $1 AND connection_id = $2 AND run_id = $3");
    ADVANCE = concat!("UPDATE runs SET phase = $4, updated_at = $5, pages = pages + $6, records = records + $7,
                total = COALESCE($8, total), changed = changed + $9, holes = holes + $10, gone = gone + $11,
                gone_unconfirmed = gone_unconfirmed + $11, last_error = NULL
            WHERE tenant_id = $1 AND connection_id = $2 AND run_id = $3
            RETURNING ", run_columns!());
    END = "UPDATE runs SET phase = $4, updated_at = $5, ended_at = $5, proof = $6, last_error = $7
            WHERE tenant_id = $1 AND connection_id = $2 AND run_id = $3";
    DROP = "DELETE FROM runs WHERE tenant_id = $1 AND connection_id = $2 AND run_id = $3";
    TROUBLE = "UPDATE runs SET updated_at = $4, last_error = $5, warnings = $6,
                phase = CASE WHEN $7 = 1 THEN 'stopped' ELSE phase END
            WHERE tenant_id = $1 AND connection_id = $2 AND run_id = $3";
    RESUME = "UPDATE runs SET phase = 'reading', gone_unconfirmed = 0, updated_at = $3
            WHERE tenant_id = $1 AND connection_id = $2 AND phase = 'stopped' AND ended_at IS NULL";
    ADD_HOLE = "INSERT INTO holes (tenant_id, connection_id, run_id, kind, source_id, stream, what, cause, found_at,
                repaired_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (tenant_id, connection_id, run_id, kind, source_id) DO NOTHING";
}

/// What a step adds to its run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) pages: i64,
    pub(crate) records: i64,
    pub(crate) total: Option<i64>,
    pub(crate) changed: i64,
    pub(crate) holes: i64,
    pub(crate) gone: i64,
}

/// Opens the run of a window. One that was opened before and read nothing makes room; one that did read ends here.
pub(crate) async fn begin(
    tx: &mut Tx,
    track: &StreamTrack,
    since: Option<Instant>,
    now: Instant,
) -> Result<RunId, StoreError> {
    let key = &track.connection;
    if let Some(last) = &track.run
        && let Some(last) = locked(&mut tx.conn, key, last).await?
        && last.ended_at.is_none()
    {
        if last.pages == 0 && last.changed == 0 {
            drop_run(&mut tx.conn, key, &last.id).await?;
        } else {
            let why = last
                .last_error
                .as_deref()
                .unwrap_or("its window began again");
            end_row(&mut tx.conn, &last, Phase::Stopped, None, Some(why), now).await?;
        }
    }
    let micros = now.micros().to_string();
    let id = RunId::of(&[
        key.tenant.as_str(),
        key.connection.as_str(),
        &track.stream,
        track.track.as_str(),
        &micros,
    ]);
    let args = args![
        &key.tenant,
        &key.connection,
        &id,
        &track.stream,
        track.track.as_str(),
        track.kind.as_str(),
        since,
        track.until,
        now
    ];
    tx.conn.run(OPEN, args).await?;
    Ok(id)
}

/// Moves a run; `None` when the track has none.
pub(crate) async fn advance(
    conn: &mut Conn,
    track: &StreamTrack,
    phase: Phase,
    step: Progress,
    now: Instant,
) -> Result<Option<Run>, StoreError> {
    let Some(id) = &track.run else {
        return Ok(None);
    };
    let key = &track.connection;
    let args = args![
        &key.tenant,
        &key.connection,
        id,
        phase.as_str(),
        now,
        step.pages,
        step.records,
        step.total,
        step.changed,
        step.holes,
        step.gone
    ];
    let row = conn.first(ADVANCE, args).await?;
    let Some(row) = row else { return Ok(None) };
    let unconfirmed = row.count("gone_unconfirmed")?;
    let run = read(&row)?;
    // A source that answers "not found" for much of what it had is more likely to answer for another shop, or
    // under lesser rights, than to have lost it.
    if step.gone > 0 && unconfirmed > GONE_MAX && unconfirmed * 100 > run.records * GONE_SHARE_MAX {
        return Err(StoreError::refused(format!(
            "the source does not have {unconfirmed} of the records that are stored, which is more than can be \
             believed; when it is so, resume the connection"
        )));
    }
    Ok(Some(run))
}

/// Ends a run with what it proved; a poll or a re-read that read nothing leaves none behind.
pub(crate) async fn end(
    tx: &mut Tx,
    track: &StreamTrack,
    proof: Option<&Proof>,
    now: Instant,
) -> Result<(), StoreError> {
    let Some(id) = &track.run else { return Ok(()) };
    let key = &track.connection;
    let Some(run) = locked(&mut tx.conn, key, id).await? else {
        return Ok(());
    };
    end_row(&mut tx.conn, &run, Phase::Done, proof, None, now).await?;
    if proof.is_some() {
        coverage::extend(&mut tx.conn, &run, now).await?;
    }
    Ok(())
}

/// Drops the run of a track that had nothing to read.
pub(crate) async fn drop_empty(conn: &mut Conn, track: &StreamTrack) -> Result<(), StoreError> {
    let Some(id) = &track.run else { return Ok(()) };
    let key = &track.connection;
    match locked(conn, key, id).await? {
        Some(run)
            if run.records == 0
                && run.changed == 0
                && run.warnings.is_empty()
                && run.last_error.is_none() =>
        {
            drop_run(conn, key, id).await
        }
        _ => Ok(()),
    }
}

/// Notes what went wrong; a warning stays with the run, an error goes with the next page.
pub(crate) async fn trouble(
    conn: &mut Conn,
    track: &StreamTrack,
    error: &str,
    warning: Option<&str>,
    stopped: bool,
    now: Instant,
) -> Result<(), StoreError> {
    let Some(id) = &track.run else { return Ok(()) };
    let key = &track.connection;
    let Some(mut run) = locked(conn, key, id).await? else {
        return Ok(());
    };
    if let Some(warning) = warning
        && run.warnings.len() < RUN_WARNINGS_MAX
    {
        run.warnings.push(cut(warning));
    }
    let warnings = serde_json::to_string(&run.warnings)
        .map_err(|error| StoreError::refused(error.to_string()))?;
    let args = args![
        &key.tenant,
        &key.connection,
        id,
        now,
        cut(error),
        warnings,
        stopped
    ];
    conn.run(TROUBLE, args).await?;
    Ok(())
}

/// Lets stopped runs of a connection go on: a person has looked.
pub(crate) async fn resume(
    conn: &mut Conn,
    connection: &ConnectionKey,
    now: Instant,
) -> Result<(), StoreError> {
    let args = args![&connection.tenant, &connection.connection, now];
    conn.run(RESUME, args).await?;
    Ok(())
}

/// Writes holes down, each with a line of the audit: what was repaired is a correction (SB-130).
pub(crate) async fn add_holes(
    tx: &mut Tx,
    connection: &ConnectionKey,
    holes: &[Hole],
) -> Result<(), StoreError> {
    for hole in holes {
        let args = args![
            &connection.tenant,
            &connection.connection,
            &hole.run,
            hole.kind.as_str(),
            &hole.source_id,
            &hole.stream,
            hole.what.as_str(),
            hole.cause.as_str(),
            hole.found_at,
            hole.repaired_at
        ];
        if tx.conn.run(ADD_HOLE, args).await? == 0 {
            continue;
        }
        let audit = NewAudit {
            actor: "engine".to_owned(),
            action: "record.corrected".to_owned(),
            subject: format!("{}/{}/{}", connection.connection, hole.kind, hole.source_id),
            detail: serde_json::json!({
                "what": hole.what, "cause": hole.cause, "run": hole.run, "stream": hole.stream,
            }),
        };
        audit_in(&mut tx.conn, &connection.tenant, &audit, hole.found_at).await?;
    }
    Ok(())
}

/// When a run began.
pub(crate) async fn started(
    conn: &mut Conn,
    key: &ConnectionKey,
    id: &RunId,
) -> Result<Option<Instant>, StoreError> {
    Ok(locked(conn, key, id).await?.map(|run| run.started_at))
}

async fn locked(
    conn: &mut Conn,
    key: &ConnectionKey,
    id: &RunId,
) -> Result<Option<Run>, StoreError> {
    let args = args![&key.tenant, &key.connection, id];
    let row = conn.first(LOCK, args).await?;
    row.as_ref().map(read).transpose()
}

async fn drop_run(conn: &mut Conn, key: &ConnectionKey, id: &RunId) -> Result<(), StoreError> {
    let args = args![&key.tenant, &key.connection, id];
    conn.run(DROP, args).await?;
    Ok(())
}

async fn end_row(
    conn: &mut Conn,
    run: &Run,
    phase: Phase,
    proof: Option<&Proof>,
    error: Option<&str>,
    now: Instant,
) -> Result<(), StoreError> {
    let proof = proof.map(serde_json::to_string).transpose();
    let proof = proof.map_err(|error| StoreError::refused(error.to_string()))?;
    let key = &run.connection;
    let args = args![
        &key.tenant,
        &key.connection,
        &run.id,
        phase.as_str(),
        now,
        proof,
        error.map(cut)
    ];
    conn.run(END, args).await?;
    Ok(())
}
