//! One stored record and what becomes of it when a snapshot or a tombstone arrives. Pure.
//!
//! Every group of fields carries its own stamp, so a partial snapshot competes for its groups only and
//! a full one for each of them: the outcome does not depend on who came first. Whether a record is
//! deleted follows from two moments, the newest at which the source had it and the newest at which
//! it did not; a record that reappears is back.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_model::{
    Completeness, Group, Instant, Kind, Missing, RecordRef, Tombstone, TombstoneReason,
};
use serde_json::{Map, Value};

use super::{
    guard::{Stamp, Verdict, decide},
    keys::{Extracted, extract},
    redact::redact,
    snapshot::{Snapshot, later},
};
use crate::{MappingName, id::sha256};

/// What happened to a snapshot, in the words of the accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It changed what is stored.
    Applied,
    /// Something newer was there.
    Superseded,
    /// It said what was known.
    Duplicate,
    /// It breaks a hard rule and was not stored; the reason.
    Refused(String),
    /// It would change something, and a mapping that the operator requires is missing: not stored.
    Parked(MappingName),
}

/// Since when and why the source does not have a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Newest moment at which it was not there.
    pub at: Instant,
    /// Why.
    pub reason: TombstoneReason,
    /// The record it was merged into.
    pub merged_into: Option<String>,
}

/// A row of `records`, as the merge sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) kind: Kind,
    pub(crate) source_id: String,
    pub(crate) parent: Option<RecordRef>,
    pub(crate) schema: String,
    pub(crate) body: Option<String>,
    pub(crate) missing: BTreeMap<String, Missing>,
    pub(crate) warnings: Vec<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) plugin_digest: String,
    pub(crate) raw_refs: Vec<String>,
    pub(crate) stamps: BTreeMap<Group, Stamp>,
    pub(crate) source_updated_at: Option<Instant>,
    pub(crate) seen_at: Option<Instant>,
    pub(crate) gone: Option<Gone>,
    pub(crate) extracted: Extracted,
    pub(crate) first_seen_at: Instant,
    pub(crate) changed_at: Instant,
    pub(crate) revision: i64,
}

/// What the host adds when it applies.
pub(crate) struct Arrival<'a> {
    pub(crate) plugin_digest: &'a str,
    pub(crate) raw_refs: Vec<String>,
    pub(crate) now: Instant,
}

/// Groups that records of a kind have.
pub(crate) fn groups_of(kind: Kind) -> &'static [Group] {
    match kind {
        Kind::Order => &[
            Group::Core,
            Group::Lines,
            Group::Addresses,
            Group::Payments,
            Group::Shipments,
            Group::Refunds,
            Group::Returns,
            Group::Events,
        ],
        Kind::Customer => &[Group::Core, Group::Addresses],
        _ => &[Group::Core],
    }
}

/// The group that a field of a body belongs to.
fn group_of(kind: Kind, field: &str) -> Group {
    match (kind, field) {
        (Kind::Order, "lines") => Group::Lines,
        (Kind::Order, "billing_address" | "shipping_address")
        | (Kind::Customer, "addresses" | "default_address_id") => Group::Addresses,
        (Kind::Order, "payments") => Group::Payments,
        (Kind::Order, "shipments") => Group::Shipments,
        (Kind::Order, "refunds") => Group::Refunds,
        (Kind::Order, "returns") => Group::Returns,
        (Kind::Order, "events") => Group::Events,
        _ => Group::Core,
    }
}

/// Lists whose items are kept when they vanish: money and goods that moved did move.
pub(super) const KEPT: [(&str, Group); 3] = [
    ("payments", Group::Payments),
    ("refunds", Group::Refunds),
    ("returns", Group::Returns),
];

impl Held {
    fn unknown(kind: Kind, source_id: &str, arrival: &Arrival<'_>) -> Self {
        Self {
            kind,
            source_id: source_id.to_owned(),
            parent: None,
            schema: ordercase_model::SCHEMA.to_owned(),
            body: None,
            missing: BTreeMap::new(),
            warnings: Vec::new(),
            api_version: None,
            plugin_digest: arrival.plugin_digest.to_owned(),
            raw_refs: Vec::new(),
            stamps: BTreeMap::new(),
            source_updated_at: None,
            seen_at: None,
            gone: None,
            extracted: Extracted::default(),
            first_seen_at: arrival.now,
            changed_at: arrival.now,
            revision: 0,
        }
    }

    /// Whether the source does not have it any more.
    pub(crate) fn is_deleted(&self) -> bool {
        self.gone
            .as_ref()
            .is_some_and(|gone| self.seen_at.is_none_or(|seen| gone.at >= seen))
    }

    pub(super) fn is_purged(&self) -> bool {
        self.is_deleted()
            && self
                .gone
                .as_ref()
                .is_some_and(|gone| gone.reason == TombstoneReason::PurgedByPrivacyRequest)
    }

    /// Whole, when every group is there.
    pub(crate) fn completeness(&self) -> Completeness {
        let here: Vec<Group> = self.stamps.keys().copied().collect();
        if here.len() == groups_of(self.kind).len() {
            Completeness::Full
        } else {
            Completeness::Partial(here)
        }
    }

    /// The stamp that stands for the record: the core's, else the newest.
    pub(crate) fn base_stamp(&self) -> Option<&Stamp> {
        self.stamps
            .get(&Group::Core)
            .or_else(|| self.stamps.values().max_by_key(|stamp| stamp.observed_at))
    }

    /// The one reading that all of it was made of; `None` when its groups stem from several.
    pub(super) fn one_reading(&self) -> Option<&Stamp> {
        let base = self.base_stamp()?;
        let same = |stamp: &Stamp| stamp.same_reading(base);
        self.stamps.values().all(same).then_some(base)
    }

    /// What a reader sees of it; two records that look alike are equal.
    pub(super) fn face(&self) -> (Option<String>, bool) {
        (self.body.clone(), self.is_deleted())
    }
}

/// Applies a snapshot of a record (not a tombstone).
pub(crate) fn apply(
    held: Option<Held>,
    snapshot: &Snapshot,
    arrival: &Arrival<'_>,
) -> Result<(Held, Outcome), String> {
    let record = &snapshot.record;
    let offered = offered(record.kind, &record.completeness)?;
    let known = held.is_some();
    let mut held = held.unwrap_or_else(|| Held::unknown(record.kind, &record.source_id, arrival));
    let before = known.then(|| held.face());
    let stamp = snapshot.stamp();
    let mut winners = BTreeSet::new();
    let mut older = false;
    for group in offered {
        let verdict = held.stamps.get(&group).map_or(Verdict::Newer, |s| {
            decide(snapshot.comparability, s, &stamp)
        });
        match verdict {
            Verdict::Newer => {
                winners.insert(group);
                held.stamps.insert(group, stamp.clone());
            }
            Verdict::Older => older = true,
            Verdict::Same => {
                if let Some(stored) = held.stamps.get_mut(&group) {
                    *stored = later(stored, &stamp);
                    // The answers kept are those of the reading that the stamp tells of.
                    if group == Group::Core && *stored == stamp && !arrival.raw_refs.is_empty() {
                        held.raw_refs.clone_from(&arrival.raw_refs);
                    }
                }
            }
        }
    }
    held.seen_at = held.seen_at.max(stamp.tells_of());
    if !winners.is_empty() {
        replace(&mut held, snapshot, &winners)?;
        describe(&mut held, snapshot, &winners, arrival);
    }
    finish(held, before.as_ref(), older && winners.is_empty(), arrival)
}

/// Applies a tombstone to the record that it names.
pub(crate) fn bury(
    held: Option<Held>,
    tombstone: &Tombstone,
    snapshot: &Snapshot,
    arrival: &Arrival<'_>,
) -> Result<(Held, Outcome), String> {
    let known = held.is_some();
    let mut held =
        held.unwrap_or_else(|| Held::unknown(tombstone.kind, &tombstone.source_id, arrival));
    let before = known.then(|| held.face());
    let at = snapshot
        .stamp()
        .tells_of()
        .or(tombstone.at)
        .unwrap_or(snapshot.observed_at);
    let incoming = Gone {
        at,
        reason: tombstone.reason,
        merged_into: tombstone.merged_into.clone(),
    };
    let rank = |gone: &Gone| {
        let purge = gone.reason == TombstoneReason::PurgedByPrivacyRequest;
        (gone.at, purge, gone.merged_into.clone())
    };
    if held
        .gone
        .as_ref()
        .is_none_or(|stored| rank(&incoming) > rank(stored))
    {
        held.gone = Some(incoming);
    }
    let older = !held.is_deleted();
    finish(held, before.as_ref(), older, arrival)
}

pub(super) fn finish(
    mut held: Held,
    before: Option<&(Option<String>, bool)>,
    older: bool,
    arrival: &Arrival<'_>,
) -> Result<(Held, Outcome), String> {
    if held.is_purged()
        && let Some(body) = &held.body
    {
        held.body = Some(redact(body)?);
        held.raw_refs.clear();
    }
    let changed = before != Some(&held.face());
    if changed {
        held.extracted = match &held.body {
            Some(body) => extract(held.kind, &held.source_id, body)?,
            None => Extracted::default(),
        };
        held.changed_at = arrival.now;
        held.revision += 1;
        return Ok((held, Outcome::Applied));
    }
    let outcome = if older {
        Outcome::Superseded
    } else {
        Outcome::Duplicate
    };
    Ok((held, outcome))
}

pub(super) fn offered(kind: Kind, completeness: &Completeness) -> Result<Vec<Group>, String> {
    let all = groups_of(kind);
    match completeness {
        Completeness::Full => Ok(all.to_vec()),
        Completeness::Partial(named) => {
            let offered: Vec<Group> = all
                .iter()
                .copied()
                .filter(|group| named.contains(group))
                .collect();
            if offered.is_empty() {
                Err(format!("a partial {kind} names no group that a {kind} has"))
            } else {
                Ok(offered)
            }
        }
    }
}

/// Puts the winning groups' fields in place.
pub(super) fn replace(
    held: &mut Held,
    snapshot: &Snapshot,
    winners: &BTreeSet<Group>,
) -> Result<(), String> {
    let incoming = snapshot.record.body.get();
    let whole = winners.len() == groups_of(held.kind).len();
    let Some(stored) = &held.body else {
        held.body = Some(if whole {
            incoming.to_owned()
        } else {
            text(&pick(held.kind, fields(incoming)?, winners))?
        });
        return Ok(());
    };
    let stored = fields(stored)?;
    let arrived = fields(incoming)?;
    let vanished: Vec<(&str, Vec<Value>)> = KEPT
        .iter()
        .filter(|(_, group)| winners.contains(group))
        .map(|(list, _)| (*list, vanished_items(&stored, &arrived, list)))
        .filter(|(_, items)| !items.is_empty())
        .collect();
    if whole && vanished.is_empty() {
        held.body = Some(incoming.to_owned());
        return Ok(());
    }
    let mut merged = stored;
    merged.retain(|field, _| !winners.contains(&group_of(held.kind, field)));
    merged.extend(pick(held.kind, arrived, winners));
    for (list, items) in vanished {
        if let Value::Array(kept) = merged
            .entry(list)
            .or_insert_with(|| Value::Array(Vec::new()))
        {
            kept.extend(items);
        }
    }
    held.body = Some(text(&merged)?);
    Ok(())
}

/// Everything around the body that comes with the winning groups.
pub(super) fn describe(
    held: &mut Held,
    snapshot: &Snapshot,
    winners: &BTreeSet<Group>,
    arrival: &Arrival<'_>,
) {
    let record = &snapshot.record;
    let kind = held.kind;
    let wins = |path: &str| {
        let field = path.split(['.', '[', '/']).find(|part| !part.is_empty());
        winners.contains(&group_of(kind, field.unwrap_or_default()))
    };
    held.missing.retain(|path, _| !wins(path));
    let missing = record.missing.iter().filter(|(path, _)| wins(path));
    held.missing
        .extend(missing.map(|(path, why)| (path.clone(), *why)));
    held.plugin_digest = arrival.plugin_digest.to_owned();
    held.schema.clone_from(&record.schema);
    held.parent = record.parent.clone().or_else(|| held.parent.take());
    let mut warnings: BTreeSet<String> = record.warnings.iter().cloned().collect();
    if winners.contains(&Group::Core) {
        held.api_version.clone_from(&record.api_version);
        held.source_updated_at = record.source_updated_at;
        held.raw_refs.clone_from(&arrival.raw_refs);
    } else {
        warnings.extend(held.warnings.drain(..));
        for raw in &arrival.raw_refs {
            if !held.raw_refs.contains(raw) {
                held.raw_refs.push(raw.clone());
            }
        }
    }
    if held
        .body
        .as_ref()
        .is_some_and(|body| body.contains("\"vanished\":true"))
    {
        warnings.insert("vanished_child".to_owned());
    }
    held.warnings = warnings.into_iter().collect();
}

pub(super) fn fields(body: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(body).map_err(|error| format!("the body is no JSON object: {error}"))
}

pub(super) fn text(fields: &Map<String, Value>) -> Result<String, String> {
    serde_json::to_string(fields).map_err(|error| error.to_string())
}

fn pick(kind: Kind, fields: Map<String, Value>, groups: &BTreeSet<Group>) -> Map<String, Value> {
    fields
        .into_iter()
        .filter(|(field, _)| groups.contains(&group_of(kind, field)))
        .collect()
}

fn vanished_items(
    stored: &Map<String, Value>,
    arrived: &Map<String, Value>,
    list: &str,
) -> Vec<Value> {
    let id = |item: &Value| {
        item.get("source_id")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let items = |fields: &Map<String, Value>| -> Vec<Value> {
        fields
            .get(list)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let here: BTreeSet<_> = items(arrived).iter().map(id).collect();
    let mut gone: Vec<Value> = items(stored)
        .into_iter()
        .filter(|item| !here.contains(&id(item)))
        .collect();
    for item in &mut gone {
        if let Value::Object(fields) = item {
            fields.insert("vanished".to_owned(), Value::Bool(true));
        }
    }
    gone
}

/// SHA-256 of the stored body; of nothing when there is none.
pub(crate) fn body_hash(held: &Held) -> String {
    sha256(held.body.as_deref().unwrap_or_default().as_bytes())
}

#[cfg(test)]
mod tests;
