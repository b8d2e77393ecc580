//! What a look at the platform means: which topics stand there, which are to be registered, which of ours are to
//! go, and since when one was missing. Pure.
//!
//! Ours is what points to the connection's own path, on whichever host: the path holds the connection's id, which
//! nobody else has. Everything else is a stranger's and is never touched.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_model::Instant;
use ordercase_store::{
    ConnectionId, NewAudit, SubscriptionGap, SubscriptionRow, SubscriptionState,
};
use serde_json::json;

use super::{Callback, Subscription};

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Stand there as they should, by topic.
    pub(super) present: BTreeMap<String, Subscription>,
    /// To be registered, in the manifest's order.
    pub(super) missing: Vec<String>,
    /// Ours, and not wanted any more: another address, another topic, one too many.
    pub(super) superseded: Vec<Subscription>,
}

impl Plan {
    pub(super) fn of(
        wanted: &[String],
        path: &str,
        callback: &Callback,
        listed: Vec<Subscription>,
    ) -> Self {
        let mut plan = Self::default();
        for found in listed.into_iter().filter(|found| is_ours(found, path)) {
            let good = found.address == callback.address
                && wanted.contains(&found.topic)
                && !plan.present.contains_key(&found.topic);
            if good {
                plan.present.insert(found.topic.clone(), found);
            } else {
                plan.superseded.push(found);
            }
        }
        let absent = |topic: &&String| !plan.present.contains_key(*topic);
        plan.missing = wanted.iter().filter(absent).cloned().collect();
        plan
    }
}

/// Whether deliveries of it come to the connection's own path.
pub(super) fn is_ours(found: &Subscription, path: &str) -> bool {
    let Some((_, after)) = found.address.split_once("://") else {
        return false;
    };
    let Some(start) = after.find('/') else {
        return false;
    };
    let theirs = after.get(start..).unwrap_or_default();
    let theirs = theirs.split(['?', '#']).next().unwrap_or_default();
    theirs
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What was done about the plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// Registered now, by topic.
    pub(super) registered: BTreeMap<String, Subscription>,
    /// Not registered, and why, by topic.
    pub(super) refused: BTreeMap<String, String>,
    /// Removed now.
    pub(super) removed: Vec<Subscription>,
}

/// What is to be kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    pub(super) rows: Vec<SubscriptionRow>,
    pub(super) gaps: Vec<SubscriptionGap>,
    pub(super) audits: Vec<NewAudit>,
    /// Topics that had stood there and were gone.
    pub(super) lost: Vec<String>,
}

/// What was known before a look, and when it was.
pub(super) struct Before<'a> {
    pub(super) connection: &'a ConnectionId,
    /// The topics as they were kept last.
    pub(super) rows: Vec<SubscriptionRow>,
    /// Since when the connection is looked after: no topic stood there earlier.
    pub(super) since: Instant,
    pub(super) now: Instant,
}

impl Found {
    pub(super) fn of(
        before: &Before<'_>,
        wanted: &[String],
        callback: &Callback,
        plan: &Plan,
        done: &Done,
    ) -> Self {
        let known: BTreeMap<&str, &SubscriptionRow> = before
            .rows
            .iter()
            .map(|row| (row.topic.as_str(), row))
            .collect();
        let mut found = Self::default();
        for topic in wanted {
            found.topic(
                before,
                topic,
                known.get(topic.as_str()).copied(),
                callback,
                plan,
                done,
            );
        }
        let wanted: BTreeSet<&String> = wanted.iter().collect();
        for row in &before.rows {
            if !wanted.contains(&row.topic) && row.state != SubscriptionState::Removed {
                found.forgotten(before, row);
            }
        }
        found.audits = audits(before, plan, done, &found);
        found
    }

    fn topic(
        &mut self,
        before: &Before<'_>,
        topic: &str,
        known: Option<&SubscriptionRow>,
        callback: &Callback,
        plan: &Plan,
        done: &Done,
    ) {
        let now = before.now;
        // A topic that the manifest had dropped in between begins anew, now.
        let known = known.filter(|row| row.state != SubscriptionState::Removed);
        let missing_since = known.and_then(|row| row.missing_since);
        let seen = known.and_then(|row| row.checked_at);
        let there = plan.present.get(topic);
        let registered = done.registered.get(topic);
        let was_open = there.is_none() || missing_since.is_some();
        let since = missing_since.or(seen).unwrap_or(before.since);
        if was_open {
            self.gaps.push(SubscriptionGap {
                topic: topic.to_owned(),
                since,
                until: there.or(registered).map(|_| now),
            });
        }
        if there.is_none() && known.is_some_and(|row| row.state == SubscriptionState::Registered) {
            self.lost.push(topic.to_owned());
        }
        let standing = there.or(registered);
        self.rows.push(SubscriptionRow {
            topic: topic.to_owned(),
            platform_id: standing.map(|standing| standing.id.clone()),
            address: standing.map(|_| callback.shown.clone()),
            state: match standing {
                Some(_) => SubscriptionState::Registered,
                None => SubscriptionState::Missing,
            },
            checked_at: standing.map(|_| now).or(seen),
            missing_since: standing.is_none().then_some(since),
            last_error: done.refused.get(topic).cloned(),
        });
    }

    /// A topic that the manifest no longer names: nothing is missed by it from now on.
    fn forgotten(&mut self, before: &Before<'_>, row: &SubscriptionRow) {
        if let Some(since) = row.missing_since {
            self.gaps.push(SubscriptionGap {
                topic: row.topic.clone(),
                since,
                until: Some(before.now),
            });
        }
        self.rows.push(SubscriptionRow {
            state: SubscriptionState::Removed,
            missing_since: None,
            last_error: None,
            ..row.clone()
        });
    }
}

/// At most one line for each thing that happened.
fn audits(before: &Before<'_>, plan: &Plan, done: &Done, found: &Found) -> Vec<NewAudit> {
    let deed = |action: &str, detail| NewAudit {
        actor: "engine".to_owned(),
        action: action.to_owned(),
        subject: before.connection.to_string(),
        detail,
    };
    let mut audits = Vec::new();
    if !found.lost.is_empty() {
        let since = found
            .gaps
            .iter()
            .filter(|gap| found.lost.contains(&gap.topic));
        let since = since.map(|gap| gap.since).min();
        audits.push(deed(
            "webhooks.lost",
            json!({ "topics": found.lost, "last_seen": since }),
        ));
    }
    if !done.registered.is_empty() {
        let topics: Vec<&String> = done.registered.keys().collect();
        audits.push(deed("webhooks.registered", json!({ "topics": topics })));
    }
    if !done.removed.is_empty() {
        let topics: BTreeSet<&str> = done.removed.iter().map(|one| one.topic.as_str()).collect();
        let detail = json!({ "topics": topics, "why": "superseded", "of": plan.superseded.len() });
        audits.push(deed("webhooks.removed", detail));
    }
    audits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATH: &str = "/v1/webhooks/con_1";

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000).unwrap()
    }

    fn callback() -> Callback {
        Callback {
            address: format!("https://host.example{PATH}"),
            shown: format!("https://host.example{PATH}"),
        }
    }

    fn sub(id: &str, topic: &str, address: &str) -> Subscription {
        Subscription {
            id: id.to_owned(),
            topic: topic.to_owned(),
            address: address.to_owned(),
        }
    }

    fn wanted(topics: &[&str]) -> Vec<String> {
        topics.iter().map(|topic| (*topic).to_owned()).collect()
    }

    #[test]
    fn ours_is_what_points_to_the_connections_own_path() {
        let ours = |address: &str| is_ours(&sub("1", "t", address), PATH);
        assert!(ours("https://host.example/v1/webhooks/con_1"));
        assert!(ours("https://old.example:8443/v1/webhooks/con_1/token?x=1"));
        for address in [
            "https://host.example/v1/webhooks/con_12",
            "https://host.example/v1/webhooks/con_2",
            "https://host.example/x?u=https://host.example/v1/webhooks/con_1",
            "https://host.example",
            "pubsub://project:topic",
            "arn:aws:events:x",
            "",
        ] {
            assert!(!ours(address), "{address}");
        }
    }

    #[test]
    fn an_old_address_a_second_one_and_a_dropped_topic_are_superseded_and_strangers_stay() {
        let here = callback().address;
        let listed = vec![
            sub("1", "a", &here),
            sub("2", "a", &here),
            sub("3", "b", &format!("https://old.example{PATH}")),
            sub("4", "gone", &here),
            sub("5", "b", "https://stranger.example/hook"),
        ];
        let plan = Plan::of(&wanted(&["a", "b", "c"]), PATH, &callback(), listed);
        assert_eq!(plan.present["a"].id, "1");
        assert_eq!(plan.missing, ["b", "c"]);
        let ids: Vec<&str> = plan.superseded.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["2", "3", "4"]);
    }

    fn look(
        rows: Vec<SubscriptionRow>,
        now: i64,
        listed: Vec<Subscription>,
        refused: bool,
    ) -> Found {
        let connection = ConnectionId::new("con_1").unwrap();
        let topics = wanted(&["a"]);
        let plan = Plan::of(&topics, PATH, &callback(), listed);
        let mut done = Done::default();
        for topic in &plan.missing {
            if refused {
                done.refused.insert(topic.clone(), "no".to_owned());
            } else {
                let made = sub("9", topic, &callback().address);
                done.registered.insert(topic.clone(), made);
            }
        }
        let before = Before {
            connection: &connection,
            rows,
            since: at(0),
            now: at(now),
        };
        Found::of(&before, &topics, &callback(), &plan, &done)
    }

    #[test]
    fn a_hole_begins_when_a_topic_was_last_seen_and_ends_when_it_stands_again() {
        let first = look(Vec::new(), 10, Vec::new(), false);
        assert_eq!(
            (first.gaps[0].since, first.gaps[0].until),
            (at(0), Some(at(10)))
        );
        assert!(first.lost.is_empty(), "never there is not lost");
        let there = vec![sub("9", "a", &callback().address)];
        let seen = look(first.rows, 20, there.clone(), false);
        assert!(seen.gaps.is_empty() && seen.audits.is_empty());
        let lost = look(seen.rows, 30, Vec::new(), true);
        assert_eq!(lost.lost, ["a"]);
        assert_eq!((lost.gaps[0].since, lost.gaps[0].until), (at(20), None));
        assert_eq!(lost.rows[0].missing_since, Some(at(20)));
        assert_eq!(lost.rows[0].last_error.as_deref(), Some("no"));
        let still = look(lost.rows, 40, Vec::new(), true);
        assert!(
            still.lost.is_empty() && still.audits.is_empty(),
            "told once"
        );
        assert_eq!(still.gaps[0].since, at(20));
        // By us or by the operator: it stands again.
        for found in [
            look(still.rows.clone(), 50, Vec::new(), false),
            look(still.rows, 50, there, false),
        ] {
            assert_eq!(
                (found.gaps[0].since, found.gaps[0].until),
                (at(20), Some(at(50)))
            );
            assert_eq!(found.rows[0].state, SubscriptionState::Registered);
            assert_eq!(found.rows[0].missing_since, None);
        }
    }

    proptest! {
        #[test]
        fn nothing_foreign_is_ever_superseded_and_every_topic_is_present_or_missing(
            listed in prop::collection::vec((0usize..4, 0usize..4), 0..20)
        ) {
            let topics = wanted(&["a", "b", "c"]);
            let names = ["a", "b", "c", "x"];
            let addresses = [
                callback().address,
                format!("https://old.example{PATH}/token"),
                "https://stranger.example/v1/webhooks/con_2".to_owned(),
                "pubsub://p:t".to_owned(),
            ];
            let all: Vec<Subscription> = listed.iter().enumerate()
                .map(|(i, (topic, address))| sub(&i.to_string(), names[*topic], &addresses[*address]))
                .collect();
            let plan = Plan::of(&topics, PATH, &callback(), all.clone());
            prop_assert!(plan.superseded.iter().all(|one| is_ours(one, PATH)));
            for topic in &topics {
                prop_assert!(plan.present.contains_key(topic) != plan.missing.contains(topic));
            }
            // Ours are kept or superseded, each once.
            let ours = all.iter().filter(|one| is_ours(one, PATH)).count();
            prop_assert_eq!(plan.present.len() + plan.superseded.len(), ours);
        }
    }
}
