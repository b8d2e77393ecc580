//! Tags: exactly one of ours, the class.

use ordercase_identity::MatchClass;

use crate::SupportContext;

/// What our tags begin with.
pub const MATCH_TAG_PREFIX: &str = "ordercase_match_";

/// Tags to add and to take away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagChange {
    /// To add.
    pub add: Vec<String>,
    /// To take away.
    pub remove: Vec<String>,
}

impl TagChange {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }
}

/// What must change for the ticket to carry the tag of the context's class and none of another.
/// Tags that are not ours stay untouched.
#[must_use]
pub fn tags(context: &SupportContext, present: &[String]) -> TagChange {
    let wanted = format!("{MATCH_TAG_PREFIX}{}", context.matched.class);
    let others = MatchClass::ALL
        .iter()
        .map(|class| format!("{MATCH_TAG_PREFIX}{class}"))
        .filter(|tag| *tag != wanted && present.contains(tag))
        .collect();
    TagChange {
        add: if present.contains(&wanted) {
            Vec::new()
        } else {
            vec![wanted]
        },
        remove: others,
    }
}
