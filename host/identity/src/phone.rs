//! Telephone numbers: one number in its many spellings.
//!
//! A number that carries its country compares whole. A national one compares with the end of an
//! international one, because the record rarely says which country its caller meant; that is why a
//! telephone number never proves who somebody is, and never joins two records.

use crate::limits::{COUNTRY_DIGITS_MAX, PHONE_DIGITS_MIN};

/// A number's digits, told apart by whether the country is in them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Digits {
    International(String),
    National(String),
}

fn read(raw: &str) -> Option<Digits> {
    let raw = raw.trim();
    let raw = raw.to_ascii_lowercase();
    let raw = raw.split(['x', ';', ',']).next().unwrap_or_default();
    let digits: String = raw
        .replace("(0)", "")
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let number = if raw.trim_start_matches('(').starts_with('+') {
        Digits::International(digits)
    } else if let Some(rest) = digits.strip_prefix("00") {
        Digits::International(rest.to_owned())
    } else if let Some(rest) = digits.strip_prefix("011").filter(|rest| rest.len() > 9) {
        Digits::International(rest.to_owned())
    } else {
        Digits::National(digits.trim_start_matches('0').to_owned())
    };
    let (Digits::International(text) | Digits::National(text)) = &number;
    (PHONE_DIGITS_MIN..=15)
        .contains(&text.len())
        .then_some(number)
}

/// The form to look a number up in a store that keeps `+` and digits; `None` where the country is
/// not in it.
#[must_use]
pub fn searchable_phone(raw: &str) -> Option<String> {
    match read(raw)? {
        Digits::International(digits) => Some(format!("+{digits}")),
        Digits::National(_) => None,
    }
}

/// Whether two spellings are the same number.
#[must_use]
pub fn same_phone(a: &str, b: &str) -> bool {
    use Digits::{International, National};
    match (read(a), read(b)) {
        (Some(International(a)), Some(International(b)))
        | (Some(National(a)), Some(National(b))) => a == b,
        (Some(International(whole)), Some(National(end)))
        | (Some(National(end)), Some(International(whole))) => whole
            .strip_suffix(end.as_str())
            .is_some_and(|code| (1..=COUNTRY_DIGITS_MAX).contains(&code.len())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_spellings_of_one_number_are_one_number() {
        let spellings = [
            "+49 30 901820",
            "+4930901820",
            "0049 30 901820",
            "+49 (0)30 901820",
            "030 901820",
            "(030) 90-18-20",
            "030/901820",
            "+49.30.901820 x12",
        ];
        for a in spellings {
            for b in spellings {
                assert!(same_phone(a, b), "{a} and {b}");
            }
        }
    }

    #[test]
    fn one_digit_off_is_another_number() {
        for other in [
            "+49 30 901821",
            "030 901821",
            "+48 30 901820",
            "+49 30 9018200",
            "901820",
        ] {
            assert!(!same_phone("+49 30 901820", other), "{other}");
        }
    }

    #[test]
    fn short_and_empty_numbers_match_nothing() {
        assert!(!same_phone("", ""));
        assert!(!same_phone("112", "112"));
        assert_eq!(searchable_phone("030 901820"), None);
        assert_eq!(
            searchable_phone("0049 30 901820").as_deref(),
            Some("+4930901820")
        );
    }
}
