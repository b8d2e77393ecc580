//! What a resolution says: a class, and people with reasons for and against.

use serde::{Deserialize, Serialize};

use crate::RecordLink;

/// How sure it is who writes, and so what may leave the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchClass {
    /// Nobody is known.
    #[default]
    Unknown,
    /// An order number is known, the requester is not its buyer.
    OwnerDiffers,
    /// Several people.
    Ambiguous,
    /// One person, not proved.
    Probable,
    /// One person, proved.
    Confirmed,
}

impl MatchClass {
    /// Every class.
    pub const ALL: [Self; 5] = [
        Self::Unknown,
        Self::OwnerDiffers,
        Self::Ambiguous,
        Self::Probable,
        Self::Confirmed,
    ];

    /// The word in JSON, tags and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::OwnerDiffers => "owner_differs",
            Self::Ambiguous => "ambiguous",
            Self::Probable => "probable",
            Self::Confirmed => "confirmed",
        }
    }
}

impl std::fmt::Display for MatchClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why somebody may be the requester.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// An agent said so.
    AgentConfirmed,
    /// The exact address, verified at the help desk.
    EmailVerifiedAtDesk,
    /// The exact address, and the ticket came from it by e-mail.
    EmailCameByEmail,
    /// The exact address, not proved.
    EmailUnverified,
    /// A mailbox that several people read.
    EmailShared,
    /// The same telephone number.
    Phone,
    /// Bought an order that the text names.
    QuotedOwnOrder,
    /// Has an account at a shop.
    HasAccount,
}

/// What speaks against somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// The telephone number is another person's.
    PhoneOfAnother,
    /// The text names an order of somebody else.
    QuotedOthersOrder,
    /// Records of the person carry different names.
    NamesDiffer,
    /// Another account at the same shop has the same address.
    AccountsContradict,
    /// The address is not proved.
    NotProved,
}

/// A person who may be the requester. **Personal**; see [`Resolution::class`] for what may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// All records of the person, sorted.
    pub records: Vec<RecordLink>,
    /// Names on those records, sorted, without repeats.
    pub names: Vec<String>,
    /// From 0 to 100; for sorting and for people, never for the class.
    pub confidence: u8,
    /// For.
    pub reasons: Vec<Reason>,
    /// Against.
    pub counters: Vec<Counter>,
}

impl Candidate {
    /// First letters only, such as `A. B.`; a dash where no name is known.
    #[must_use]
    pub fn initials(&self) -> String {
        self.names
            .first()
            .map_or_else(|| "-".to_owned(), |name| masked_initials(name))
    }
}

/// Who is writing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// How sure that is.
    pub class: MatchClass,
    /// Likeliest first; exactly one when confirmed or probable, several when ambiguous.
    pub candidates: Vec<Candidate>,
    /// Orders that the text names and that belong to none of the candidates.
    pub others_orders: Vec<RecordLink>,
    /// Whether more records were handed in than [`crate::FACES_MAX`]; then nobody is confirmed.
    pub truncated: bool,
}

impl Resolution {
    /// The one person, only when confirmed.
    #[must_use]
    pub fn confirmed(&self) -> Option<&Candidate> {
        match (self.class, self.candidates.as_slice()) {
            (MatchClass::Confirmed, [only]) => Some(only),
            _ => None,
        }
    }
}

/// The first letter of the first and of the last word of a name: `Anna Maria Berg` is `A. B.`.
#[must_use]
pub fn masked_initials(name: &str) -> String {
    let mut letters = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let upper = |c: char| c.to_uppercase().collect::<String>();
    match (letters.next(), letters.next_back()) {
        (Some(first), Some(last)) => format!("{}. {}.", upper(first), upper(last)),
        (Some(first), None) => format!("{}.", upper(first)),
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_show_one_letter_of_a_word() {
        assert_eq!(masked_initials("Anna Maria Berg"), "A. B.");
        assert_eq!(masked_initials("  łukasz  "), "Ł.");
        assert_eq!(masked_initials("(Øyvind) O'Hara"), "Ø. O.");
        assert_eq!(masked_initials("王小明"), "王.");
        assert_eq!(masked_initials(" - "), "-");
    }
}
