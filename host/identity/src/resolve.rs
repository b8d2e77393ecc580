//! People are matched with what a ticket claims (design §6).
//!
//! The class follows from counts and proofs alone. Confidence is for sorting and for people's eyes.

use crate::{
    Candidate, Claims, Counter, EmailProof, Face, MatchClass, Person, Reason, RecordLink,
    Resolution,
    address::{AddressUse, address_key, address_use},
    limits::FACES_MAX,
    people, same_phone,
};

/// Decides who is writing. Order of `faces` and of `claims.quoted` does not matter.
#[must_use]
pub fn resolve(claims: &Claims, faces: &[Face]) -> Resolution {
    let (faces, truncated) = bounded(faces);
    let people = people(&faces, &claims.shared_addresses);
    let email = claims.email.as_deref().and_then(address_key);
    let matched = matched_people(claims, email.as_deref(), &people);

    let mut quoted = claims.quoted.clone();
    quoted.sort();
    quoted.dedup();
    let owned = |person: &Person| quoted.iter().any(|q| person.records.contains(&q.order));
    let is_others = |order: &RecordLink| !matched.iter().any(|m| m.person.records.contains(order));
    let names_others = quoted.iter().any(|q| q.explicit && is_others(&q.order));
    let names_own = quoted.iter().any(|q| !is_others(&q.order));

    let class = match matched.as_slice() {
        [only] if only.by(Reason::AgentConfirmed) => MatchClass::Confirmed,
        _ if names_others && !names_own => MatchClass::OwnerDiffers,
        [] => MatchClass::Unknown,
        [only] if only.is_proved() && !truncated => MatchClass::Confirmed,
        [_] => MatchClass::Probable,
        _ => MatchClass::Ambiguous,
    };
    let mut candidates: Vec<Candidate> = matched
        .iter()
        .map(|m| m.candidate(owned(m.person), names_others))
        .collect();
    candidates.sort_by(|a, b| (b.confidence, &a.records).cmp(&(a.confidence, &b.records)));
    let mut others_orders: Vec<RecordLink> = quoted
        .iter()
        .map(|q| q.order.clone())
        .filter(is_others)
        .collect();
    others_orders.dedup();
    Resolution {
        class,
        candidates,
        others_orders,
        truncated,
    }
}

/// At most [`FACES_MAX`] faces, customer records first; and whether a customer record was cut.
fn bounded(faces: &[Face]) -> (Vec<Face>, bool) {
    let mut sorted: Vec<&Face> = faces.iter().collect();
    sorted.sort();
    let cut = sorted
        .iter()
        .skip(FACES_MAX)
        .any(|face| face.record.kind == ordercase_model::Kind::Customer);
    (sorted.into_iter().take(FACES_MAX).cloned().collect(), cut)
}

/// A person with why they matched.
struct Matched<'a> {
    person: &'a Person,
    reasons: Vec<Reason>,
    /// The telephone number belongs to somebody else.
    phone_of_another: bool,
}

fn matched_people<'a>(
    claims: &Claims,
    email: Option<&str>,
    people: &'a [Person],
) -> Vec<Matched<'a>> {
    let by_agent: Vec<Matched<'_>> = people
        .iter()
        .filter(|person| !person.records.is_disjoint(&claims.confirmed_by_agent))
        .map(|person| Matched::new(person, vec![Reason::AgentConfirmed]))
        .collect();
    if !by_agent.is_empty() {
        return by_agent;
    }
    let phone_reason = |person: &Person| {
        let claimed = claims.phone.as_deref()?;
        let same = person.phones.iter().any(|known| same_phone(known, claimed));
        same.then_some(Reason::Phone)
    };
    let matched: Vec<Matched<'_>> = people
        .iter()
        .filter_map(|person| {
            let by_email = email.and_then(|key| email_reason(claims, key, person));
            let reasons: Vec<Reason> = by_email.into_iter().chain(phone_reason(person)).collect();
            (!reasons.is_empty()).then(|| Matched::new(person, reasons))
        })
        .collect();
    proved_first(matched)
}

/// Where an address proves somebody, a telephone number of somebody else is only a doubt; a family
/// shares telephones. Otherwise both count.
fn proved_first(matched: Vec<Matched<'_>>) -> Vec<Matched<'_>> {
    let (mut proved, others): (Vec<_>, Vec<_>) = matched.into_iter().partition(Matched::is_proved);
    if proved.is_empty() {
        return others;
    }
    let by_phone = !others.is_empty();
    for one in &mut proved {
        one.phone_of_another = by_phone && !one.by(Reason::Phone);
    }
    proved
}

fn email_reason(claims: &Claims, key: &str, person: &Person) -> Option<Reason> {
    let known = *person.emails.get(key)?;
    let tenants_own = claims.shared_addresses.contains(key);
    match (known.max(address_use(key)), claims.proof) {
        (AddressUse::Never, _) => None,
        (AddressUse::Shared, _) => Some(Reason::EmailShared),
        (AddressUse::Personal, _) if tenants_own => Some(Reason::EmailShared),
        (AddressUse::Personal, EmailProof::VerifiedAtDesk) => Some(Reason::EmailVerifiedAtDesk),
        (AddressUse::Personal, EmailProof::CameByEmail) => Some(Reason::EmailCameByEmail),
        (AddressUse::Personal, EmailProof::None) => Some(Reason::EmailUnverified),
    }
}

impl<'a> Matched<'a> {
    fn new(person: &'a Person, reasons: Vec<Reason>) -> Self {
        Self {
            person,
            reasons,
            phone_of_another: false,
        }
    }

    fn by(&self, reason: Reason) -> bool {
        self.reasons.contains(&reason)
    }

    fn is_proved(&self) -> bool {
        self.by(Reason::EmailVerifiedAtDesk) || self.by(Reason::EmailCameByEmail)
    }

    fn candidate(&self, quoted_own: bool, names_others: bool) -> Candidate {
        let mut reasons = self.reasons.clone();
        if quoted_own {
            reasons.push(Reason::QuotedOwnOrder);
        }
        if self.person.has_account {
            reasons.push(Reason::HasAccount);
        }
        reasons.sort_unstable();
        let counters = [
            (self.phone_of_another, Counter::PhoneOfAnother),
            (names_others, Counter::QuotedOthersOrder),
            (names_differ(self.person), Counter::NamesDiffer),
            (self.person.contradicted, Counter::AccountsContradict),
            (
                !self.is_proved() && !self.by(Reason::AgentConfirmed),
                Counter::NotProved,
            ),
        ];
        let counters: Vec<Counter> = counters
            .into_iter()
            .filter_map(|(holds, counter)| holds.then_some(counter))
            .collect();
        Candidate {
            records: self.person.records.iter().cloned().collect(),
            names: self.person.names.iter().cloned().collect(),
            confidence: confidence(&reasons, &counters),
            reasons,
            counters,
        }
    }
}

/// Whether the records carry names that share no word.
fn names_differ(person: &Person) -> bool {
    let words = |name: &str| -> std::collections::BTreeSet<String> {
        name.split_whitespace().map(str::to_lowercase).collect()
    };
    let mut names = person.names.iter().map(|name| words(name));
    let Some(first) = names.next() else {
        return false;
    };
    names.any(|other| other.is_disjoint(&first))
}

fn confidence(reasons: &[Reason], counters: &[Counter]) -> u8 {
    let weight = |reason: &Reason| match reason {
        Reason::AgentConfirmed => 100,
        Reason::EmailVerifiedAtDesk => 95,
        Reason::EmailCameByEmail => 90,
        Reason::EmailUnverified => 60,
        Reason::Phone => 50,
        Reason::EmailShared => 35,
        Reason::QuotedOwnOrder | Reason::HasAccount => 0,
    };
    let strongest: u8 = reasons.iter().map(weight).max().unwrap_or(0);
    let support = |reason: Reason, by: u8| if reasons.contains(&reason) { by } else { 0 };
    let doubt: u8 = counters
        .iter()
        .map(|counter| match counter {
            Counter::AccountsContradict => 30,
            Counter::QuotedOthersOrder => 20,
            Counter::PhoneOfAnother | Counter::NamesDiffer => 5,
            Counter::NotProved => 0,
        })
        .sum();
    strongest
        .saturating_add(support(Reason::QuotedOwnOrder, 10))
        .saturating_add(support(Reason::HasAccount, 3))
        .min(100)
        .saturating_sub(doubt)
}
