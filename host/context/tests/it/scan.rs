//! What people write, and which numbers the scanner takes from it.

use ordercase_context::{QUOTES_MAX, Quote, QuoteKind, scan};
use proptest::prelude::*;

fn explicit(text: &str) -> Vec<String> {
    of(text, QuoteKind::Order, true)
}

fn of(text: &str, kind: QuoteKind, explicit: bool) -> Vec<String> {
    scan("Question", &[text])
        .into_iter()
        .filter(|quote| quote.kind == kind && quote.explicit == explicit)
        .map(|quote| quote.typed)
        .collect()
}

#[test]
fn numbers_that_the_text_calls_orders_are_explicit() {
    let table: &[(&str, &[&str])] = &[
        ("Where is #1001?", &["1001"]),
        ("#1001, #1002 and #1003", &["1001", "1002", "1003"]),
        ("my order 1001 has not arrived", &["1001"]),
        ("Order No. 1001", &["1001"]),
        ("order number: 1001.", &["1001"]),
        ("order number is 1001", &["1001"]),
        ("order id 7", &["7"]),
        ("ORDER-1001", &["1001"]),
        ("order#1001", &["1001"]),
        ("Order1001", &["1001"]),
        ("(order 1001)", &["1001"]),
        ("orders 1001, 1002 and 1003", &["1001", "1002", "1003"]),
        ("order EN-1001-X", &["EN-1001-X"]),
        ("order 100-2345678-9012345", &["100-2345678-9012345"]),
        ("Bestellung Nr. 4711", &["4711"]),
        ("Bestellnummer 4711", &["4711"]),
        ("ma commande n° 4711 est en retard", &["4711"]),
        ("mi pedido número 4711", &["4711"]),
        ("zamówienie nr 4711", &["4711"]),
        ("注文番号1001はどこですか", &["1001"]),
        ("заказ № 4711", &["4711"]),
        ("the code is T6RXVZ3AJN2PWQ8K thanks", &["T6RXVZ3AJN2PWQ8K"]),
        ("order 2024", &["2024"]),
        ("my order 000000123", &["000000123"]),
        ("#AWB000", &["AWB000"]),
        ("#Order1001", &["1001"]),
    ];
    for (text, expected) in table {
        assert_eq!(explicit(text), *expected, "{text}");
    }
}

#[test]
fn a_subject_that_is_only_a_number_is_explicit() {
    for subject in ["1001", "Re: 1001", "#1001", "Fwd: Re: 1001"] {
        let quotes = scan(subject, &[]);
        assert!(
            quotes.iter().any(|q| q.explicit && q.search == "1001"),
            "{subject}: {quotes:?}"
        );
    }
}

#[test]
fn what_only_looks_like_an_order_number_is_not_taken() {
    let texts = [
        "Call me at +49 30 901820",
        "call 030 901820 or (555) 010-1234 or 555-010-1234",
        "phone +4930901820, fax 030/901820",
        "5550 101234",
        "on 2026-01-31 or 31.01.2026 or 1/31/2026 or 31.1.",
        "at 10:30 or 10:30:15",
        "I paid $1001 and 1001 EUR and 1001€ and € 1001 and USD 1001 and 1,001.00",
        "I paid 1299 dollars for it",
        "20 % off, 1500% sure",
        "in 2024 and since 1999",
        "20260131",
        "see https://shop.example.com/orders/1001?x=2002 or www.example.com/3003",
        "write to anna1001@example.com",
        "my order 100 pieces",
        "my order is 3 weeks late",
        "order of 2024, order from 1 May",
        "card 4111 1111 1111 1111 and 4111111111111111",
        "on the 22nd",
        "no numbers at all",
    ];
    for text in texts {
        assert_eq!(scan("Question", &[text]), [], "{text}");
    }
}

#[test]
fn a_bare_number_is_only_a_hint() {
    for text in ["it says 1001 on the slip", "ref EN1001", "12345 Berlin"] {
        let quotes = scan("Question", &[text]);
        assert!(
            quotes.iter().all(|quote| !quote.explicit) && quotes.len() == 1,
            "{text}: {quotes:?}"
        );
    }
}

#[test]
fn parcels_are_known_by_word_or_by_shape() {
    let table = [
        ("tracking number TRK12345678", "TRK12345678"),
        (
            "Sendungsnummer 00340434161094042557",
            "00340434161094042557",
        ),
        ("tracking 0034 0434 1610 9404 2557", "00340434161094042557"),
        ("AWB12345678", "12345678"),
        ("RB123456785DE has not moved", "RB123456785DE"),
        ("1Z999AA10123456784", "1Z999AA10123456784"),
        ("it says 420941559405511899223", "420941559405511899223"),
    ];
    for (text, expected) in table {
        assert_eq!(of(text, QuoteKind::Tracking, true), [expected], "{text}");
    }
}

#[test]
fn the_search_form_is_the_models() {
    let quotes = scan("", &["order en-1001/x"]);
    assert_eq!(
        (quotes[0].search.as_str(), quotes[0].digits.as_str()),
        ("EN1001X", "1001")
    );
}

#[test]
fn a_flood_of_numbers_is_bounded() {
    let text: String = (1000..2000).map(|n| format!("#{n} ")).collect();
    assert_eq!(scan("", &[&text]).len(), QUOTES_MAX);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_marked_number_is_found_in_any_company(
        before in "[a-z ]{0,30}", after in "[a-z .,]{0,30}",
        number in "[A-Z]{0,3}[0-9]{3,8}(-[A-Z0-9]{1,3})?",
    ) {
        let text = format!("{before} #{number} {after}");
        let found = scan("Question", &[&text]);
        prop_assert!(found.iter().any(|q| q.explicit && q.typed == number), "{text}: {found:?}");
    }

    #[test]
    fn telephone_numbers_dates_and_prices_are_never_taken(
        country in 1..999u32, area in 10..999u32, line in 100_000..9_999_999u32,
        (y, m, d) in (1990..2090u32, 1..=12u32, 1..=28u32), amount in 1..99_999u32, cents in 0..100u32,
    ) {
        for text in [
            format!("+{country} {area} {line}"),
            format!("+{country}{area}{line}"),
            format!("({area}) {line}"),
            format!("{y}-{m:02}-{d:02}"),
            format!("{d:02}.{m:02}.{y}"),
            format!("{m}/{d}/{y}"),
            format!("{amount}.{cents:02}"),
            format!("{amount} EUR"),
            format!("${amount}"),
            format!("{y}"),
        ] {
            prop_assert_eq!(scan("Question", &[&text]), Vec::<Quote>::new(), "{}", text);
        }
    }

    #[test]
    fn any_text_is_read_without_harm(subject in any::<String>(), text in any::<String>()) {
        let quotes = scan(&subject, &[&text]);
        prop_assert!(quotes.len() <= QUOTES_MAX);
        prop_assert!(quotes.iter().all(|q| !q.search.is_empty()));
    }
}
