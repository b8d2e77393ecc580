//! Records from their stored answers, batch by batch, at a stated pace.

use std::{collections::VecDeque, sync::Arc};

use ordercase_model::{Kind, Record, RecordRef};
use ordercase_store::{
    Candidate, ConnectionKey, Derived, Outcome, RawBody, RecordFilter, Rederivation, Rederived,
};
use serde::Serialize;
use serde_json::Value;

use super::{
    ReplayError, Replayer,
    diff::{FieldDiff, diff},
};
use crate::{
    SourceFailure,
    limits::{REPLAY_PER_SECOND_MAX, REPLAY_RECORDS_MAX, REPLAY_SECONDS_MAX, REPLAY_SETS_KEPT},
};

/// Which records to derive again.
#[derive(Clone, Debug)]
pub struct RecordReplay {
    /// Whose.
    pub connection: ConnectionKey,
    /// Which.
    pub filter: RecordFilter,
    /// The filter in words, for the audit.
    pub described: Value,
    /// Where an earlier batch ended.
    pub after: Option<RecordRef>,
    /// At most so many.
    pub limit: u32,
    /// How many in a second.
    pub per_second: u32,
    /// Another plugin than the pinned one, in a dry run.
    pub plugin_digest: Option<String>,
    /// Only look.
    pub dry_run: bool,
    /// Who asks, for the audit.
    pub actor: String,
}

/// What became of a batch.
#[derive(Clone, Debug)]
pub struct ReplayedPage {
    /// The plugin that told the records.
    pub plugin_digest: String,
    /// The records.
    pub records: Vec<ReplayedRecord>,
    /// Where to go on; absent at the end.
    pub next: Option<RecordRef>,
}

/// What became, or would become, of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayVerdict {
    /// The plugin tells it differently now.
    Changed,
    /// The plugin tells the same.
    Same,
    /// Something newer came in between and stays.
    NewerStored,
    /// It cannot be derived from what is stored.
    Skipped,
    /// The plugin or a rule failed it; it stays as it was.
    Failed,
}

/// One record of a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayedRecord {
    /// Kind.
    pub kind: Kind,
    /// The source's id.
    pub source_id: String,
    /// What became of it.
    pub verdict: ReplayVerdict,
    /// Why it was skipped or failed.
    pub reason: Option<String>,
    /// The plugin that had made it.
    pub from_plugin: String,
    /// What differs, masked.
    pub diff: Vec<FieldDiff>,
    /// Whether more differs than is listed.
    pub more: bool,
}

impl Replayer {
    /// Derives records again and writes those that the plugin tells differently now, or tells what it would
    /// write. The plugin is the pinned one; a dry run may try another.
    ///
    /// # Errors
    /// When another replay of the connection is under way, or the database fails: nothing is written then.
    pub async fn records(&self, ask: RecordReplay) -> Result<ReplayedPage, ReplayError> {
        let _turn = self.begin(&ask.connection)?;
        let plugin_digest = self.plugin(&ask).await?;
        let per_second = ask.per_second.clamp(1, REPLAY_PER_SECOND_MAX);
        let most = per_second.saturating_mul(REPLAY_SECONDS_MAX);
        let limit = ask.limit.clamp(1, REPLAY_RECORDS_MAX.min(most));
        let found = self
            .store
            .candidates(&ask.connection, &ask.filter, ask.after.as_ref(), limit)
            .await?;
        let full = u32::try_from(found.len()).is_ok_and(|found| found == limit);
        let next = found.last().filter(|_| full && ask.filter.entity.is_none());
        let next = next.map(|last| RecordRef {
            kind: last.key.kind,
            source_id: last.key.source_id.clone(),
        });
        let told = self
            .tell(
                &ask.connection,
                &plugin_digest,
                found,
                per_second,
                next.is_some(),
            )
            .await?;
        let records = self.write(&ask, &plugin_digest, told).await?;
        Ok(ReplayedPage {
            plugin_digest,
            records,
            next,
        })
    }

    async fn plugin(&self, ask: &RecordReplay) -> Result<String, ReplayError> {
        let connection = self.store.connection(&ask.connection).await?;
        let pinned = connection
            .ok_or_else(|| ReplayError::NoConnection(ask.connection.connection.to_string()))?
            .plugin_digest;
        match &ask.plugin_digest {
            Some(other) if *other != pinned && !ask.dry_run => Err(ReplayError::NotPinned),
            Some(other) => Ok(other.clone()),
            None => Ok(pinned),
        }
    }

    /// Asks the plugin, so many records a second.
    async fn tell(
        &self,
        connection: &ConnectionKey,
        plugin_digest: &str,
        found: Vec<Candidate>,
        per_second: u32,
        more: bool,
    ) -> Result<Vec<Told>, ReplayError> {
        let mut sets = Sets {
            replayer: self,
            connection,
            plugin_digest,
            kept: VecDeque::new(),
        };
        let mut told = Vec::with_capacity(found.len());
        let pace = usize::try_from(per_second).unwrap_or(usize::MAX);
        let mut left = found.len();
        let mut found = found.into_iter();
        while left > 0 {
            let second_over = self.clock.now().plus_seconds(1);
            for candidate in found.by_ref().take(pace) {
                told.push(sets.tell(candidate).await?);
                left -= 1;
            }
            if left > 0 || more {
                self.clock.sleep_until(second_over).await;
            }
        }
        Ok(told)
    }

    /// Writes what was told, or looks what writing would do.
    async fn write(
        &self,
        ask: &RecordReplay,
        plugin_digest: &str,
        told: Vec<Told>,
    ) -> Result<Vec<ReplayedRecord>, ReplayError> {
        let (mut records, mut derived) = (Vec::with_capacity(told.len()), Vec::new());
        for one in told {
            match one {
                Told::Derived(told) => {
                    records.push(line(&told.candidate, ReplayVerdict::Same, None));
                    derived.push((records.len() - 1, *told));
                }
                Told::Not(line) => records.push(line),
            }
        }
        let (places, told): (Vec<usize>, Vec<Derived>) = derived.into_iter().unzip();
        let rederivation = Rederivation {
            connection: ask.connection.clone(),
            plugin_digest: plugin_digest.to_owned(),
            records: told,
        };
        let now = self.clock.now();
        let results = if ask.dry_run {
            self.store.preview_rederivation(&rederivation, now).await?
        } else {
            let described = ask.described.clone();
            self.store
                .rederive(rederivation, &ask.actor, described, now)
                .await?
        };
        for (place, result) in places.into_iter().zip(results) {
            if let Some(line) = records.get_mut(place) {
                complete(line, result);
            }
        }
        Ok(records)
    }
}

/// What the plugin made of a record's answers.
enum Told {
    Derived(Box<Derived>),
    Not(ReplayedRecord),
}

fn line(candidate: &Candidate, verdict: ReplayVerdict, reason: Option<String>) -> ReplayedRecord {
    ReplayedRecord {
        kind: candidate.key.kind,
        source_id: candidate.key.source_id.clone(),
        verdict,
        reason,
        from_plugin: candidate.plugin_digest.clone(),
        diff: Vec::new(),
        more: false,
    }
}

fn complete(line: &mut ReplayedRecord, result: Rederived) {
    line.verdict = match result.outcome {
        Outcome::Applied => ReplayVerdict::Changed,
        Outcome::Duplicate => ReplayVerdict::Same,
        Outcome::Superseded => ReplayVerdict::NewerStored,
        Outcome::Refused(reason) => {
            line.reason = Some(reason);
            ReplayVerdict::Failed
        }
        Outcome::Parked(name) => {
            line.reason = Some(name.is_missing());
            ReplayVerdict::Failed
        }
    };
    if let (Some(before), Some(after)) = (result.before, result.after) {
        (line.diff, line.more) = diff(&before, &after);
    }
}

type Mapped = Result<Arc<Vec<Record>>, SourceFailure>;

/// A raw set and what the plugin made of it; nothing when not all of it is kept.
struct Set {
    kind: Kind,
    raw: Vec<String>,
    mapped: Option<Mapped>,
}

/// Raw sets and what the plugin made of them. Records of one page stand side by side and share theirs.
struct Sets<'a> {
    replayer: &'a Replayer,
    connection: &'a ConnectionKey,
    plugin_digest: &'a str,
    kept: VecDeque<Set>,
}

impl Sets<'_> {
    async fn tell(&mut self, candidate: Candidate) -> Result<Told, ReplayError> {
        let not = |verdict, reason: &str| {
            let line = line(&candidate, verdict, Some(reason.to_owned()));
            Ok(Told::Not(line))
        };
        if candidate.reading.is_none() {
            return not(
                ReplayVerdict::Skipped,
                "it is made of several readings; the next reading of the source makes it one",
            );
        }
        let mapped = match self.mapped(candidate.key.kind, &candidate.raw).await? {
            None => return not(ReplayVerdict::Skipped, "its answers are not kept any more"),
            Some(Err(failure)) => return not(ReplayVerdict::Failed, &failure.to_string()),
            Some(Ok(mapped)) => mapped,
        };
        let own = mapped.iter().find(|record| {
            record.kind == candidate.key.kind && record.source_id == candidate.key.source_id
        });
        match own.cloned() {
            Some(record) => Ok(Told::Derived(Box::new(Derived { candidate, record }))),
            None => not(
                ReplayVerdict::Skipped,
                "the plugin draws no such record from its answers",
            ),
        }
    }

    /// What the plugin makes of a set; `None` when not all of it is kept.
    async fn mapped(&mut self, kind: Kind, raw: &[String]) -> Result<Option<Mapped>, ReplayError> {
        let known = self.kept.iter();
        if let Some(known) = known.rev().find(|set| set.kind == kind && set.raw == raw) {
            return Ok(known.mapped.clone());
        }
        let mapped = match self.inputs(raw).await? {
            None => None,
            Some(inputs) => {
                let mapper = &self.replayer.mapper;
                let mapped = mapper
                    .map(self.connection, self.plugin_digest, kind, &inputs)
                    .await;
                Some(mapped.map(Arc::new))
            }
        };
        if self.kept.len() >= REPLAY_SETS_KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Set {
            kind,
            raw: raw.to_vec(),
            mapped: mapped.clone(),
        });
        Ok(mapped)
    }

    async fn inputs(&self, raw: &[String]) -> Result<Option<Vec<RawBody>>, ReplayError> {
        let mut inputs = Vec::with_capacity(raw.len());
        for id in raw {
            let body = self.replayer.store.raw_body(self.connection, id).await?;
            match body {
                Some(body) => inputs.push(body),
                None => return Ok(None),
            }
        }
        Ok((!inputs.is_empty()).then_some(inputs))
    }
}
