//! What a mapping is called: the source's field and its word, `FIELD=WORD`.

use std::fmt;

use crate::limits::MAPPING_TEXT_CHARS_MAX;

/// The name of a mapping. Dead letters keep it, so it is short and fit for every database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MappingName(String);

impl MappingName {
    /// Of a source's field and its word; `None` where the field could not be told from the word, or either is empty.
    /// A word that is longer than one that can be mapped is cut.
    #[must_use]
    pub fn new(field: &str, word: &str) -> Option<Self> {
        let named = is_field(field) && !word.is_empty();
        named.then(|| {
            let word = word
                .chars()
                .take(MAPPING_TEXT_CHARS_MAX)
                // NUL ends a text in some databases.
                .map(|c| if c == '\0' { '\u{fffd}' } else { c });
            Self(format!("{field}={}", word.collect::<String>()))
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
    (1..=MAPPING_TEXT_CHARS_MAX).contains(&field.chars().count()) && !field.contains(['=', '\0'])
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
        write!(f, "{MISSING}{}` is missing", self.name)
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
    fn a_long_word_is_cut_and_nul_becomes_visible() {
        let long = MappingName::new("state", &"w".repeat(5_000)).unwrap();
        assert_eq!(long.word().len(), MAPPING_TEXT_CHARS_MAX);
        let nul = MappingName::new("state", "a\0b").unwrap();
        assert_eq!(nul.word(), "a\u{fffd}b");
    }
}
