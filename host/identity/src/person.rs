//! Faces become people.
//!
//! Two steps, neither of which depends on the order of arrival. First the shop's own ids: records
//! with one account of one shop are one person. Then addresses: people who share a personal address
//! are one person, unless that would put two accounts of one shop together; then the address joins
//! none of the accounts that it touches, and they stay several people for an agent to tell apart.
//! Relays, blanked, role and shared addresses and telephone numbers join nobody.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_model::Kind;

use crate::{
    Face, RecordLink,
    address::{AddressUse, address_use},
    face::AccountKind,
    limits::NAMES_PER_ADDRESS_MAX,
};

/// A person as the records of one tenant show them. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// All records, sorted.
    pub records: BTreeSet<RecordLink>,
    /// Names on them.
    pub names: BTreeSet<String>,
    /// Addresses on them, with what each is good for.
    pub emails: BTreeMap<String, AddressUse>,
    /// Telephone numbers on them.
    pub phones: BTreeSet<String>,
    /// Whether an account of the same shop contradicts: same address, another account.
    pub contradicted: bool,
    /// Whether a shop has an account of the person.
    pub has_account: bool,
}

/// Joins faces into people, sorted by their first record. `shared` names addresses that are known to
/// be shared, in the form of [`crate::address_key`].
#[must_use]
pub fn people(faces: &[Face], shared: &BTreeSet<String>) -> Vec<Person> {
    let mut sorted: Vec<&Face> = faces.iter().collect();
    sorted.sort();
    sorted.dedup_by(|a, b| a.record == b.record);

    let uses = address_uses(&sorted, shared);
    let clusters = by_account(&sorted);
    let mut people: Vec<Person> = by_address(clusters, &uses)
        .into_iter()
        .map(|(clusters, contradicted)| person(&clusters, contradicted, &uses))
        .collect();
    people.sort_by(|a, b| a.records.cmp(&b.records));
    people
}

/// What each address is good for when all records that carry it are taken together.
fn address_uses(faces: &[&Face], shared: &BTreeSet<String>) -> BTreeMap<String, AddressUse> {
    let mut uses: BTreeMap<String, AddressUse> = BTreeMap::new();
    let mut names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for face in faces {
        for (key, good_for) in &face.emails {
            let known = uses.entry(key.clone()).or_insert_with(|| address_use(key));
            *known = (*known).max(*good_for);
            if let Some(name) = &face.name {
                names.entry(key).or_default().insert(name.to_lowercase());
            }
        }
    }
    for (key, good_for) in &mut uses {
        let crowded = names.get(key.as_str()).map_or(0, BTreeSet::len) > NAMES_PER_ADDRESS_MAX;
        if crowded || shared.contains(key) {
            *good_for = (*good_for).max(AddressUse::Shared);
        }
    }
    uses
}

/// Records that one shop says are one person.
struct Cluster<'a> {
    faces: Vec<&'a Face>,
    /// The shop, when it has an account that somebody owns.
    owned_at: Option<&'a str>,
}

fn by_account<'a>(faces: &[&'a Face]) -> Vec<Cluster<'a>> {
    let merges: BTreeMap<(&str, &str), &str> = faces
        .iter()
        .filter_map(|face| {
            let to = face.merged_into.as_deref()?;
            Some((
                (face.record.connection.as_str(), face.account.as_deref()?),
                to,
            ))
        })
        .collect();
    let mut accounts: BTreeMap<(&str, &str), Vec<&Face>> = BTreeMap::new();
    let mut clusters = Vec::new();
    for face in faces {
        let connection = face.record.connection.as_str();
        match face.account.as_deref() {
            Some(account) => {
                let account = merged_to(&merges, connection, account);
                accounts
                    .entry((connection, account))
                    .or_default()
                    .push(face);
            }
            None => clusters.push(Cluster {
                faces: vec![face],
                owned_at: None,
            }),
        }
    }
    clusters.extend(
        accounts
            .into_iter()
            .map(|((connection, _), faces)| Cluster {
                owned_at: is_owned(&faces).then_some(connection),
                faces,
            }),
    );
    clusters
}

/// The account at the end of a chain of merges; where the chain runs in a circle, the smallest in it.
fn merged_to<'a>(
    merges: &BTreeMap<(&'a str, &'a str), &'a str>,
    connection: &'a str,
    account: &'a str,
) -> &'a str {
    let mut seen = BTreeSet::from([account]);
    let mut at = account;
    while let Some(next) = merges.get(&(connection, at)).copied() {
        at = next;
        if !seen.insert(next) {
            // Whoever is met again lies on the circle: walk it once for its smallest member.
            let mut smallest = next;
            let mut step = next;
            while let Some(onward) = merges
                .get(&(connection, step))
                .copied()
                .filter(|o| *o != next)
            {
                smallest = smallest.min(onward);
                step = onward;
            }
            return smallest;
        }
    }
    at
}

/// The customer record knows; without one, the orders tell.
fn is_owned(faces: &[&Face]) -> bool {
    let owned = |face: &&&Face| face.account_kind == AccountKind::Owned;
    let mut records = faces
        .iter()
        .filter(|face| face.record.kind == Kind::Customer)
        .peekable();
    if records.peek().is_some() {
        records.any(|face| owned(&face))
    } else {
        faces.iter().any(|face| owned(&face))
    }
}

/// Joins clusters over personal addresses; with each group, whether its accounts contradict.
fn by_address<'a>(
    clusters: Vec<Cluster<'a>>,
    uses: &BTreeMap<String, AddressUse>,
) -> Vec<(Vec<Cluster<'a>>, bool)> {
    let mut groups = Vec::new();
    for component in components(clusters, uses) {
        if !contradicts(&component) {
            groups.push((component, false));
            continue;
        }
        let (owned, guests): (Vec<_>, Vec<_>) = component
            .into_iter()
            .partition(|cluster| cluster.owned_at.is_some());
        groups.extend(owned.into_iter().map(|cluster| (vec![cluster], true)));
        groups.extend(
            components(guests, uses)
                .into_iter()
                .map(|guest| (guest, true)),
        );
    }
    groups
}

/// Whether two accounts of one shop would become one person.
fn contradicts(clusters: &[Cluster<'_>]) -> bool {
    let mut shops = BTreeSet::new();
    clusters
        .iter()
        .filter_map(|cluster| cluster.owned_at)
        .any(|shop| !shops.insert(shop))
}

/// Groups of clusters that personal addresses connect.
fn components<'a>(
    clusters: Vec<Cluster<'a>>,
    uses: &BTreeMap<String, AddressUse>,
) -> Vec<Vec<Cluster<'a>>> {
    let mut groups: Vec<(BTreeSet<&'a str>, Vec<Cluster<'a>>)> = Vec::new();
    for cluster in clusters {
        let mut keys: BTreeSet<&str> = cluster
            .faces
            .iter()
            .flat_map(|face| face.emails.keys())
            .map(String::as_str)
            .filter(|key| uses.get(*key) == Some(&AddressUse::Personal))
            .collect();
        let mut members = vec![cluster];
        let mut apart = Vec::with_capacity(groups.len() + 1);
        for (group_keys, group) in groups {
            if group_keys.is_disjoint(&keys) {
                apart.push((group_keys, group));
            } else {
                keys.extend(group_keys);
                members.extend(group);
            }
        }
        apart.push((keys, members));
        groups = apart;
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

fn person(
    clusters: &[Cluster<'_>],
    contradicted: bool,
    uses: &BTreeMap<String, AddressUse>,
) -> Person {
    let mut person = Person {
        contradicted,
        has_account: clusters.iter().any(|cluster| cluster.owned_at.is_some()),
        ..Person::default()
    };
    for face in clusters.iter().flat_map(|cluster| &cluster.faces) {
        person.records.insert(face.record.clone());
        person.names.extend(face.name.clone());
        person.phones.extend(face.phones.iter().cloned());
        for key in face.emails.keys() {
            let good_for = uses.get(key).copied().unwrap_or(AddressUse::Never);
            person.emails.insert(key.clone(), good_for);
        }
    }
    person
}
