//! Numbers that people quote: order and tracking numbers in a ticket's subject and text.
//!
//! A number counts as *explicit* when the text calls it an order or a parcel (`#1001`, `order 1001`,
//! `Sendungsnummer 003404...`) or when its shape can hardly be anything else. A *bare* number only
//! helps to choose among the orders of a person who is already known. What looks like a telephone
//! number, date, time, price, share, year, link or e-mail address is never taken for a number.

mod noise;
mod shape;
mod word;

use ordercase_model::number_search;
use serde::{Deserialize, Serialize};

use crate::limits::{QUOTES_MAX, SCAN_BYTES_MAX};
use word::{Word, words};

/// What a quoted number is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteKind {
    /// An order.
    Order,
    /// A parcel.
    Tracking,
}

/// Where a number stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the subject.
    Subject,
    /// In what the requester wrote.
    Body,
}

/// A number that a ticket quotes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// What it is meant to be.
    pub kind: QuoteKind,
    /// As typed, without the leading `#`.
    pub typed: String,
    /// Letters and digits, upper case: the form of `number_search`.
    pub search: String,
    /// Digits only.
    pub digits: String,
    /// Whether the text says what it is, see the module.
    pub explicit: bool,
    /// Where it stands.
    pub place: Place,
}

/// Finds what a ticket quotes: at most [`QUOTES_MAX`], explicit ones first, in the order of the text.
#[must_use]
pub fn scan(subject: &str, texts: &[&str]) -> Vec<Quote> {
    let mut quotes = Vec::new();
    read(subject, Place::Subject, &mut quotes);
    let mut left = SCAN_BYTES_MAX;
    for text in texts {
        read(head(text, left), Place::Body, &mut quotes);
        left = left.saturating_sub(text.len());
    }
    let mut kept: Vec<Quote> = Vec::new();
    quotes.sort_by_key(|quote| !quote.explicit);
    for quote in quotes {
        if kept
            .iter()
            .all(|k| (k.kind, &k.search) != (quote.kind, &quote.search))
        {
            kept.push(quote);
        }
    }
    kept.truncate(QUOTES_MAX);
    kept
}

/// The first `bytes` bytes of a text, cut at a character.
fn head(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// What the words just read make the next number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Called {
    Nothing,
    /// A word for order or parcel.
    Kind(QuoteKind),
    /// Such a word, and then a word for number.
    Number(QuoteKind),
}

fn read(text: &str, place: Place, quotes: &mut Vec<Quote>) {
    let mut words = words(head(text, SCAN_BYTES_MAX));
    if place == Place::Subject
        && let [only] = meaningful(&mut words).as_mut_slice()
    {
        only.hash = true;
    }
    let mut called = Called::Nothing;
    let mut listed = false;
    let mut index = 0;
    while let Some(word) = words.get(index) {
        let run = noise::digit_run(words.get(index..).unwrap_or_default());
        let grouped = words.get(index..index + run).unwrap_or_default();
        if let (Some(found), true) = (grouped_parcel(grouped, called, place), run > 0) {
            quotes.push(found);
            index += run;
        } else if run > 0 && called == Called::Nothing {
            index += run;
        } else if let Some(found) = take(word, words.get(index + 1), called, place) {
            quotes.extend(found);
            // What follows in one list is of one kind: "orders 1001, 1002 and 1003".
            listed = !word.ends_sentence;
            if word.ends_sentence {
                called = Called::Nothing;
            }
            index += 1;
        } else {
            called = after(word, called, listed);
            listed &= called != Called::Nothing;
            index += 1;
        }
    }
}

/// A parcel number that is written in groups, when the text says that a parcel number follows.
fn grouped_parcel(groups: &[Word], called: Called, place: Place) -> Option<Quote> {
    if !matches!(
        called,
        Called::Kind(QuoteKind::Tracking) | Called::Number(QuoteKind::Tracking)
    ) {
        return None;
    }
    let typed: String = groups.iter().map(|word| word.text.as_str()).collect();
    (typed.len() >= 8).then(|| Quote {
        kind: QuoteKind::Tracking,
        search: number_search(&typed),
        digits: typed.chars().filter(char::is_ascii_digit).collect(),
        typed,
        explicit: true,
        place,
    })
}

/// Words of a subject that are more than an answer's or a forward's prefix.
fn meaningful(words: &mut [Word]) -> Vec<&mut Word> {
    words
        .iter_mut()
        .filter(|word| {
            !matches!(
                word.lower.as_str(),
                "re" | "fw" | "fwd" | "aw" | "wg" | "sv" | "tr"
            )
        })
        .collect()
}

/// The state after a word that is no number.
fn after(word: &Word, called: Called, listed: bool) -> Called {
    if let Some(kind) = shape::kind_word(&word.lower) {
        let number = shape::names_a_number(&word.lower);
        return if number {
            Called::Number(kind)
        } else {
            Called::Kind(kind)
        };
    }
    match called {
        Called::Kind(kind) | Called::Number(kind) if shape::number_word(&word.lower) => {
            Called::Number(kind)
        }
        Called::Kind(_) | Called::Number(_) if shape::filler(&word.lower, listed) => called,
        _ => Called::Nothing,
    }
}

/// The quotes in one word, if it is a number; usually one.
fn take(word: &Word, next: Option<&Word>, called: Called, place: Place) -> Option<Vec<Quote>> {
    let number = shape::number(&word.text)?;
    if noise::is_noise(word, next) {
        return None;
    }
    let quote = |kind, explicit| Quote {
        kind,
        typed: number.to_owned(),
        search: number_search(number),
        digits: number.chars().filter(char::is_ascii_digit).collect(),
        explicit,
        place,
    };
    let chars = number.chars().count();
    match called {
        Called::Number(QuoteKind::Order) => return Some(vec![quote(QuoteKind::Order, true)]),
        Called::Kind(QuoteKind::Order) if chars >= 3 && !noise::counts(next) => {
            return Some(vec![quote(QuoteKind::Order, true)]);
        }
        Called::Kind(QuoteKind::Tracking) | Called::Number(QuoteKind::Tracking) if chars >= 8 => {
            return Some(vec![quote(QuoteKind::Tracking, true)]);
        }
        _ if word.hash => return Some(vec![quote(QuoteKind::Order, true)]),
        _ => {}
    }
    if shape::is_parcel(number) {
        return Some(vec![quote(QuoteKind::Tracking, true)]);
    }
    if shape::is_code(number) {
        return Some(vec![
            quote(QuoteKind::Order, true),
            quote(QuoteKind::Tracking, true),
        ]);
    }
    let bare = shape::is_bare(number) && !noise::counts(next) && !noise::is_year_or_date(number);
    bare.then(|| vec![quote(QuoteKind::Order, false)])
}
