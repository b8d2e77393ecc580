//! Reading JSON as platforms really send it: numbers where texts are promised and the reverse,
//! `null` or `""` for absent, `[]` for an empty object and `{}` for an empty list.
//!
//! Each type reads anything that can be meant and nothing that cannot; all default to absent, so a
//! wire struct derives `Default` and takes `#[serde(default)]`. Amounts go through
//! [`crate::DecimalText`] instead: a float would lose digits.
//!
//! Texts are borrowed from the JSON that they are read from; only those with escapes are copied.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text, number or flag as text; absent when `null`, blank, a list or an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word<'a>(Option<Cow<'a, str>>);

impl<'a> Word<'a> {
    /// The text, trimmed; `None` when absent or blank.
    #[must_use]
    pub fn get(&self) -> Option<&str> {
        let text = self.0.as_deref()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The text as owned; `None` when absent or blank.
    #[must_use]
    pub fn owned(&self) -> Option<String> {
        self.get().map(str::to_owned)
    }

    /// The text; empty when absent.
    #[must_use]
    pub fn or_empty(&self) -> &str {
        self.get().unwrap_or_default()
    }
}

impl<'a> From<&'a str> for Word<'a> {
    fn from(text: &'a str) -> Self {
        Self(Some(Cow::Borrowed(text)))
    }
}

impl From<String> for Word<'_> {
    fn from(text: String) -> Self {
        Self(Some(Cow::Owned(text)))
    }
}

/// Yes, no or not told: a flag, `0`/`1`, or `"true"`/`"false"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(Option<bool>);

impl Flag {
    /// Yes, no or not told.
    #[must_use]
    pub const fn get(self) -> Option<bool> {
        self.0
    }

    /// Whether it is a plain yes.
    #[must_use]
    pub fn is_yes(self) -> bool {
        self.0 == Some(true)
    }
}

impl From<bool> for Flag {
    fn from(flag: bool) -> Self {
        Self(Some(flag))
    }
}

/// A list; `null` items are left out, anything that is no list reads as empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// An object; anything that is no object reads as absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maybe<T>(pub Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Maybe<T> {
    /// The object.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

/// Visits a value, with an answer for every shape it may have.
macro_rules! visit {
    ($visitor:ident: $de:lifetime => $value:ty { $($body:tt)* }) => {
        struct $visitor;
        impl<$de> Visitor<$de> for $visitor {
            type Value = $value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Self::Value::default())
            }
            fn visit_seq<A: SeqAccess<$de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Self::Value::default())
            }
            fn visit_map<A: MapAccess<$de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Self::Value::default())
            }
            $($body)*
        }
    };
}

visit!(WordVisitor: 'de => Word<'de> {
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Word<'de>, E> {
        Ok(Word::from(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<Word<'de>, E> {
        Ok(Word::from(text.to_owned()))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Word<'de>, E> {
        Ok(Word::from(number.to_string()))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Word<'de>, E> {
        Ok(Word::from(number.to_string()))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Word<'de>, E> {
        Ok(Word::from(number.to_string()))
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Word<'de>, E> {
        Ok(Word::from(if flag { "true" } else { "false" }))
    }
});

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(WordVisitor)
    }
}

visit!(FlagVisitor: 'de => Flag {
    fn visit_bool<E>(self, flag: bool) -> Result<Flag, E> {
        Ok(Flag(Some(flag)))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Flag, E> {
        Ok(Flag(Some(number != 0)))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Flag, E> {
        Ok(Flag(Some(number != 0)))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Flag, E> {
        Ok(Flag(None))
    }
    fn visit_str<E>(self, text: &str) -> Result<Flag, E> {
        Ok(Flag(match text.trim() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }))
    }
});

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(FlagVisitor)
    }
}

/// Shapes that mean "absent" to a container.
macro_rules! scalars_are_absent {
    () => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any JSON value")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    scalars_are_absent!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Option<T>>()? {
            items.extend(item);
        }
        Ok(List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List<T>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(List::default())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(ListVisitor(PhantomData))
    }
}

struct MaybeVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MaybeVisitor<T> {
    type Value = Maybe<T>;

    scalars_are_absent!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Maybe<T>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Maybe(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Maybe<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|object| Maybe(Some(object)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(MaybeVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::DecimalText;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Wire<'a> {
        #[serde(borrow)]
        id: Word<'a>,
        test: Flag,
        tags: List<Word<'a>>,
        total: Maybe<Amount<'a>>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Amount<'a> {
        #[serde(borrow)]
        value: Option<DecimalText<'a>>,
    }

    fn read(json: &str) -> Wire<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn numbers_for_texts_and_texts_for_flags() {
        let wire = read(r#"{"id": 820982911946154508, "test": "true", "tags": ["a", null, 7]}"#);
        assert_eq!(wire.id.get(), Some("820982911946154508"));
        assert_eq!(wire.test.get(), Some(true));
        assert_eq!(
            wire.tags.iter().map(Word::or_empty).collect::<Vec<_>>(),
            ["a", "7"]
        );
    }

    #[test]
    fn php_spells_empty_both_ways() {
        let wire = read(r#"{"id": [], "test": {}, "tags": {"x": {"y": 1}}, "total": []}"#);
        assert_eq!(
            (wire.id.get(), wire.test.get(), wire.tags.len()),
            (None, None, 0)
        );
        assert!(wire.total.get().is_none());
        let blank = read(r#"{"id": "  ", "test": "", "tags": "", "total": ""}"#);
        assert_eq!((blank.id.get(), blank.test.get()), (None, None));
    }

    #[test]
    fn an_amount_inside_a_lenient_object_keeps_its_digits() {
        let wire = read(r#"{"total": {"value": 71.510000}}"#);
        let amount = wire.total.get().and_then(|total| total.value.as_ref());
        assert_eq!(amount.map(DecimalText::as_str), Some("71.510000"));
    }

    #[test]
    fn a_text_lies_where_it_was_read_unless_it_has_escapes() {
        let json = r#"{"id": "plain", "tags": ["wr\u00e4pped", 7]}"#;
        let wire = read(json);
        let is_inside = |word: &Word<'_>| {
            json.as_bytes()
                .as_ptr_range()
                .contains(&word.or_empty().as_ptr())
        };
        assert_eq!(
            wire.tags.iter().map(Word::or_empty).collect::<Vec<_>>(),
            ["wräpped", "7"]
        );
        assert!(is_inside(&wire.id));
        assert!(!wire.tags.iter().any(is_inside));
    }
}
