//! Replay: what is stored, told again by the plugin, or worked off again; a look first, then for real.
//!
//! One call is one bounded batch at a stated pace and answers with where to go on (decision 6).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use ordercase_model::{Instant, Kind as RecordKind, RecordRef};
use ordercase_store::{
    ConnectionId, ConnectionKey, ReceiptCursor, ReceiptFilter, ReceiptId, RecordFilter, Reworked,
};
use ordercase_sync::{
    ReceiptReplay, RecordReplay, ReplayVerdict, ReplayedPage, ReplayedRecord, ReworkedPage,
    limits::{REPLAY_PER_SECOND, REPLAY_PER_SECOND_MAX},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    ACTOR, Operator, connections::known_connection, cursor, dead_letters::class_of,
    desks::known_tenant,
};
use crate::{
    app::App,
    http::{
        bound::Bounded,
        problem::{Document, Kind, Problem},
    },
    limits,
};

/// What to replay, and how.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayBody {
    /// Work stored webhooks off again instead of telling records again.
    #[serde(default)]
    receipts: bool,
    /// One receipt.
    id: Option<String>,
    /// One record: `KIND:ID`, such as `order:1001`.
    entity: Option<String>,
    /// Records read, or receipts received, at or after.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Instant>,
    /// Before.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Instant>,
    /// Dead receipts of that class.
    class: Option<String>,
    /// Records made by that plugin.
    plugin_digest: Option<String>,
    /// In a dry run: told by that admitted plugin instead of the pinned one.
    with_plugin: Option<String>,
    /// Only look: nothing is written.
    #[serde(default)]
    dry_run: bool,
    /// How many in a second.
    #[schema(minimum = 1, maximum = 1000)]
    per_second: Option<u32>,
    /// At most so many in this call.
    #[schema(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the call before ended: its `next`.
    after: Option<String>,
}

/// What became, or would become, of a batch.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct Replay {
    dry_run: bool,
    /// Digest of the plugin that told the records.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin_digest: Option<String>,
    counts: Counts,
    /// Records that were not told the same.
    records: Vec<RecordLine>,
    /// Receipts, as they stood.
    receipts: Vec<ReceiptLine>,
    /// Where to go on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// How many of each.
#[derive(Default, Serialize, ToSchema)]
struct Counts {
    changed: u64,
    same: u64,
    newer_stored: u64,
    skipped: u64,
    failed: u64,
    /// Receipts put back to work.
    again: u64,
}

/// A record.
#[derive(Serialize, ToSchema)]
struct RecordLine {
    kind: String,
    source_id: String,
    /// `changed`, `same`, `newer_stored`, `skipped` or `failed`.
    #[schema(value_type = String)]
    verdict: ReplayVerdict,
    /// Why it was skipped or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Digest of the plugin that had made it.
    from_plugin: String,
    /// What differs: path, before, after; personal values masked.
    #[schema(value_type = Vec<serde_json::Value>)]
    diff: Vec<ordercase_sync::FieldDiff>,
    /// Whether more differs than is listed.
    more: bool,
}

/// A receipt.
#[derive(Serialize, ToSchema)]
struct ReceiptLine {
    id: String,
    topic: String,
    #[schema(value_type = String, format = DateTime)]
    received_at: Instant,
    /// Where it stood.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
}

/// Replays a connection: a bounded batch of it.
#[utoipa::path(
    post, path = "/admin/v1/tenants/{tenant}/connections/{connection}/replay", tag = "admin",
    security(("admin" = [])),
    params(
        ("tenant" = String, Path, description = "Tenant id"),
        ("connection" = String, Path, description = "Connection id"),
    ),
    request_body = ReplayBody,
    responses(
        (status = 200, body = Replay),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 409, description = "Another replay of it is under way", body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn run(
    _: Operator,
    State(app): State<Arc<App>>,
    Path((tenant, connection)): Path<(String, String)>,
    Bounded(body): Bounded<ReplayBody>,
) -> Result<Json<Replay>, Problem> {
    let tenant = known_tenant(&app, &tenant).await?;
    let connection = ConnectionId::new(connection.as_str()).map_err(|_| {
        Problem::new(
            Kind::NotFound,
            "there is no such connection; see `ordercase connection list`",
        )
    })?;
    let key = ConnectionKey { tenant, connection };
    let found = known_connection(&app, &key).await?;
    body.check()?;
    if let Some(digest) = &body.with_plugin {
        let tried = app.plugins.get(digest).await;
        let tried = tried
            .map_err(|error| Problem::new(Kind::NotFound, error.to_string()).at("with_plugin"))?;
        if tried.manifest.plugin.id != found.plugin_id {
            let detail = format!("the connection is one of plugin `{}`", found.plugin_id);
            return Err(Problem::new(Kind::Malformed, detail).at("with_plugin"));
        }
    }
    if body.wants_receipts() {
        receipts(&app, key, &body).await.map(Json)
    } else {
        records(&app, key, &body).await.map(Json)
    }
}

impl ReplayBody {
    fn wants_receipts(&self) -> bool {
        self.receipts || self.id.is_some() || self.class.is_some()
    }

    /// Whether the fields go together.
    fn check(&self) -> Result<(), Problem> {
        let of_records = [
            ("entity", self.entity.is_some()),
            ("plugin_digest", self.plugin_digest.is_some()),
            ("with_plugin", self.with_plugin.is_some()),
        ];
        if self.wants_receipts()
            && let Some((field, _)) = of_records.iter().find(|(_, given)| *given)
        {
            let detail = "`id`, `class` and `receipts` name receipts, this one names records";
            return Err(Problem::new(Kind::Malformed, detail).at(*field));
        }
        if self.id.is_some()
            && (self.class.is_some() || self.since.is_some() || self.until.is_some())
        {
            let detail = "`id` names one receipt; leave the other filters out";
            return Err(Problem::new(Kind::Malformed, detail).at("id"));
        }
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since >= until
        {
            let detail = "`since` must be before `until`";
            return Err(Problem::new(Kind::Malformed, detail).at("until"));
        }
        let long = |text: &Option<&str>| {
            text.is_some_and(|text| text.len() > limits::REPLAY_TEXT_BYTES_MAX)
        };
        let texts = [
            ("entity", self.entity.as_deref()),
            ("plugin_digest", self.plugin_digest.as_deref()),
        ];
        match texts.iter().find(|(_, text)| long(text)) {
            Some((field, _)) => Err(Problem::new(Kind::Malformed, "it is too long").at(*field)),
            None => Ok(()),
        }
    }

    fn per_second(&self) -> u32 {
        self.per_second
            .unwrap_or(REPLAY_PER_SECOND)
            .clamp(1, REPLAY_PER_SECOND_MAX)
    }

    fn limit(&self) -> u32 {
        self.limit.unwrap_or(limits::LIST_ROWS_DEFAULT)
    }

    /// The filter as the audit keeps it.
    fn described(&self) -> Value {
        json!({
            "receipts": self.wants_receipts(),
            "id": self.id,
            "entity": self.entity,
            "since": self.since,
            "until": self.until,
            "class": self.class,
            "plugin_digest": self.plugin_digest,
            "after": self.after,
        })
    }
}

async fn records(app: &App, key: ConnectionKey, body: &ReplayBody) -> Result<Replay, Problem> {
    let after = body.after.as_deref().map(record_after).transpose()?;
    let ask = RecordReplay {
        connection: key,
        filter: RecordFilter {
            entity: body.entity.as_deref().map(entity).transpose()?,
            since: body.since,
            until: body.until,
            plugin_digest: body.plugin_digest.clone(),
        },
        described: body.described(),
        after,
        limit: body.limit(),
        per_second: body.per_second(),
        plugin_digest: body.with_plugin.clone(),
        dry_run: body.dry_run,
        actor: ACTOR.to_owned(),
    };
    let page = app.replayer.records(ask).await?;
    Ok(record_answer(page, body.dry_run))
}

fn entity(text: &str) -> Result<RecordRef, Problem> {
    let read = || {
        let (kind, id) = text.split_once(':')?;
        let kind = RecordKind::from_text(kind);
        let good = !matches!(kind, RecordKind::Unknown | RecordKind::Tombstone) && !id.is_empty();
        good.then(|| RecordRef {
            kind,
            source_id: id.to_owned(),
        })
    };
    read().ok_or_else(|| {
        let detail = "an entity is KIND:ID, such as `order:1001` or `customer:17`";
        Problem::new(Kind::Malformed, detail).at("entity")
    })
}

fn record_after(text: &str) -> Result<RecordRef, Problem> {
    let (kind, source_id) = cursor::read(text)?;
    match RecordKind::from_text(&kind) {
        RecordKind::Unknown => Err(cursor::broken()),
        kind => Ok(RecordRef { kind, source_id }),
    }
}

fn record_answer(page: ReplayedPage, dry_run: bool) -> Replay {
    let mut counts = Counts::default();
    for record in &page.records {
        let count = match record.verdict {
            ReplayVerdict::Changed => &mut counts.changed,
            ReplayVerdict::Same => &mut counts.same,
            ReplayVerdict::NewerStored => &mut counts.newer_stored,
            ReplayVerdict::Skipped => &mut counts.skipped,
            ReplayVerdict::Failed => &mut counts.failed,
        };
        *count += 1;
    }
    let told = page.records.into_iter();
    let mut lines: Vec<RecordLine> = told
        .filter(|record| record.verdict != ReplayVerdict::Same)
        .map(RecordLine::from)
        .collect();
    cut(&mut lines);
    Replay {
        dry_run,
        plugin_digest: Some(page.plugin_digest),
        counts,
        records: lines,
        receipts: Vec::new(),
        next: page
            .next
            .map(|next| cursor::write(next.kind.as_str(), &next.source_id)),
    }
}

/// Keeps an answer within bounds: all records, but only so many of their differences.
fn cut(lines: &mut [RecordLine]) {
    let mut left = limits::REPLAY_DIFFS_MAX;
    for line in lines {
        line.more |= line.diff.len() > left;
        line.diff.truncate(left);
        left -= line.diff.len();
    }
}

impl From<ReplayedRecord> for RecordLine {
    fn from(record: ReplayedRecord) -> Self {
        Self {
            kind: record.kind.as_str().to_owned(),
            source_id: record.source_id,
            verdict: record.verdict,
            reason: record.reason,
            from_plugin: record.from_plugin,
            diff: record.diff,
            more: record.more,
        }
    }
}

async fn receipts(app: &App, key: ConnectionKey, body: &ReplayBody) -> Result<Replay, Problem> {
    let id = body.id.as_deref().map(ReceiptId::new).transpose();
    let id = id.map_err(|error| Problem::new(Kind::Malformed, error.to_string()).at("id"))?;
    let named = id.is_some();
    let ask = ReceiptReplay {
        connection: key,
        filter: ReceiptFilter {
            id,
            since: body.since,
            until: body.until,
            class: body.class.as_deref().map(class_of).transpose()?,
        },
        described: body.described(),
        after: body.after.as_deref().map(receipt_after).transpose()?,
        limit: body.limit(),
        per_second: body.per_second(),
        dry_run: body.dry_run,
        actor: ACTOR.to_owned(),
    };
    let page = app.replayer.receipts(ask).await?;
    if named && page.receipts.is_empty() {
        let detail = "the connection has no settled webhook of that id";
        return Err(Problem::new(Kind::NotFound, detail).at("id"));
    }
    Ok(receipt_answer(page, body.dry_run))
}

fn receipt_after(text: &str) -> Result<ReceiptCursor, Problem> {
    let (received_at, id) = cursor::read_moment(text)?;
    Ok(ReceiptCursor { received_at, id })
}

fn receipt_answer(page: ReworkedPage, dry_run: bool) -> Replay {
    let next = page.next;
    let next = next.map(|next| cursor::write_moment(next.received_at, &next.id));
    Replay {
        dry_run,
        counts: Counts {
            again: page.again,
            ..Counts::default()
        },
        receipts: page.receipts.iter().map(ReceiptLine::from).collect(),
        next,
        ..Replay::default()
    }
}

impl From<&Reworked> for ReceiptLine {
    fn from(receipt: &Reworked) -> Self {
        Self {
            id: receipt.id.to_string(),
            topic: receipt.topic.clone(),
            received_at: receipt.received_at,
            state: receipt.state.as_str(),
            class: receipt.class.map(ordercase_store::ErrorClass::as_str),
        }
    }
}
