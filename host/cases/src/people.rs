//! People of a case: whose it is, who works on it, who asks; and names in parts.
//!
//! Agents and admins are users of the back office, end users are contacts (oro.md §3.3, §4.2).

use serde::{Deserialize, Serialize};

use crate::TicketFields;

/// People of a case, by the help desk's ids. Absent means the tenant's default user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasePeople {
    /// Whose the case is.
    pub owner: Option<u64>,
    /// Who works on it.
    pub assigned_to: Option<u64>,
    /// Who asks.
    pub contact: Option<u64>,
}

/// Chooses people: the first that is of the right kind.
#[must_use]
pub fn case_people(ticket: &TicketFields, is_user: impl Fn(u64) -> bool) -> CasePeople {
    let first = |order: [Option<u64>; 3], user: bool| {
        order.into_iter().flatten().find(|id| is_user(*id) == user)
    };
    let (requester, submitter, assignee) = (ticket.requester, ticket.submitter, ticket.assignee);
    CasePeople {
        owner: first([submitter, requester, assignee], true),
        assigned_to: first([assignee, submitter, requester], true),
        contact: first([requester, submitter, assignee], false),
    }
}

/// A name in parts. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName {
    /// Such as `Dr`.
    pub prefix: Option<String>,
    /// Given name.
    pub first: String,
    /// Middle name.
    pub middle: Option<String>,
    /// Family name.
    pub last: String,
    /// Such as `Jr`.
    pub suffix: Option<String>,
}

const PREFIXES: &[&str] = &[
    "Mr", "Mrs", "Ms", "Miss", "Mx", "Dr", "Master", "Atty", "Rev", "Prof",
];
const SUFFIXES: &[&str] = &[
    "Jr", "Sr", "Jnr", "II", "III", "IV", "V", "CSV", "PMP", "RA", "JD", "MD", "PhD", "BA", "BSc",
    "MA", "MSc", "MBA",
];

/// Splits a name at blanks into at most five parts, prefix and suffix only where more than two parts
/// remain (oro.md §4.1, AC-10 to AC-20). `None` for an empty name.
#[must_use]
pub fn split_name(name: &str) -> Option<PersonName> {
    let mut parts = five_parts(name);
    let known = |part: &str, table: &[&str]| table.contains(&part.replace('.', "").as_str());
    let mut split = PersonName::default();
    if parts.len() > 2 && parts.first().is_some_and(|part| known(part, PREFIXES)) {
        split.prefix = Some(parts.remove(0));
    }
    if parts.len() > 2 && parts.last().is_some_and(|part| known(part, SUFFIXES)) {
        split.suffix = parts.pop();
    }
    let mut parts = parts.into_iter();
    split.first = parts.next()?;
    let rest: Vec<String> = parts.collect();
    match rest.as_slice() {
        [] => split.last.clone_from(&split.first),
        [last] => split.last.clone_from(last),
        [middle, last @ ..] => {
            split.middle = Some(middle.clone());
            split.last = last.join(" ");
        }
    }
    Some(split)
}

/// At most five parts; the fifth is all that is left.
fn five_parts(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let (head, tail) = words.split_at(words.len().min(4));
    let mut parts: Vec<String> = head.iter().map(|word| (*word).to_owned()).collect();
    if !tail.is_empty() {
        parts.push(tail.join(" "));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(name: &str) -> [String; 5] {
        let name = split_name(name).unwrap();
        let or_dash = |part: Option<String>| part.unwrap_or_else(|| "-".into());
        [
            or_dash(name.prefix),
            name.first,
            or_dash(name.middle),
            name.last,
            or_dash(name.suffix),
        ]
    }

    #[test]
    fn names_split_as_the_acceptance_criteria_say() {
        let table = [
            (
                "Mr. Alex M. Smith Jr.",
                ["Mr.", "Alex", "M.", "Smith", "Jr."],
            ),
            (
                "Mr\tAlex\tM.\tSmith\tJr",
                ["Mr", "Alex", "M.", "Smith", "Jr"],
            ),
            (
                "TestPrefix. Alex M. Smith Test_Suffix.",
                ["-", "TestPrefix.", "Alex", "M. Smith Test_Suffix.", "-"],
            ),
            ("Dr Alex Smith", ["Dr", "Alex", "-", "Smith", "-"]),
            ("Alex Smith Jnr.", ["-", "Alex", "-", "Smith", "Jnr."]),
            ("Alex M. Smith", ["-", "Alex", "M.", "Smith", "-"]),
            ("Dr Alex Jr", ["Dr", "Alex", "-", "Jr", "-"]),
            ("Alex Smith", ["-", "Alex", "-", "Smith", "-"]),
            ("Dr Jr", ["-", "Dr", "-", "Jr", "-"]),
            ("  Alex  ", ["-", "Alex", "-", "Alex", "-"]),
            ("Mr. Bob Miller Jr.", ["Mr.", "Bob", "-", "Miller", "Jr."]),
        ];
        for (name, expected) in table {
            assert_eq!(parts(name), expected, "{name:?}");
        }
        assert_eq!(split_name(" \t"), None);
    }

    #[test]
    fn people_are_the_first_of_the_right_kind() {
        let agents = |id: u64| id >= 100;
        let ticket = TicketFields {
            requester: Some(1),
            submitter: Some(100),
            assignee: Some(101),
            ..TicketFields::default()
        };
        let people = case_people(&ticket, agents);
        assert_eq!(
            (people.owner, people.assigned_to, people.contact),
            (Some(100), Some(101), Some(1))
        );
        let alone = TicketFields {
            requester: Some(1),
            submitter: Some(1),
            ..TicketFields::default()
        };
        assert_eq!(case_people(&alone, agents).owner, None);
    }
}
