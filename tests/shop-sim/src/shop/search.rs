//! Shopify's search syntax, as far as orders and customers use it: terms joined by spaces or
//! `AND`, alternatives by `OR`, `-` or `NOT` before a term, parentheses, quoted values, and the
//! comparators `>=`, `>`, `<=`, `<`. A field that the schema does not list is ignored and warned of.

use crate::limits::SEARCH_TERMS_MAX;

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Term(Term),
}

/// `field:>=value`; without a field a word to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) field: String,
    pub(super) compare: Compare,
    pub(super) value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    AtLeast,
    Above,
    AtMost,
    Below,
}

impl Compare {
    pub(super) const fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::AtLeast => left >= right,
            Self::Above => left > right,
            Self::AtMost => left <= right,
            Self::Below => left < right,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Or,
    And,
    Not,
    Term(Term),
}

/// Reads a filter text; too many terms are an error, odd ones are words.
pub(super) fn parse(text: &str) -> Result<Filter, String> {
    let tokens = tokens(text)?;
    let mut rest = tokens.as_slice();
    let filter = any(&mut rest);
    if rest.is_empty() {
        Ok(filter)
    } else {
        Err("unbalanced parentheses".to_owned())
    }
}

fn any(rest: &mut &[Token]) -> Filter {
    let mut choices = vec![all(rest)];
    while let Some((Token::Or, after)) = rest.split_first() {
        *rest = after;
        choices.push(all(rest));
    }
    match choices.len() {
        1 => choices.pop().unwrap_or(Filter::All(Vec::new())),
        _ => Filter::Any(choices),
    }
}

fn all(rest: &mut &[Token]) -> Filter {
    let mut terms = Vec::new();
    let mut negated = false;
    while let Some((token, after)) = rest.split_first() {
        let filter = match token {
            Token::Or | Token::Close => break,
            Token::And => {
                *rest = after;
                continue;
            }
            Token::Not => {
                negated = true;
                *rest = after;
                continue;
            }
            Token::Open => {
                *rest = after;
                let inner = any(rest);
                if let Some((Token::Close, after)) = rest.split_first() {
                    *rest = after;
                }
                inner
            }
            Token::Term(term) => {
                *rest = after;
                Filter::Term(term.clone())
            }
        };
        terms.push(if negated {
            Filter::Not(Box::new(filter))
        } else {
            filter
        });
        negated = false;
    }
    match terms.len() {
        1 => terms.pop().unwrap_or(Filter::All(Vec::new())),
        _ => Filter::All(terms),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.peek().copied() {
        match letter {
            letter if letter.is_whitespace() => {
                letters.next();
            }
            '(' => {
                letters.next();
                found.push(Token::Open);
            }
            ')' => {
                letters.next();
                found.push(Token::Close);
            }
            '-' => {
                letters.next();
                found.push(Token::Not);
            }
            _ => found.push(word(&mut letters)?),
        }
        if found.len() > SEARCH_TERMS_MAX {
            return Err(format!("more than {SEARCH_TERMS_MAX} terms"));
        }
    }
    Ok(found)
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn word(letters: &mut Letters<'_>) -> Result<Token, String> {
    let first = value(letters)?;
    if letters.peek() != Some(&':') {
        return Ok(match first.as_str() {
            "OR" => Token::Or,
            "AND" => Token::And,
            "NOT" => Token::Not,
            _ => Token::Term(Term {
                field: String::new(),
                compare: Compare::Equal,
                value: first,
            }),
        });
    }
    letters.next();
    while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
    let compare = match letters.peek() {
        Some('>') => {
            letters.next();
            if letters.next_if_eq(&'=').is_some() {
                Compare::AtLeast
            } else {
                Compare::Above
            }
        }
        Some('<') => {
            letters.next();
            if letters.next_if_eq(&'=').is_some() {
                Compare::AtMost
            } else {
                Compare::Below
            }
        }
        _ => Compare::Equal,
    };
    Ok(Token::Term(Term {
        field: first,
        compare,
        value: rest_of_value(letters)?,
    }))
}

/// A word up to a blank, a parenthesis or a colon; or a quoted text.
fn value(letters: &mut Letters<'_>) -> Result<String, String> {
    scan(letters, |letter| {
        letter.is_whitespace() || matches!(letter, '(' | ')' | ':')
    })
}

/// Behind the colon a value may contain colons: times do.
fn rest_of_value(letters: &mut Letters<'_>) -> Result<String, String> {
    scan(letters, |letter| {
        letter.is_whitespace() || matches!(letter, '(' | ')')
    })
}

fn scan(letters: &mut Letters<'_>, ends: impl Fn(char) -> bool) -> Result<String, String> {
    if let Some(quote) = letters.next_if(|letter| matches!(letter, '\'' | '"')) {
        let mut text = String::new();
        for letter in letters.by_ref() {
            if letter == quote {
                return Ok(text);
            }
            text.push(letter);
        }
        return Err("a quote is not closed".to_owned());
    }
    let mut text = String::new();
    while let Some(letter) = letters.next_if(|letter| !ends(*letter)) {
        if letter == '\\' {
            text.extend(letters.next());
        } else {
            text.push(letter);
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(field: &str, compare: Compare, value: &str) -> Filter {
        Filter::Term(Term {
            field: field.to_owned(),
            compare,
            value: value.to_owned(),
        })
    }

    #[test]
    fn a_range_of_quoted_times_is_two_terms() {
        let filter =
            parse("updated_at:>='2026-01-01T00:00:00Z' AND updated_at:<'2026-02-01T00:00:00Z'");
        let wanted = Filter::All(vec![
            term("updated_at", Compare::AtLeast, "2026-01-01T00:00:00Z"),
            term("updated_at", Compare::Below, "2026-02-01T00:00:00Z"),
        ]);
        assert_eq!(filter, Ok(wanted));
    }

    #[test]
    fn alternatives_and_negation_keep_their_order() {
        let wanted = Filter::Any(vec![
            term("name", Compare::Equal, "#1001"),
            Filter::All(vec![
                Filter::Not(Box::new(term("tag", Compare::Equal, "vip"))),
                term("", Compare::Equal, "Mia"),
            ]),
        ]);
        assert_eq!(parse("name:#1001 OR (-tag:vip Mia)"), Ok(wanted));
    }

    #[test]
    fn an_open_quote_is_refused() {
        assert!(parse("email:'mia").is_err());
    }
}
