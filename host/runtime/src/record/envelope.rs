//! The envelope: what ordering, deduplication and checkpoints rely on.

use std::collections::BTreeMap;

use ordercase_model::{Completeness, Group, Instant, Kind, Missing, Record, RecordRef, SCHEMA};

use super::{Invalid, body};
use crate::{
    Manifest,
    abi::{Envelope, bindings::ordercase::source::records},
    limits,
};

/// Checks an envelope and its body; `path` is where it lies in what the plugin returned.
pub(super) fn read(manifest: &Manifest, path: &str, raw: Envelope) -> Result<Record, Invalid> {
    if raw.schema != SCHEMA {
        return Err(Invalid::new(
            format!("{path}.schema"),
            format!("is `{}`; this host reads {SCHEMA}", short(&raw.schema)),
        ));
    }
    let kind = kind(&raw.kind, &format!("{path}.kind"))?;
    if !manifest.emits(kind) {
        return Err(Invalid::new(
            format!("{path}.kind"),
            format!("is {kind}, which no stream of the manifest has"),
        ));
    }
    let source_id = source_id(raw.source_id, &format!("{path}.source_id"))?;
    let parent = raw
        .parent
        .map(|p| record_ref(p, &format!("{path}.parent")))
        .transpose()?;
    let source_version = bounded(raw.source_version, &format!("{path}.source_version"))?;
    let source_updated_at = instant(raw.source_updated_at, &format!("{path}.source_updated_at"))?;
    let api_version = bounded(raw.api_version, &format!("{path}.api_version"))?;
    let completeness = completeness(raw.completeness, &format!("{path}.completeness"))?;
    let missing = missing(raw.missing, &format!("{path}.missing"))?;
    let warnings = warnings(raw.warnings, &format!("{path}.warnings"))?;
    let body = body::read(kind, &format!("{path}.body"), raw.body)?;
    Ok(Record {
        schema: raw.schema,
        kind,
        source_id,
        parent,
        source_version,
        source_updated_at,
        api_version,
        completeness,
        missing,
        warnings,
        body,
    })
}

pub(super) fn record_ref(raw: records::RecordRef, path: &str) -> Result<RecordRef, Invalid> {
    Ok(RecordRef {
        kind: kind(&raw.kind, &format!("{path}.kind"))?,
        source_id: source_id(raw.source_id, &format!("{path}.source_id"))?,
    })
}

pub(super) fn instant(raw: Option<String>, path: &str) -> Result<Option<Instant>, Invalid> {
    let parse = |text: String| {
        let at = text.parse();
        at.map_err(|_| Invalid::new(path, format!("`{}` is no instant", short(&text))))
    };
    raw.map(parse).transpose()
}

fn kind(raw: &str, path: &str) -> Result<Kind, Invalid> {
    match Kind::from_text(raw) {
        Kind::Unknown => Err(Invalid::new(
            path,
            format!("`{}` is no kind of record", short(raw)),
        )),
        kind => Ok(kind),
    }
}

fn source_id(raw: String, path: &str) -> Result<String, Invalid> {
    let chars = raw.chars().count();
    if (1..=limits::SOURCE_ID_CHARS_MAX).contains(&chars) && !raw.chars().any(char::is_control) {
        return Ok(raw);
    }
    Err(Invalid::new(
        path,
        format!(
            "must have 1 to {} plain characters",
            limits::SOURCE_ID_CHARS_MAX
        ),
    ))
}

fn bounded(raw: Option<String>, path: &str) -> Result<Option<String>, Invalid> {
    match raw {
        Some(text) if text.len() > limits::ENVELOPE_TEXT_BYTES_MAX => Err(Invalid::new(
            path,
            format!("is longer than {} bytes", limits::ENVELOPE_TEXT_BYTES_MAX),
        )),
        other => Ok(other),
    }
}

fn completeness(raw: records::Completeness, path: &str) -> Result<Completeness, Invalid> {
    let records::Completeness::Partial(groups) = raw else {
        return Ok(Completeness::Full);
    };
    if groups.is_empty() || groups.len() > Group::ALL.len() {
        return Err(Invalid::new(path, "must name the groups that are there"));
    }
    let group = |text: &String| match Group::from_text(text) {
        Group::Unknown => Err(Invalid::new(path, format!("`{}` is no group", short(text)))),
        group => Ok(group),
    };
    let groups: Result<Vec<_>, _> = groups.iter().map(group).collect();
    groups.map(Completeness::Partial)
}

fn missing(
    raw: Vec<records::MissingField>,
    path: &str,
) -> Result<BTreeMap<String, Missing>, Invalid> {
    let fits = raw.len() <= limits::ENVELOPE_ITEMS_MAX
        && raw
            .iter()
            .all(|m| m.field.len() <= limits::ENVELOPE_TEXT_BYTES_MAX);
    if !fits {
        return Err(Invalid::new(path, "has too many or too long entries"));
    }
    let entry = |m: records::MissingField| (m.field, Missing::from_text(&m.reason));
    Ok(raw.into_iter().map(entry).collect())
}

fn warnings(mut raw: Vec<String>, path: &str) -> Result<Vec<String>, Invalid> {
    let fits = raw.len() <= limits::ENVELOPE_ITEMS_MAX
        && raw
            .iter()
            .all(|code| code.len() <= limits::ENVELOPE_TEXT_BYTES_MAX);
    if !fits {
        return Err(Invalid::new(path, "has too many or too long entries"));
    }
    raw.sort();
    raw.dedup();
    Ok(raw)
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(32).collect()
}
