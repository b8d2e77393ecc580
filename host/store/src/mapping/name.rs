//! What a mapping is called: the source's field and its word, `FIELD=WORD`. Names stand in lists, logs and commands,
//! so a word that is none that an operator could map is told by its length alone.

use std::fmt;

use crate::limits::MAPPING_TEXT_CHARS_MAX;

/// The name of a mapping. Dead letters keep it, so it is short and fit for every database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MappingName(String);

impl MappingName {
    /// Of a source's field and its word; `None` where the field could not be told from the word, or either is empty.
    /// A word that cannot be mapped becomes `[N characters]`: it may tell who somebody is, or drive a terminal.
    #[must_use]
    pub fn new(field: &str, word: &str) -> Option<Self> {
        let named = is_field(field) && !word.is_empty();
        named.then(|| match is_word(word) {
            true => Self(format!("{field}={word}")),
            false => Self(format!("{field}=[{} characters]", word.chars().count())),
        })
    }

    /// Reads `FIELD=WORD`; the word may hold more equals signs.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (field, word) = text.split_once('=')?;
        Self::new(field, word)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The source's field.
    #[must_use]
    pub fn field(&self) -> &str {
        self.parts().0
    }

    /// The source's word.
    #[must_use]
    pub fn word(&self) -> &str {
        self.parts().1
    }

    /// That it is missing, as a sentence.
    #[must_use]
    pub fn is_missing(&self) -> String {
        format!("{MISSING}{}` is missing", self.0)
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once('=').unwrap_or((&self.0, ""))
    }
}

impl fmt::Display for MappingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for MappingName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(text).ok_or_else(|| "not of the form FIELD=WORD".to_owned())
    }
}

/// Whether it can be a source's field in a name.
pub(super) fn is_field(field: &str) -> bool {
    fits(field) && !field.contains('=')
}

/// Whether a word can be mapped: short, and without what e-mail addresses and telephone numbers have.
pub(super) fn is_word(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let dialled = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '-' | '.' | '/');
    // Digits alone are how some sources number their states.
    let number = digits >= 7 && word.contains([' ', '(']) && word.chars().all(dialled);
    fits(word) && !word.contains('@') && !word.starts_with('+') && !number
}

fn fits(text: &str) -> bool {
    let chars = text.chars().count();
    (1..=MAPPING_TEXT_CHARS_MAX).contains(&chars) && !text.contains(char::is_control)
}

/// A mapping that was missing when something was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingMapping {
    /// Which one.
    pub name: MappingName,
    /// The revision of the connection's mappings that the plugin was told then.
    pub revision: u64,
}

/// How what lacks a mapping begins to say so; a track that waits for one is known by it.
pub(super) const MISSING: &str = "the mapping `";

impl fmt::Display for MissingMapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name.is_missing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_whatever_the_word_is() {
        for (field, word) in [
            ("state", "OnHold"),
            ("Return.status", "a=b=c"),
            ("s", " \u{e9} "),
        ] {
            let name = MappingName::new(field, word).unwrap();
            assert_eq!((name.field(), name.word()), (field, word));
            assert_eq!(MappingName::read(name.as_str()), Some(name));
        }
    }

    #[test]
    fn what_could_not_be_told_apart_has_no_name() {
        for (field, word) in [
            ("", "x"),
            ("a=b", "x"),
            ("state", ""),
            (&*"f".repeat(200), "x"),
        ] {
            assert_eq!(MappingName::new(field, word), None, "{field} {word}");
        }
        assert_eq!(MappingName::read("state"), None);
    }

    #[test]
    fn a_word_that_cannot_be_mapped_is_told_by_its_length() {
        for (word, told) in [
            (&*"w".repeat(5_000), "state=[5000 characters]"),
            ("a\0b", "state=[3 characters]"),
            ("\u{1b}[2J", "state=[4 characters]"),
            ("for ann@example.com", "state=[19 characters]"),
            ("+4915112345678", "state=[14 characters]"),
            ("(0151) 1234-5678", "state=[16 characters]"),
            ("102938475", "state=102938475"),
            (
                "0f8fad5b-d9cd-469f-a165-70867728950e",
                "state=0f8fad5b-d9cd-469f-a165-70867728950e",
            ),
            ("Zahlung ausst\u{e4}ndig", "state=Zahlung ausst\u{e4}ndig"),
        ] {
            let name = MappingName::new("state", word).unwrap();
            assert_eq!(name.as_str(), told);
            assert_eq!(MappingName::read(told), Some(name));
        }
    }
}
