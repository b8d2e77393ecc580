//! What both sides hold of the deliveries that they answered: compared before a time is printed.
//!
//! A side is killed after its load, and its store is read from outside. Each delivery that was answered with 200 must be
//! there once, with the body that was sent; what is there unanswered was under way when the load ended. In the same time
//! the sides answer differently many, so the two are compared over the deliveries that both answered. A body is told by
//! its HMAC-SHA256, which it is signed with: the peer has computed it in any case.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use anyhow::Context as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Differing rows that an error shows.
const SHOWN_MAX: usize = 5;

/// The digests of the bodies that were sent, in turn.
pub(super) struct Sent(Vec<String>);

/// What one side answered and what its store holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// Ids that were answered with 200; one that was sent again counts once.
    answered: BTreeSet<String>,
    /// The digest of the stored body, by id.
    stored: BTreeMap<String, String>,
}

/// What a comparison of two sides that hold the same found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Same {
    /// Deliveries that ours answered.
    pub(super) ours: usize,
    /// Deliveries that the peer answered.
    pub(super) peer: usize,
    /// Those that both answered, which are the same on both sides.
    pub(super) both: usize,
    /// SHA-256 over their ids and the digests of their bodies.
    pub(super) digest: String,
}

impl Sent {
    /// Reads the signed bodies that the load tool sends.
    ///
    /// # Errors
    /// When there are none.
    pub(super) fn read(bodies: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(bodies)?;
        let sent = Self(rows(&text).map(|(digest, _)| digest.to_owned()).collect());
        anyhow::ensure!(!sent.0.is_empty(), "there is nothing to send");
        Ok(sent)
    }

    /// The digest of the body that was sent with an id: the load tool numbers them from one.
    fn digest(&self, id: &str) -> Option<&str> {
        let number: usize = id.rsplit_once('-')?.1.parse().ok()?;
        let at = number.checked_sub(1)? % self.0.len();
        self.0.get(at).map(String::as_str)
    }

    /// Whether a side holds what it answered as it was sent, and at most `open` deliveries besides.
    ///
    /// # Errors
    /// When it does not; the message shows the first rows that differ.
    pub(super) fn check(&self, side: &str, kept: &Kept, open: usize) -> anyhow::Result<()> {
        let lost = kept.answered.iter();
        let lost = lost.filter(|id| !kept.stored.contains_key(*id));
        let lost = lost.map(|id| format!("{id}: answered, not stored"));
        let rows = kept.stored.iter();
        let changed = rows.filter_map(|(id, stored)| match self.digest(id) {
            None => Some(format!("{id}: stored, never sent")),
            Some(sent) if sent != stored => Some(format!("{id}: sent {sent}, stored {stored}")),
            Some(_) => None,
        });
        refuse(
            &format!("{side} does not hold what was sent"),
            lost.chain(changed),
        )?;
        let besides = kept.stored.len() - kept.answered.len();
        anyhow::ensure!(
            besides <= open,
            "{side} holds {besides} deliveries that it did not answer; at most {open} were under way"
        );
        Ok(())
    }
}

impl Kept {
    /// Reads the ids that were answered and the rows that a store holds.
    ///
    /// # Errors
    /// When a file is missing, nothing was answered, or a row is there twice.
    pub(super) fn read(answered: &[&Path], stored: &Path) -> anyhow::Result<Self> {
        let mut kept = Self::default();
        for file in answered {
            let text = std::fs::read_to_string(file)?;
            kept.answered.extend(text.lines().map(str::to_owned));
        }
        anyhow::ensure!(!kept.answered.is_empty(), "nothing was answered");
        let text = std::fs::read_to_string(stored).context("the store was not read")?;
        for (id, digest) in rows(&text) {
            let before = kept.stored.insert(id.to_owned(), digest.to_owned());
            anyhow::ensure!(before.is_none(), "{id} is stored twice");
        }
        Ok(kept)
    }
}

/// Compares what both sides hold of the deliveries that both answered.
///
/// # Errors
/// When a row differs, or no delivery was answered by both.
pub(super) fn same(ours: &Kept, peer: &Kept) -> anyhow::Result<Same> {
    let both: Vec<&String> = ours.answered.intersection(&peer.answered).collect();
    anyhow::ensure!(!both.is_empty(), "no delivery was answered by both sides");
    let differing = both.iter().filter_map(|id| {
        let (a, b) = (ours.stored.get(*id), peer.stored.get(*id));
        let shown = |row: Option<&String>| row.map_or("not stored", String::as_str).to_owned();
        (a.is_none() || a != b).then(|| format!("{id}: ours {}, the peer {}", shown(a), shown(b)))
    });
    refuse("the two sides do not hold the same", differing)?;
    Ok(Same {
        ours: ours.answered.len(),
        peer: peer.answered.len(),
        both: both.len(),
        digest: digest(&both, ours),
    })
}

/// An error that counts the rows that differ and shows the first.
fn refuse(what: &str, differing: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let differing: Vec<String> = differing.collect();
    let first = differing.get(..SHOWN_MAX).unwrap_or(&differing);
    anyhow::ensure!(
        differing.is_empty(),
        "{what}: {} rows differ; the first:\n  {}",
        differing.len(),
        first.join("\n  ")
    );
    Ok(())
}

fn digest(ids: &[&String], kept: &Kept) -> String {
    let mut hash = Sha256::new();
    for id in ids {
        let body = kept.stored.get(*id).map(String::as_str).unwrap_or_default();
        hash.update(format!("{id}\t{body}\n"));
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        let _written = write!(text, "{byte:02x}");
    }
    text
}

/// Lines of two fields.
fn rows(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.split_once('\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> Sent {
        Sent(["a", "b", "c"].map(str::to_owned).into())
    }

    fn kept(answered: &[&str], stored: &[(&str, &str)]) -> Kept {
        let stored = stored.iter();
        Kept {
            answered: answered.iter().map(|id| (*id).to_owned()).collect(),
            stored: stored
                .map(|(id, digest)| ((*id).to_owned(), (*digest).to_owned()))
                .collect(),
        }
    }

    fn why<T: std::fmt::Debug>(refused: anyhow::Result<T>) -> String {
        refused.unwrap_err().to_string()
    }

    #[test]
    fn bodies_are_sent_in_turn_by_number() {
        let digest = |id| sent().digest(id).map(str::to_owned);
        assert_eq!(digest("warm-1").as_deref(), Some("a"));
        assert_eq!(digest("measured-3").as_deref(), Some("c"));
        assert_eq!(digest("measured-4").as_deref(), Some("a"));
        assert_eq!((digest("measured-0"), digest("else")), (None, None));
    }

    #[test]
    fn a_delivery_that_was_under_way_may_be_stored_unanswered() {
        let one_more = kept(&["m-1"], &[("m-1", "a"), ("m-2", "b")]);
        sent().check("ours", &one_more, 1).unwrap();
        let why = why(sent().check("ours", &one_more, 0));
        assert!(why.contains("1 deliveries that it did not answer"), "{why}");
    }

    #[test]
    fn what_was_answered_and_is_not_there_as_it_was_sent_is_shown() {
        let bad = kept(
            &["m-1", "m-2"],
            &[("m-2", "tampered"), ("m-3", "c"), ("x", "c")],
        );
        let why = why(sent().check("ours", &bad, 9));
        assert!(why.contains("ours does not hold what was sent: 3 rows differ"));
        assert!(why.contains("m-1: answered, not stored"), "{why}");
        assert!(why.contains("m-2: sent b, stored tampered"), "{why}");
        assert!(why.contains("x: stored, never sent"), "{why}");
    }

    #[test]
    fn sides_are_compared_over_what_both_answered() {
        let fast = kept(&["m-1", "m-2"], &[("m-1", "a"), ("m-2", "b")]);
        let slow = kept(&["m-1"], &[("m-1", "a"), ("m-3", "c")]);
        let found = same(&fast, &slow).unwrap();
        assert_eq!((found.ours, found.peer, found.both), (2, 1, 1));
        assert_eq!(found.digest, same(&slow, &fast).unwrap().digest);
        assert!(same(&fast, &kept(&["m-9"], &[])).is_err());
    }

    #[test]
    fn a_row_that_differs_is_shown_and_only_the_first_few_are() {
        let ids: Vec<String> = (1..=9).map(|number| format!("m-{number}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let all = |digest| ids.iter().map(|id| (*id, digest)).collect::<Vec<_>>();
        let why = why(same(&kept(&ids, &all("a")), &kept(&ids, &all("b"))));
        assert!(why.contains("9 rows differ"), "{why}");
        assert!(why.contains("m-1: ours a, the peer b"), "{why}");
        assert_eq!(why.matches("the peer b").count(), SHOWN_MAX);
    }

    #[test]
    fn a_row_that_neither_side_holds_differs() {
        let nothing = kept(&["m-1"], &[]);
        assert!(why(same(&nothing, &nothing)).contains("ours not stored, the peer not stored"));
    }

    #[test]
    fn files_are_read_and_an_id_that_was_answered_twice_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let (warm, measured) = (file("warm", "w-1\n"), file("measured", "m-1\nm-1\n"));
        let stored = file("stored", "w-1\ta\nm-1\ta\n");
        let read = Kept::read(&[&warm, &measured], &stored).unwrap();
        assert_eq!((read.answered.len(), read.stored.len()), (2, 2));
        let twice = file("twice", "w-1\ta\nw-1\ta\n");
        assert!(why(Kept::read(&[&warm], &twice)).contains("w-1 is stored twice"));
    }
}
