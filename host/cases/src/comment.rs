//! One identity for a comment on both sides.
//!
//! A comment that was written at the ticket is keyed by its id there. One that was written at the case
//! is keyed by the op id of the write that carries it out; when the ticket's history shows that op id,
//! the two are linked instead of a second one being made. Redaction and a change of visibility are the
//! only later changes a help desk allows, and both follow. Our internal notes are projections of a
//! context, not content: they are recognised and left out, so their echo changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::limits::COMMENT_CHARS_MAX;

/// Where a comment was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentOrigin {
    /// At the ticket.
    Ticket,
    /// At the case.
    Case,
}

/// A comment of a case. **Personal.**
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseComment {
    /// Its identity, see [`comment_key`].
    pub key: String,
    /// The ticket's comment, once known.
    pub remote_id: Option<u64>,
    /// Where it was written.
    pub origin: CommentOrigin,
    /// What was written.
    pub body: String,
    /// Whether the requester sees it.
    pub public: bool,
}

/// A comment as the ticket shows it. **Personal.**
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming<'a> {
    /// The help desk's id.
    pub id: u64,
    /// The audit that it came in with.
    pub audit_id: Option<u64>,
    /// What was written.
    pub body: &'a str,
    /// Whether the requester sees it.
    pub public: bool,
}

/// What is known of our own writes to the ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OurWrites {
    /// Op ids by the audit that carries them.
    pub ops: BTreeMap<u64, String>,
    /// Op ids that wrote an internal note.
    pub note_ops: BTreeSet<String>,
    /// Comments that are notes by their own text.
    pub note_comments: BTreeSet<u64>,
}

/// One change of a case's comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommentChange {
    /// A new comment.
    Add(CaseComment),
    /// A comment of the case arrived at the ticket.
    Link {
        /// The case's comment.
        key: String,
        /// The ticket's.
        remote_id: u64,
    },
    /// Redacted, or seen by others now.
    Update {
        /// The case's comment.
        key: String,
        /// What it says now.
        body: String,
        /// Whether the requester sees it now.
        public: bool,
    },
}

/// The key of a comment that was written at the ticket, or at the case by the write with that op id.
#[must_use]
pub fn comment_key(origin: CommentOrigin, id: &str) -> String {
    match origin {
        CommentOrigin::Ticket => format!("t-{id}"),
        CommentOrigin::Case => format!("c-{id}"),
    }
}

/// What must change for the case to have every comment of the ticket exactly once.
#[must_use]
pub fn comments(
    known: &[CaseComment],
    incoming: &[Incoming<'_>],
    ours: &OurWrites,
) -> Vec<CommentChange> {
    let by_remote: BTreeMap<u64, &CaseComment> = known
        .iter()
        .filter_map(|comment| Some((comment.remote_id?, comment)))
        .collect();
    let mut waiting: Vec<&CaseComment> = known
        .iter()
        .filter(|comment| comment.remote_id.is_none())
        .collect();
    let mut changes = Vec::new();
    let mut seen = BTreeSet::new();
    for comment in incoming {
        if !seen.insert(comment.id) || is_note(comment, ours) {
            continue;
        }
        if let Some(known) = by_remote.get(&comment.id) {
            changes.extend(update(known, comment));
        } else if let Some(place) = waiting.iter().position(|c| arrived(c, comment, ours)) {
            let case_comment = waiting.remove(place);
            changes.push(CommentChange::Link {
                key: case_comment.key.clone(),
                remote_id: comment.id,
            });
        } else {
            changes.push(CommentChange::Add(CaseComment {
                key: comment_key(CommentOrigin::Ticket, &comment.id.to_string()),
                remote_id: Some(comment.id),
                origin: CommentOrigin::Ticket,
                body: cut(comment.body),
                public: comment.public,
            }));
        }
    }
    changes
}

fn is_note(comment: &Incoming<'_>, ours: &OurWrites) -> bool {
    let op = comment.audit_id.and_then(|audit| ours.ops.get(&audit));
    ours.note_comments.contains(&comment.id) || op.is_some_and(|op| ours.note_ops.contains(op))
}

/// Whether a comment of the ticket is this comment of the case: by the op id in the ticket's history;
/// where the help desk does not say which history entry it belongs to, by its text.
fn arrived(case: &CaseComment, comment: &Incoming<'_>, ours: &OurWrites) -> bool {
    let key = |op: &str| comment_key(CommentOrigin::Case, op) == case.key;
    match comment.audit_id {
        Some(audit) => ours.ops.get(&audit).is_some_and(|op| key(op)),
        None => {
            let written = ours.ops.values().any(|op| key(op));
            written && case.public == comment.public && same_words(&case.body, comment.body)
        }
    }
}

/// A help desk collapses blanks and line breaks.
fn same_words(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

fn update(known: &CaseComment, comment: &Incoming<'_>) -> Option<CommentChange> {
    let body = cut(comment.body);
    let same = known.public == comment.public && same_words(&known.body, &body);
    (!same).then(|| CommentChange::Update {
        key: known.key.clone(),
        body,
        public: comment.public,
    })
}

fn cut(text: &str) -> String {
    text.chars().take(COMMENT_CHARS_MAX).collect()
}
