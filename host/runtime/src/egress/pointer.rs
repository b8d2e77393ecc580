//! Numbers at JSON pointers, read without building the document around them.
//!
//! An answer says what it cost in a few numbers beside megabytes of data, mostly behind them. So the last field of
//! the pointers' first name is tried first, by its text; where that is not the end of the outermost object, the whole
//! text is read and everything but the pointers' way is skipped.

use std::fmt;

use memchr::memmem;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// The numbers at `pointers`, in their order. A number written as text counts; anything else is absent.
pub(super) fn numbers<const N: usize>(json: &[u8], pointers: [&str; N]) -> [Option<f64>; N] {
    let mut found = [None; N];
    let wanted: Vec<Wanted<'_>> = pointers
        .iter()
        .enumerate()
        .filter_map(|(at, pointer)| Some((pointer.strip_prefix('/')?, at)))
        .collect();
    if let Some(tail) = tail(json, &wanted)
        && read(&tail, &wanted, &mut found)
    {
        return found;
    }
    found = [None; N];
    // What was read before a breach of syntax stays: it only slows the host down or not.
    let _whole = read(json, &wanted, &mut found);
    found
}

/// What is left of a pointer, and whose it is.
type Wanted<'p> = (&'p str, usize);

/// The last field of the outermost object, as an object of its own, when its name is the first of all pointers.
fn tail(json: &[u8], wanted: &[Wanted<'_>]) -> Option<Vec<u8>> {
    let first =
        |(pointer, _): &Wanted<'_>| pointer.split('/').next().unwrap_or_default().to_owned();
    let name = first(wanted.first()?);
    // An escaped name is not worth the trouble.
    let plain = !name.contains('~') && wanted.iter().all(|pointer| first(pointer) == name);
    let quoted = plain.then(|| format!("\"{name}\""))?;
    let from = memmem::rfind(json, quoted.as_bytes())?;
    let mut tail = vec![b'{'];
    tail.extend_from_slice(json.get(from..)?);
    Some(tail)
}

/// Whether all of the text is one JSON value.
fn read(json: &[u8], wanted: &[Wanted<'_>], found: &mut [Option<f64>]) -> bool {
    let mut reader = serde_json::Deserializer::from_slice(json);
    Seek { wanted, found }.deserialize(&mut reader).is_ok() && reader.end().is_ok()
}

/// Reads a value along the pointers that lead into it.
struct Seek<'a, 'p> {
    wanted: &'a [Wanted<'p>],
    found: &'a mut [Option<f64>],
}

impl Seek<'_, '_> {
    fn note(&mut self, number: Option<f64>) {
        let number = number.filter(|number| number.is_finite());
        for (rest, at) in self.wanted {
            if rest.is_empty()
                && let Some(place) = self.found.get_mut(*at)
            {
                *place = number;
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seek<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        if self.wanted.is_empty() {
            return IgnoredAny::deserialize(d).map(drop);
        }
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_f64<E>(mut self, number: f64) -> Result<(), E> {
        self.note(Some(number));
        Ok(())
    }
    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }
    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }
    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        self.note(text.parse().ok());
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            let wanted = below(self.wanted, &key);
            let found = &mut *self.found;
            map.next_value_seed(Seek {
                wanted: &wanted,
                found,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            let wanted = below(self.wanted, &index.to_string());
            let found = &mut *self.found;
            let more = seq.next_element_seed(Seek {
                wanted: &wanted,
                found,
            })?;
            if more.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// What is left of the pointers that go through this name.
fn below<'p>(wanted: &[Wanted<'p>], name: &str) -> Vec<Wanted<'p>> {
    let mut left = Vec::new();
    for (pointer, at) in wanted {
        let (token, rest) = pointer.split_once('/').unwrap_or((pointer, ""));
        let same = if token.contains('~') {
            token.replace("~1", "/").replace("~0", "~") == name
        } else {
            token == name
        };
        if same && !pointer.is_empty() {
            left.push((rest, *at));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTERS: [&str; 3] = [
        "/extensions/cost/requested",
        "/extensions/cost/status/available",
        "/extensions/none",
    ];

    #[test]
    fn numbers_behind_the_data_are_found_without_reading_it() {
        let json = br#"{"data":[[not even json]],"extensions":{"cost":{"requested":7,"status":{"available":"1.5"}}}}"#;
        assert_eq!(numbers(json, POINTERS), [Some(7.0), Some(1.5), None]);
    }

    #[test]
    fn numbers_before_the_data_are_found_too() {
        let json = br#"{"extensions":{"cost":{"requested":7,"x":[1]}},"data":{"y":"a","list":[1,{"z":null}]}}"#;
        assert_eq!(numbers(json, POINTERS), [Some(7.0), None, None]);
    }

    #[test]
    fn a_name_inside_the_data_is_not_taken_for_the_field() {
        for json in [
            r#"{"extensions":{"cost":{"requested":7}},"data":{"extensions":{"cost":{"requested":9}}}}"#,
            r#"{"extensions":{"cost":{"requested":7}},"data":"\"extensions\":{\"cost\":{\"requested\":9}}"}"#,
            r#"{"extensions":{"cost":{"requested":7}},"data":["\"extensions"]}"#,
        ] {
            assert_eq!(numbers(json.as_bytes(), POINTERS)[0], Some(7.0), "{json}");
        }
    }

    #[test]
    fn lists_and_escapes_lie_on_the_way_as_in_any_pointer() {
        let json = br#"{"a/b":[{"c~":1},{"c~":2}],"t":true,"n":-3}"#;
        assert_eq!(
            numbers(json, ["/a~1b/1/c~0", "/t", "/n"]),
            [Some(2.0), None, Some(-3.0)]
        );
        assert_eq!(numbers(b"<html>", ["/a"]), [None]);
    }
}
