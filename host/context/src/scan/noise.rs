//! What looks like a number and is none: telephone numbers, dates, prices, shares, amounts, years.

use super::word::{Word, is_currency_code, is_sign};

/// Whether the word itself, with its neighbours, is no quoted number.
pub(super) fn is_noise(word: &Word, next: Option<&Word>) -> bool {
    if word.opaque || is_date(&word.text) || is_telephone(word) {
        return true;
    }
    if word.hash {
        return false;
    }
    let priced = word.before.is_some_and(|c| c != '+')
        || word.after.is_some()
        || is_decimal(&word.text)
        || next.is_some_and(|next| is_currency(&next.text));
    priced || is_ordinal(&word.lower)
}

/// Whether the next word makes the number an amount: `100 pieces`, `3 weeks`.
pub(super) fn counts(next: Option<&Word>) -> bool {
    const UNITS: &[&str] = &[
        "x", "pcs", "pc", "piece", "pieces", "unit", "units", "item", "items", "pair", "pairs",
        "box", "boxes", "kg", "g", "lb", "lbs", "oz", "ml", "l", "cm", "mm", "m", "inch", "inches",
        "times", "second", "seconds", "minute", "minutes", "min", "hour", "hours", "day", "days",
        "week", "weeks", "month", "months", "year", "years", "percent", "stück", "stk", "tage",
        "tagen", "wochen", "jours", "semaines", "días", "giorni", "dni", "people", "points",
        "orders",
    ];
    next.is_some_and(|next| UNITS.contains(&next.lower.as_str()))
}

/// A bare number that is rather a year or a date written together.
pub(super) fn is_year_or_date(number: &str) -> bool {
    let Ok(value) = number.parse::<u32>() else {
        return false;
    };
    match number.len() {
        4 => (1900..=2100).contains(&value),
        8 => {
            let (year, month, day) = (value / 10_000, value / 100 % 100, value % 100);
            (1900..=2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
        }
        _ => false,
    }
}

/// How many words from here are one telephone number in groups; zero when they are none.
pub(super) fn digit_run(words: &[Word]) -> usize {
    let grouped = |word: &&Word| {
        !word.hash
            && !word.opaque
            && !is_date(&word.text)
            && word
                .text
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/' | b'.'))
    };
    let run: Vec<&Word> = words.iter().take_while(grouped).collect();
    let digits: usize = run
        .iter()
        .map(|word| word.text.bytes().filter(u8::is_ascii_digit).count())
        .sum();
    if run.len() >= 2 && (7..=24).contains(&digits) {
        run.len()
    } else {
        0
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `2026-01-31`, `31.01.2026`, `1/31/26`, `31.1.`, `01/2026`.
pub(super) fn is_date(text: &str) -> bool {
    for joint in ['-', '/', '.'] {
        let parts: Vec<&str> = text.split(joint).filter(|part| !part.is_empty()).collect();
        if !parts.iter().all(|part| all_digits(part)) {
            continue;
        }
        let value = |part: &str| part.parse::<u32>().unwrap_or(u32::MAX);
        let year = |part: &str| match part.len() {
            2 => true,
            4 => (1900..=2100).contains(&value(part)),
            _ => false,
        };
        let small = |part: &str| part.len() <= 2 && (1..=31).contains(&value(part));
        let dated = match parts.as_slice() {
            [a, b, c] => {
                small(b) && ((year(a) && a.len() == 4 && small(c)) || (small(a) && year(c)))
            }
            [a, b] => small(a) && (small(b) && joint != '-' || (b.len() == 4 && year(b))),
            _ => false,
        };
        if dated {
            return true;
        }
    }
    false
}

/// A telephone number in one word: `+4930901820`, `555-010-1234`, `030/901820`.
fn is_telephone(word: &Word) -> bool {
    let groups: Vec<&str> = word.text.split(['-', '/', '.']).collect();
    let digits: usize = groups.iter().map(|group| group.len()).sum();
    if !groups.iter().all(|group| all_digits(group)) {
        return false;
    }
    let called = word.before == Some('+') && digits >= 7;
    let grouped = groups.len() >= 3 && (9..=15).contains(&digits);
    let trunk = groups.len() == 2 && word.text.starts_with('0') && (8..=12).contains(&digits);
    called || (!word.hash && (grouped || trunk))
}

/// `10.50`, `1,001`, `1.001,00`.
fn is_decimal(text: &str) -> bool {
    let digits_and_points = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','));
    digits_and_points && text.contains(['.', ','])
}

/// A currency after an amount.
fn is_currency(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "euro", "euros", "dollar", "dollars", "pound", "pounds", "cent", "cents", "kr", "zł",
        "yen", "franken", "bucks",
    ];
    is_currency_code(text)
        || (!text.is_empty() && text.chars().all(is_sign))
        || WORDS.contains(&text.to_lowercase().as_str())
}

/// `1st`, `22nd`, `3rd`, `30th`.
fn is_ordinal(lower: &str) -> bool {
    ["st", "nd", "rd", "th"]
        .iter()
        .any(|end| lower.strip_suffix(end).is_some_and(all_digits))
}
