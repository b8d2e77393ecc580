//! Ids of list items: unique and never empty, by the position where need be (canonical-model §4.5).

use std::collections::BTreeSet;

/// Hands out the ids of one list.
#[derive(Default)]
pub(super) struct Unique(BTreeSet<String>);

impl Unique {
    /// The item's id; with its position when the id is missing, `0` or taken.
    pub(super) fn next(&mut self, id: Option<&str>, position: usize) -> String {
        let usable = id.filter(|id| *id != "0");
        let mut unique = usable.map_or_else(|| format!("#{position}"), str::to_owned);
        if self.0.contains(&unique) {
            unique = format!("{unique}#{position}");
        }
        self.0.insert(unique.clone());
        unique
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_zero_and_missing_ids_take_their_position() {
        let mut ids = Unique::default();
        let all = [Some("7"), Some("7"), Some("0"), None, Some("8")];
        let all: Vec<String> = (0..).zip(all).map(|(i, id)| ids.next(id, i)).collect();
        assert_eq!(all, ["7", "7#1", "#2", "#3", "8"]);
    }
}
