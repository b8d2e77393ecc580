//! A text's words, with what stands directly around each.

use super::QuoteKind;
use super::shape::kind_word;

/// A word as the scanner sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Word {
    /// Without punctuation at its ends.
    pub(super) text: String,
    /// The same in lower case, without a dot at its end.
    pub(super) lower: String,
    /// Whether a `#` stands before it.
    pub(super) hash: bool,
    /// The character directly before, when it says what the word is: a currency sign or `+`.
    pub(super) before: Option<char>,
    /// The character directly after, when it says what the word is: a currency sign or `%`.
    pub(super) after: Option<char>,
    /// A link, an address, a time or a sign: never a number.
    pub(super) opaque: bool,
    /// Whether a sentence ends here.
    pub(super) ends_sentence: bool,
}

/// Splits a text into words. Links, e-mail addresses and times stay whole and opaque.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut sign = None;
    for chunk in text.split_whitespace() {
        let first = words.len();
        let link = chunk.contains("://") || chunk.starts_with("www.") || chunk.contains('@');
        if link || is_time(chunk) || chunk.chars().all(is_sign) {
            words.push(Word {
                text: if link {
                    String::new()
                } else {
                    chunk.to_owned()
                },
                opaque: true,
                ..Word::default()
            });
        } else {
            split_chunk(chunk, &mut words);
        }
        if let Some(word) = words.get_mut(first) {
            word.before = word.before.or(sign);
        }
        if let Some(word) = words.last_mut() {
            word.ends_sentence = chunk.ends_with(['.', '!', '?', ';']);
        }
        sign = Some(chunk)
            .filter(|chunk| chunk.chars().all(is_sign) || is_currency_code(chunk))
            .map(|_| '¤');
    }
    words
}

/// Codes of currencies that people write beside amounts.
pub(super) fn is_currency_code(text: &str) -> bool {
    const CODES: &[&str] = &[
        "EUR", "USD", "GBP", "CHF", "JPY", "CNY", "AUD", "CAD", "NZD", "SEK", "NOK", "DKK", "PLN",
        "CZK", "HUF", "RON", "BGN", "TRY", "INR", "BRL", "MXN", "ZAR", "SGD", "HKD", "KRW", "AED",
        "ILS", "THB",
    ];
    CODES.contains(&text)
}

/// `10:30`, `10:30:15`, with punctuation around.
fn is_time(chunk: &str) -> bool {
    let core = chunk.trim_matches(|c: char| !c.is_ascii_digit());
    let parts: Vec<&str> = core.split(':').collect();
    (2..=3).contains(&parts.len())
        && parts
            .iter()
            .all(|part| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a character belongs inside a word: letters, digits, and what joins the parts of a number.
fn inner(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '/' | '.' | '_' | ',')
}

/// East Asian text has no blanks; where it meets a Latin number a new word begins.
fn script(c: char) -> bool {
    c >= '\u{2E80}'
}

fn split_chunk(chunk: &str, words: &mut Vec<Word>) {
    let mut current = String::new();
    let mut before: Option<char> = None;
    let mut previous: Option<char> = None;
    for c in chunk.chars() {
        let turn = current
            .chars()
            .last()
            .is_some_and(|last| script(last) != script(c));
        if inner(c) && !turn {
            if current.is_empty() {
                before = previous;
            }
            current.push(c);
        } else {
            finish(&mut current, before, Some(c).filter(|c| !inner(*c)), words);
            if inner(c) {
                before = None;
                current.push(c);
            }
        }
        previous = Some(c);
    }
    finish(&mut current, before, None, words);
}

fn finish(current: &mut String, before: Option<char>, after: Option<char>, words: &mut Vec<Word>) {
    let text = current
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_owned();
    current.clear();
    if text.is_empty() {
        return;
    }
    let hash = before == Some('#');
    if let Some((announced, number)) = announced(&text, hash) {
        words.push(Word {
            lower: announced.to_lowercase(),
            text: announced.to_owned(),
            ..Word::default()
        });
        *current = number.to_owned();
        return finish(current, None, after, words);
    }
    words.push(Word {
        lower: text.to_lowercase(),
        text,
        hash,
        before: before.filter(|c| is_sign(*c) || *c == '+'),
        after: after.filter(|c| is_sign(*c) || *c == '%'),
        ..Word::default()
    });
}

/// `Order-1001` and `order1001` are two words; so is `AWB12345678`, but after a `#` it is an order
/// of a shop whose numbers begin so.
fn announced(text: &str, hash: bool) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_alphabetic())?;
    let (word, rest) = text.split_at_checked(end)?;
    let number = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
    let meant = match kind_word(&word.to_lowercase()) {
        Some(QuoteKind::Order) => true,
        Some(QuoteKind::Tracking) => !hash,
        None => false,
    };
    (meant && number.starts_with(|c: char| c.is_ascii_digit())).then_some((word, number))
}

/// A currency sign.
pub(super) fn is_sign(c: char) -> bool {
    matches!(c, '$' | '¢' | '£' | '¤' | '¥' | '₠'..='⃀' | '﷼')
}
