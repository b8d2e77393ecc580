//! Which of two snapshots of the same thing is newer (design §2.4, canonical-model §8.2). Pure.
//!
//! The rules, first that decides:
//! 1. A webhook's body and a read: when the read was sent at or after the event, the read wins, unless the
//!    source's versions compare and say that the body is newer. Retries carry old bodies; but the event's time is
//!    by the source's clock, often cut to a second, and the read's by ours, so a body that tells of a newer
//!    version is newer. A reconciliation read after the event wins in any case.
//! 2. A reconciliation read wins over whatever was observed before it: it may correct.
//! 3. The source's versions, where the manifest says that they compare.
//! 4. With equal versions: a read over a body; then the later observation.
//! 5. Without comparable versions: the later observation; at the same moment a read over a body.
//! 6. The hash, so that the result never depends on who came first.
//!
//! The rules are symmetric, so two snapshots end alike in either order of arrival. Three can only
//! disagree when a source's versions run backwards between reads; a reconciliation settles that.

use std::cmp::Ordering;

use ordercase_model::{Comparability, Instant, VersionOrder, compare_versions};
use serde::{Deserialize, Serialize};

use crate::mutation::mutated;

/// The way on which a snapshot came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadPath {
    /// The body of a webhook.
    WebhookBody,
    /// Read back after a webhook.
    WebhookRefetch,
    /// Incremental poll.
    Poll,
    /// Initial history.
    Backfill,
    /// Reconciliation.
    Reconcile,
    /// Somebody asked.
    OnDemand,
}

impl ReadPath {
    /// All paths.
    pub const ALL: [Self; 6] = [
        Self::WebhookBody,
        Self::WebhookRefetch,
        Self::Poll,
        Self::Backfill,
        Self::Reconcile,
        Self::OnDemand,
    ];

    /// The text in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebhookBody => "webhook_body",
            Self::WebhookRefetch => "webhook_refetch",
            Self::Poll => "poll",
            Self::Backfill => "backfill",
            Self::Reconcile => "reconcile",
            Self::OnDemand => "on_demand",
        }
    }

    /// Whether the source was asked, rather than telling.
    #[must_use]
    pub const fn is_read(self) -> bool {
        !matches!(self, Self::WebhookBody)
    }
}

impl std::str::FromStr for ReadPath {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|path| path.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no path"))
    }
}

/// What a snapshot is compared by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The source's version.
    pub version: Option<String>,
    /// The way on which it came.
    pub path: ReadPath,
    /// When the first request behind it was sent; of a body, when it arrived.
    pub observed_at: Instant,
    /// Of a body: when the event happened.
    pub event_at: Option<Instant>,
    /// SHA-256 of the body as it was emitted.
    pub hash: String,
}

impl Stamp {
    /// The moment whose truth the snapshot tells; `None` for a body that does not say when.
    #[must_use]
    pub fn tells_of(&self) -> Option<Instant> {
        if self.path.is_read() {
            Some(self.observed_at)
        } else {
            self.event_at
        }
    }

    /// Whether both were made of the same answers, by whichever plugin.
    pub(crate) fn same_reading(&self, other: &Self) -> bool {
        (self.path, self.observed_at, self.event_at)
            == (other.path, other.observed_at, other.event_at)
    }
}

/// What to do with an incoming snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It replaces what is stored.
    Newer,
    /// It is older than what is stored.
    Older,
    /// It says the same at the same version.
    Same,
}

/// Compares an incoming snapshot with the stored one.
#[must_use]
pub fn decide(how: Comparability, stored: &Stamp, incoming: &Stamp) -> Verdict {
    let versions = compare_versions(how, incoming.version.as_deref(), stored.version.as_deref());
    if incoming.hash == stored.hash
        && matches!(versions, VersionOrder::Equal | VersionOrder::Unknown)
    {
        return Verdict::Same;
    }
    if mutated!(VersionGuard) {
        return Verdict::Newer;
    }
    let order = body_against_read(stored, incoming, versions)
        .or_else(|| correction(stored, incoming))
        .or(match versions {
            VersionOrder::Newer => Some(Ordering::Greater),
            VersionOrder::Older => Some(Ordering::Less),
            VersionOrder::Equal => Some(by_path(stored, incoming).then(by_time(stored, incoming))),
            VersionOrder::Unknown => {
                Some(by_time(stored, incoming).then(by_path(stored, incoming)))
            }
        })
        .unwrap_or(Ordering::Equal)
        .then_with(|| incoming.hash.cmp(&stored.hash));
    match order {
        Ordering::Greater => Verdict::Newer,
        Ordering::Less => Verdict::Older,
        Ordering::Equal => Verdict::Same,
    }
}

/// Rule 1. A body that does not say when it is from never replaces a read of a version that is not older.
fn body_against_read(stored: &Stamp, incoming: &Stamp, versions: VersionOrder) -> Option<Ordering> {
    let body_is_newer = match incoming.path.is_read() {
        true => VersionOrder::Older,
        false => VersionOrder::Newer,
    };
    let read_is_later = |read: &Stamp, body: &Stamp| {
        let after = body.event_at.is_none_or(|event| read.observed_at >= event);
        after && (versions != body_is_newer || read.path == ReadPath::Reconcile)
    };
    match (stored.path.is_read(), incoming.path.is_read()) {
        (true, false) if mutated!(BodyAgainstRead) => Some(Ordering::Greater),
        (true, false) => read_is_later(stored, incoming).then_some(Ordering::Less),
        (false, true) => read_is_later(incoming, stored).then_some(Ordering::Greater),
        _ => None,
    }
}

/// Rule 2.
fn correction(stored: &Stamp, incoming: &Stamp) -> Option<Ordering> {
    let later = incoming.observed_at.cmp(&stored.observed_at);
    match later {
        Ordering::Greater => (incoming.path == ReadPath::Reconcile).then_some(later),
        Ordering::Less => (stored.path == ReadPath::Reconcile).then_some(later),
        Ordering::Equal => None,
    }
}

fn by_path(stored: &Stamp, incoming: &Stamp) -> Ordering {
    incoming.path.is_read().cmp(&stored.path.is_read())
}

fn by_time(stored: &Stamp, incoming: &Stamp) -> Ordering {
    incoming.tells_of().cmp(&stored.tells_of())
}

#[cfg(test)]
mod tests;
