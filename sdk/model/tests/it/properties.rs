//! Properties of money, versions, texts and instants.

use std::cmp::Ordering;

use ordercase_model::{
    Comparability, Currency, Decimal, Instant, Money, OrderState, PaymentState, Record, Text,
    VersionOrder, compare_versions, number_search,
};
use proptest::prelude::*;

fn decimal_text() -> impl Strategy<Value = String> {
    "-?[0-9]{1,14}(\\.[0-9]{1,12})?"
}

fn money(text: &str, currency: &str) -> Money {
    Money::new(text.parse().unwrap(), currency.parse().unwrap())
}

fn reverse(order: VersionOrder) -> VersionOrder {
    match order {
        VersionOrder::Older => VersionOrder::Newer,
        VersionOrder::Newer => VersionOrder::Older,
        same => same,
    }
}

proptest! {
    #[test]
    fn a_decimal_keeps_its_digits_through_json(text in decimal_text()) {
        let decimal: Decimal = text.parse().unwrap();
        let kept = if decimal.is_zero() { text.trim_start_matches('-') } else { &text };
        prop_assert_eq!(decimal.as_str(), kept);
        let json = serde_json::to_string(&decimal).unwrap();
        let back: Decimal = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(back.as_str(), decimal.as_str());
    }

    #[test]
    fn decimals_compare_by_value_not_by_text(text in "[0-9]{1,10}\\.[0-9]{1,6}", zeros in 0_usize..6) {
        let short: Decimal = text.parse().unwrap();
        let long: Decimal = format!("{text}{}", "0".repeat(zeros)).parse().unwrap();
        prop_assert_eq!(short.cmp(&long), Ordering::Equal);
    }

    #[test]
    fn what_is_no_decimal_never_reads_as_one(text in "\\PC{0,12}") {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let unsigned = text.strip_prefix('-').unwrap_or(&text);
        let well_formed = match unsigned.split_once('.') {
            Some((whole, fraction)) => digits(whole) && digits(fraction),
            None => digits(unsigned),
        };
        prop_assert_eq!(text.parse::<Decimal>().is_ok(), well_formed);
    }

    #[test]
    fn sums_do_not_depend_on_the_order(a in decimal_text(), b in decimal_text(), c in decimal_text()) {
        let (a, b, c) = (money(&a, "EUR"), money(&b, "EUR"), money(&c, "EUR"));
        prop_assert_eq!(a.checked_add(&b).unwrap(), b.checked_add(&a).unwrap());
        let left = a.checked_add(&b).unwrap().checked_add(&c).unwrap();
        let right = a.checked_add(&b.checked_add(&c).unwrap()).unwrap();
        prop_assert_eq!(left, right);
    }

    #[test]
    fn two_currencies_never_add(a in decimal_text(), b in decimal_text()) {
        prop_assert!(money(&a, "EUR").checked_add(&money(&b, "USD")).is_err());
    }

    #[test]
    fn a_currency_is_three_letters_in_any_case(text in "[A-Za-z]{2,4}") {
        let read = text.parse::<Currency>();
        prop_assert_eq!(read.is_ok(), text.len() == 3);
        if let Ok(currency) = read {
            prop_assert_eq!(currency.to_string(), text.to_ascii_uppercase());
        }
    }

    #[test]
    fn versions_compare_the_other_way_round_when_swapped(
        a in -1_000_i64..1_000, b in -1_000_i64..1_000, at in 0_i64..4_000_000_000, later in 0_i64..1_000,
    ) {
        let time = |seconds: i64| Instant::from_micros(seconds * 1_000_000).unwrap().to_string();
        let pairs = [
            (Comparability::Integer, a.to_string(), b.to_string()),
            (Comparability::Instant, time(at), time(at + later)),
            (Comparability::Tuple, format!("{a}@{}", time(at)), format!("{b}@{}", time(at + later))),
            (Comparability::Equality, a.to_string(), b.to_string()),
        ];
        for (how, a, b) in pairs {
            let forth = compare_versions(how, Some(&a), Some(&b));
            let back = compare_versions(how, Some(&b), Some(&a));
            prop_assert_eq!(forth, reverse(back));
            prop_assert_eq!(compare_versions(how, Some(&a), Some(&a)), VersionOrder::Equal);
        }
        let by_number = compare_versions(Comparability::Integer, Some(&a.to_string()), Some(&b.to_string()));
        prop_assert_eq!(by_number == VersionOrder::Older, a < b);
    }

    #[test]
    fn one_instant_has_one_version_however_it_is_spelled(seconds in 0_i64..4_000_000_000, hours in 1_i64..12) {
        let utc = Instant::from_micros(seconds * 1_000_000).unwrap();
        let local = Instant::from_micros((seconds + hours * 3600) * 1_000_000).unwrap();
        let local = local.to_string().replace('Z', &format!("+{hours:02}:00"));
        prop_assert_eq!(
            compare_versions(Comparability::Instant, Some(&utc.to_string()), Some(&local)),
            VersionOrder::Equal
        );
        prop_assert_eq!(local.parse::<Instant>().unwrap(), utc);
    }

    #[test]
    fn cleaning_a_text_twice_changes_nothing(raw in "\\PC{0,40}|[\\x00-\\x1f]{0,8}") {
        let once = Text::new(&raw);
        prop_assert_eq!(&Text::new(once.as_str()), &once);
        prop_assert!(!once.as_str().chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        let search = number_search(&raw);
        prop_assert_eq!(number_search(&search), search);
    }

    #[test]
    fn an_enum_reads_any_text_and_what_it_writes_it_reads(text in "[a-z_]{0,16}") {
        for state in OrderState::ALL {
            prop_assert_eq!(OrderState::from_text(state.as_str()), *state);
        }
        let read: PaymentState = serde_json::from_str(&format!("\"{text}\"")).unwrap();
        let known = PaymentState::ALL.iter().any(|state| state.as_str() == text);
        prop_assert_eq!(read == PaymentState::Unknown, !known || text == "unknown");
    }
}

#[test]
fn a_record_reads_back_as_it_was_written() {
    let json = r##"{"schema":"commerce/1","kind":"order","source_id":"1","parent":null,"source_version":"2026-01-01T00:00:00Z","source_updated_at":"2026-01-01T00:00:00Z","api_version":null,"completeness":{"partial":["core","lines"]},"missing":{"payments":"not_reported"},"warnings":["unknown_status"],"body":{"number":"#1001","totals":{"placed":{"shop":{"amount":"71.510000","currency":"EUR"}}}}}"##;
    let record: Record = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&record).unwrap(), json);
    let order: ordercase_model::Order = record.read().unwrap();
    let placed = order.totals.placed.unwrap();
    assert_eq!(placed.shop.unwrap().amount.as_str(), "71.510000");
}
