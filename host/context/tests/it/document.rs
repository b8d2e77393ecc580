//! The document and its renderings, as golden files; and what holds of every document.

use ordercase_context::{FieldPolicy, fields, note, tags};
use ordercase_identity::EmailProof;
use serde_json::{Value, json};

use crate::support::{Ticket, order, rich};

#[test]
fn a_confirmed_customer_sees_every_block() {
    let ticket = Ticket {
        orders: vec![
            rich(),
            order(
                "1002",
                json!({"order_state": {"canonical": "cancelled"}, "totals": {}}),
            ),
        ],
        complete: false,
        ..Ticket::default()
    };
    insta::assert_json_snapshot!(ticket.context());
}

#[test]
fn the_note_is_plain_text_with_dates_codes_and_words_for_what_is_absent() {
    let ticket = Ticket {
        orders: vec![rich()],
        policy: FieldPolicy::ticket(),
        ..Ticket::default()
    };
    insta::assert_snapshot!(note(&ticket.context(), "k1").unwrap());
}

#[test]
fn fields_hold_short_canonical_words() {
    let ticket = Ticket {
        orders: vec![rich()],
        ..Ticket::default()
    };
    insta::assert_json_snapshot!(fields(&ticket.context()));
}

#[test]
fn every_other_class_renders_a_tag_and_nothing_else() {
    let others = [
        (
            "probable",
            Ticket {
                proof: EmailProof::None,
                ..Ticket::default()
            },
        ),
        (
            "owner_differs",
            Ticket {
                email: "stranger@example.com",
                ..Ticket::default()
            },
        ),
        (
            "unknown",
            Ticket {
                email: "nobody@example.com",
                subject: "Hello",
                ..Ticket::default()
            },
        ),
    ];
    for (class, ticket) in others {
        let context = ticket.context();
        assert_eq!(context.matched.class.as_str(), class);
        assert_eq!(note(&context, "k"), None);
        assert!(fields(&context).values().all(Option::is_none), "{class}");
        assert_eq!(
            tags(&context, &[]).add,
            [format!("ordercase_match_{class}")]
        );
        let text = serde_json::to_string(&context).unwrap();
        for fact in ["1001", "Anna", "Berg", "Darjeeling", "Tea Shop", "28.70"] {
            assert!(!text.contains(fact), "{class} leaks {fact}: {text}");
        }
    }
}

#[test]
fn tags_of_other_classes_go_and_those_of_others_stay() {
    let present = ["vip".to_owned(), "ordercase_match_unknown".to_owned()];
    let change = tags(&Ticket::default().context(), &present);
    assert_eq!(change.add, ["ordercase_match_confirmed"]);
    assert_eq!(change.remove, ["ordercase_match_unknown"]);
    assert!(tags(&Ticket::default().context(), &change.add).is_empty());
}

#[test]
fn a_policy_hides_and_says_so() {
    let nothing = FieldPolicy {
        names: false,
        contacts: false,
        destination: false,
        amounts: false,
        lines: false,
        payment_methods: false,
        history: false,
    };
    let ticket = Ticket {
        orders: vec![rich(), order("1002", json!({}))],
        policy: nothing,
        ..Ticket::default()
    };
    let context = serde_json::to_value(ticket.context()).unwrap();
    let text = context.to_string();
    for fact in [
        "Anna",
        "anna@",
        "901820",
        "Berlin",
        "28.70",
        "4.90",
        "Darjeeling",
        "visa",
        "1002",
    ] {
        assert!(!text.contains(fact), "{fact} is hidden: {text}");
    }
    assert_eq!(context["identity"]["name"]["absent"], "hidden");
    assert_eq!(
        context["order_in_question"]["total_placed"]["absent"],
        "hidden"
    );
}

#[test]
fn a_street_never_leaves() {
    let ticket = Ticket {
        orders: vec![rich()],
        ..Ticket::default()
    };
    let text = serde_json::to_string(&ticket.context()).unwrap();
    assert!(text.contains("Berlin") && !text.contains("Secret Street"));
}

#[test]
fn absent_is_said_and_never_zero() {
    let mut bare = order("1001", json!({"totals": {}, "lines": [], "paid_at": null}));
    bare.missing
        .insert("payments".into(), ordercase_model::Missing::NotPermitted);
    bare.missing
        .insert("lines".into(), ordercase_model::Missing::NotFetched);
    let ticket = Ticket {
        orders: vec![bare],
        ..Ticket::default()
    };
    let context = serde_json::to_value(ticket.context()).unwrap();
    assert_eq!(
        context["payment"]["transactions_count"],
        json!({"absent": "not_permitted", "src": "s1"})
    );
    assert_eq!(
        context["payment"]["received"],
        json!({"absent": "not_reported", "src": "s1"})
    );
    assert_eq!(
        context["order_in_question"]["lines_count"]["absent"],
        "not_fetched"
    );
    assert_eq!(context["history"]["received_unknown"], 1);
    let note = note(&ticket.context(), "k").unwrap();
    assert!(
        note.contains("Total: not available from this shop"),
        "{note}"
    );
}

#[test]
fn history_says_at_least_while_a_shop_is_still_read() {
    let orders = |ticket: &Ticket<'_>| {
        serde_json::to_value(ticket.context()).unwrap()["history"]["orders"].clone()
    };
    assert_eq!(
        orders(&Ticket::default()),
        json!({"count": 1, "at_least": false})
    );
    let reading = Ticket {
        complete: false,
        ..Ticket::default()
    };
    assert_eq!(orders(&reading), json!({"count": 1, "at_least": true}));
}

#[test]
fn every_fact_names_a_source_that_is_there() {
    let ticket = Ticket {
        orders: vec![rich(), order("1002", json!({}))],
        ..Ticket::default()
    };
    let context = serde_json::to_value(ticket.context()).unwrap();
    let mut facts = 0;
    walk(&context, &mut |object| {
        if object.contains_key("value") || object.contains_key("absent") {
            facts += 1;
            let src = object["src"].as_str().unwrap();
            assert!(
                context["sources"][src]["age_seconds"].is_i64(),
                "{object:?}"
            );
            assert_ne!(
                object.contains_key("value"),
                object.contains_key("absent"),
                "{object:?}"
            );
        }
    });
    assert!(facts > 30, "{facts}");
}

fn walk(value: &Value, see: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            see(object);
            object.values().for_each(|value| walk(value, see));
        }
        Value::Array(items) => items.iter().for_each(|value| walk(value, see)),
        _ => {}
    }
}

#[test]
fn an_order_of_five_hundred_lines_stays_small() {
    let lines: Vec<Value> = (0..500)
        .map(|n| json!({"source_id": n.to_string(), "title": format!("Tea number {n}"), "countable": true}))
        .collect();
    let ticket = Ticket {
        orders: vec![order("1001", json!({"lines": lines}))],
        ..Ticket::default()
    };
    let context = ticket.context();
    let text = serde_json::to_string(&context).unwrap();
    assert!(text.len() < 16 * 1024, "{} bytes", text.len());
    assert_eq!(
        context.order_in_question.unwrap().lines_count.value,
        Some(500)
    );
}

#[test]
fn the_order_of_records_does_not_show() {
    let (a, b) = (rich(), order("1002", json!({})));
    let one = Ticket {
        orders: vec![a.clone(), b.clone()],
        ..Ticket::default()
    }
    .context();
    let other = Ticket {
        orders: vec![b, a],
        ..Ticket::default()
    }
    .context();
    assert_eq!(one.timeline, other.timeline);
    assert_eq!(one.order_in_question, other.order_in_question);
    assert_eq!(one.history.unwrap().orders, other.history.unwrap().orders);
}

#[test]
fn a_document_reads_back_as_itself() {
    let context = Ticket {
        orders: vec![rich()],
        ..Ticket::default()
    }
    .context();
    let text = serde_json::to_string(&context).unwrap();
    assert_eq!(
        serde_json::from_str::<ordercase_context::SupportContext>(&text).unwrap(),
        context
    );
}
