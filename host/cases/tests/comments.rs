//! Comments both ways: each exactly once, on both sides.

use std::collections::BTreeSet;

use ordercase_cases::{
    CaseComment, CommentChange, CommentOrigin, Incoming, OurWrites, comment_key, comments,
};
use proptest::prelude::*;

fn incoming(id: u64, audit: Option<u64>, body: &str) -> Incoming<'_> {
    Incoming {
        id,
        audit_id: audit,
        body,
        public: true,
    }
}

fn from_case(op: &str, body: &str) -> CaseComment {
    CaseComment {
        key: comment_key(CommentOrigin::Case, op),
        remote_id: None,
        origin: CommentOrigin::Case,
        body: body.into(),
        public: true,
    }
}

/// The comments after the changes.
fn applied(known: &[CaseComment], changes: &[CommentChange]) -> Vec<CaseComment> {
    let mut after = known.to_vec();
    for change in changes {
        match change {
            CommentChange::Add(comment) => after.push(comment.clone()),
            CommentChange::Link { key, remote_id } => {
                for comment in after.iter_mut().filter(|c| c.key == *key) {
                    comment.remote_id = Some(*remote_id);
                }
            }
            CommentChange::Update { key, body, public } => {
                for comment in after.iter_mut().filter(|c| c.key == *key) {
                    (comment.body, comment.public) = (body.clone(), *public);
                }
            }
        }
    }
    after
}

#[test]
fn a_comment_of_the_case_is_linked_when_it_arrives_and_not_doubled() {
    let known = [from_case("op1", "On its way")];
    let mut ours = OurWrites::default();
    ours.ops.insert(20, "op1".into());
    let seen = [
        incoming(1, Some(10), "Hello"),
        incoming(2, Some(20), "On its way"),
    ];
    let changes = comments(&known, &seen, &ours);
    let after = applied(&known, &changes);
    assert_eq!(after.len(), 2);
    assert_eq!(after[0].remote_id, Some(2));
    assert_eq!(comments(&after, &seen, &ours), []);
}

#[test]
fn without_an_audit_the_text_links_but_only_once_the_write_was_seen() {
    let known = [from_case("op1", "On its\n way")];
    let seen = [incoming(2, None, "On its way")];
    let waiting = comments(&known, &seen, &OurWrites::default());
    assert!(matches!(waiting.as_slice(), [CommentChange::Add(_)]));

    let mut ours = OurWrites::default();
    ours.ops.insert(20, "op1".into());
    let linked = comments(&known, &seen, &ours);
    assert!(matches!(
        linked.as_slice(),
        [CommentChange::Link { remote_id: 2, .. }]
    ));
}

#[test]
fn the_same_words_from_somebody_else_are_another_comment() {
    let known = [from_case("op1", "Thanks")];
    let mut ours = OurWrites::default();
    ours.ops.insert(20, "op1".into());
    let seen = [
        incoming(2, Some(19), "Thanks"),
        incoming(3, Some(20), "Thanks"),
    ];
    let changes = comments(&known, &seen, &ours);
    assert!(matches!(&changes[0], CommentChange::Add(c) if c.remote_id == Some(2)));
    assert!(matches!(
        &changes[1],
        CommentChange::Link { remote_id: 3, .. }
    ));
}

#[test]
fn our_notes_are_no_comments_of_the_case() {
    let mut ours = OurWrites::default();
    ours.ops.insert(20, "op1".into());
    ours.note_ops.insert("op1".into());
    ours.note_comments.insert(3);
    let seen = [incoming(2, Some(20), "note"), incoming(3, None, "note")];
    assert_eq!(comments(&[], &seen, &ours), []);
}

#[test]
fn redaction_and_a_change_of_visibility_follow() {
    let first = comments(
        &[],
        &[incoming(1, Some(1), "card 4111")],
        &OurWrites::default(),
    );
    let known = applied(&[], &first);
    let mut redacted = incoming(1, Some(1), "card ▇▇▇▇");
    redacted.public = false;
    let changes = comments(&known, &[redacted], &OurWrites::default());
    let after = applied(&known, &changes);
    assert_eq!(
        (after[0].body.as_str(), after[0].public),
        ("card ▇▇▇▇", false)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every comment of the ticket ends up in the case exactly once, however often and in whatever
    /// pieces it is read; and reading it all again changes nothing.
    #[test]
    fn each_comment_arrives_exactly_once(
        ids in prop::collection::btree_set(1..40u64, 0..20),
        reads in prop::collection::vec(prop::collection::btree_set(1..40u64, 0..20), 0..6),
        written_by_us in prop::collection::btree_set(1..40u64, 0..6),
    ) {
        let mut ours = OurWrites::default();
        let mut case: Vec<CaseComment> = Vec::new();
        for id in written_by_us.intersection(&ids) {
            ours.ops.insert(*id, format!("op{id}"));
            case.push(from_case(&format!("op{id}"), "words"));
        }
        let read = |wanted: &BTreeSet<u64>| -> Vec<Incoming<'static>> {
            ids.intersection(wanted).map(|id| incoming(*id, Some(*id), "words")).collect()
        };
        for part in &reads {
            let changes = comments(&case, &read(part), &ours);
            case = applied(&case, &changes);
        }
        let all = read(&ids.clone());
        case = applied(&case, &comments(&case, &all, &ours));
        let remote: BTreeSet<u64> = case.iter().filter_map(|c| c.remote_id).collect();
        prop_assert_eq!(&remote, &ids);
        prop_assert_eq!(case.len(), ids.len());
        prop_assert_eq!(comments(&case, &all, &ours), Vec::<CommentChange>::new());
    }
}
