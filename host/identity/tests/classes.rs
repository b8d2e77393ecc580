//! The five classes of design §6, one table row per situation an agent meets.

use std::collections::BTreeSet;

use ordercase_identity::{
    Claims, Counter, EmailProof, Face, MatchClass, QuotedOrder, Reason, RecordLink, resolve,
};
use ordercase_model::{
    Buyer, BuyerKind, Customer, CustomerKind, Email, EmailKind, Kind, Order, Phone, Text,
};

fn customer(shop: &str, id: &str, name: &str, email: &str) -> Face {
    let customer = Customer {
        source_id: id.to_owned(),
        kind: CustomerKind::Registered,
        display_name: Text::non_empty(name),
        emails: Email::direct(email).into_iter().collect(),
        ..Customer::default()
    };
    Face::of_customer(shop, &customer)
}

fn guest_record(shop: &str, id: &str, email: &str) -> Face {
    let customer = Customer {
        source_id: id.to_owned(),
        kind: CustomerKind::GuestRecord,
        emails: Email::direct(email).into_iter().collect(),
        ..Customer::default()
    };
    Face::of_customer(shop, &customer)
}

fn bought(shop: &str, id: &str, account: Option<&str>, email: Option<Email>, phone: &str) -> Face {
    let order = Order {
        buyer: Buyer {
            kind: if account.is_some() {
                BuyerKind::Registered
            } else {
                BuyerKind::Guest
            },
            customer_source_id: account.map(str::to_owned),
            email,
            phone: Phone::new(phone),
            ..Buyer::default()
        },
        ..Order::default()
    };
    Face::of_order(shop, id, &order)
}

fn guest_order(shop: &str, id: &str, email: &str) -> Face {
    bought(shop, id, None, Email::direct(email), "")
}

fn claims(email: &str, proof: EmailProof) -> Claims {
    Claims {
        email: Some(email.to_owned()),
        proof,
        ..Claims::default()
    }
}

fn verified(email: &str) -> Claims {
    claims(email, EmailProof::VerifiedAtDesk)
}

fn quoting(mut claims: Claims, shop: &str, order: &str, explicit: bool) -> Claims {
    claims.quoted.push(QuotedOrder {
        order: RecordLink::new(Kind::Order, shop, order),
        explicit,
    });
    claims
}

const ANNA: &str = "anna@example.com";
const BEN: &str = "ben@example.com";

#[test]
fn one_person_with_a_proved_address_is_confirmed() {
    let faces = [
        customer("s1", "1", "Anna Berg", ANNA),
        guest_order("s1", "o1", "ANNA@example.com"),
        bought("s1", "o2", Some("1"), None, ""),
        customer("s1", "2", "Ben Cole", BEN),
    ];
    for proof in [EmailProof::VerifiedAtDesk, EmailProof::CameByEmail] {
        let found = resolve(&claims(" Anna@Example.com ", proof), &faces);
        assert_eq!(found.class, MatchClass::Confirmed);
        let person = found.confirmed().unwrap();
        assert_eq!(person.records.len(), 3);
        assert_eq!(person.initials(), "A. B.");
    }
}

#[test]
fn the_same_address_without_proof_is_only_probable() {
    let faces = [customer("s1", "1", "Anna Berg", ANNA)];
    let found = resolve(&claims(ANNA, EmailProof::None), &faces);
    assert_eq!(found.class, MatchClass::Probable);
    assert!(found.confirmed().is_none());
    assert_eq!(found.candidates[0].counters, [Counter::NotProved]);
}

#[test]
fn a_telephone_number_alone_is_probable_in_any_spelling() {
    let faces = [bought(
        "s1",
        "o1",
        None,
        Email::direct(ANNA),
        "+49 30 901820",
    )];
    let claims = Claims {
        email: Some("somebody@example.com".into()),
        proof: EmailProof::VerifiedAtDesk,
        phone: Some("030/901820".into()),
        ..Claims::default()
    };
    let found = resolve(&claims, &faces);
    assert_eq!(found.class, MatchClass::Probable);
    assert_eq!(found.candidates[0].reasons, [Reason::Phone]);
}

#[test]
fn two_shops_of_one_tenant_are_one_person_and_two_accounts_of_one_shop_are_several() {
    let across = [
        customer("s1", "1", "Anna Berg", ANNA),
        customer("s2", "1", "Anna Berg", ANNA),
    ];
    assert_eq!(
        resolve(&verified(ANNA), &across).class,
        MatchClass::Confirmed
    );

    let within = [
        customer("s1", "1", "Anna Berg", ANNA),
        customer("s1", "2", "Carl Berg", ANNA),
        guest_order("s1", "o1", ANNA),
    ];
    let found = resolve(&verified(ANNA), &within);
    assert_eq!(found.class, MatchClass::Ambiguous);
    assert_eq!(found.candidates.len(), 3);
    assert!(
        found
            .candidates
            .iter()
            .all(|c| c.counters.contains(&Counter::AccountsContradict))
    );
}

#[test]
fn the_same_id_in_two_shops_never_joins() {
    let faces = [
        customer("s1", "7", "Anna Berg", ANNA),
        customer("s2", "7", "Ben Cole", BEN),
    ];
    let found = resolve(&verified(ANNA), &faces);
    assert_eq!(found.confirmed().unwrap().records.len(), 1);
}

#[test]
fn a_shops_records_of_guests_do_not_contradict() {
    let faces = [
        guest_record("s1", "g1", ANNA),
        guest_record("s1", "g2", ANNA),
        customer("s1", "1", "Anna Berg", ANNA),
    ];
    assert_eq!(
        resolve(&verified(ANNA), &faces).class,
        MatchClass::Confirmed
    );
}

#[test]
fn a_chain_of_addresses_that_would_join_two_accounts_joins_none() {
    let both = Customer {
        source_id: "9".into(),
        kind: CustomerKind::Registered,
        emails: [ANNA, BEN].into_iter().filter_map(Email::direct).collect(),
        ..Customer::default()
    };
    let faces = [
        customer("s1", "1", "Anna", ANNA),
        Face::of_customer("s2", &both),
        customer("s1", "2", "Ben", BEN),
    ];
    let found = resolve(&verified(ANNA), &faces);
    assert_eq!(found.class, MatchClass::Ambiguous);
    assert_eq!(found.candidates.len(), 2);
}

#[test]
fn a_merged_account_belongs_to_the_one_it_was_merged_into() {
    let merged = Customer {
        source_id: "1".into(),
        merged_into: Some("2".into()),
        emails: Email::direct(ANNA).into_iter().collect(),
        ..Customer::default()
    };
    let faces = [
        Face::of_customer("s1", &merged),
        customer("s1", "2", "Anna Berg", ANNA),
        bought("s1", "o1", Some("1"), None, ""),
    ];
    let found = resolve(&verified(ANNA), &faces);
    assert_eq!(found.confirmed().unwrap().records.len(), 3);
}

#[test]
fn role_and_shared_addresses_are_never_proof() {
    let faces = [customer("s1", "1", "Anna Berg", "info@example.com")];
    let found = resolve(&verified("info@example.com"), &faces);
    assert_eq!(found.class, MatchClass::Probable);

    let mut tenants_own = verified(ANNA);
    tenants_own.shared_addresses = BTreeSet::from([ANNA.to_owned()]);
    let faces = [customer("s1", "1", "Anna Berg", ANNA)];
    assert_eq!(resolve(&tenants_own, &faces).class, MatchClass::Probable);
}

#[test]
fn an_address_with_many_names_is_shared_and_joins_nobody() {
    let faces: Vec<Face> = ["Ada A", "Bo B", "Cy C", "Di D", "Ed E"]
        .iter()
        .enumerate()
        .map(|(i, name)| customer(&format!("s{i}"), "1", name, "depot@example.com"))
        .collect();
    let found = resolve(&verified("depot@example.com"), &faces);
    assert_eq!(found.class, MatchClass::Ambiguous);
    assert_eq!(found.candidates.len(), 5);
}

#[test]
fn a_relay_or_masked_address_matches_nobody() {
    for kind in [EmailKind::Relay, EmailKind::Masked] {
        let faces = [bought("s1", "o1", None, Email::of_kind(ANNA, kind), "")];
        assert_eq!(resolve(&verified(ANNA), &faces).class, MatchClass::Unknown);
    }
}

#[test]
fn somebody_elses_order_number_hides_everything() {
    let faces = [
        customer("s1", "1", "Anna Berg", ANNA),
        customer("s1", "2", "Ben Cole", BEN),
        bought("s1", "o2", Some("2"), Email::direct(BEN), ""),
    ];
    let stranger = quoting(verified("stranger@example.com"), "s1", "o2", true);
    let found = resolve(&stranger, &faces);
    assert_eq!(found.class, MatchClass::OwnerDiffers);
    assert!(found.candidates.is_empty());

    let customer = quoting(verified(ANNA), "s1", "o2", true);
    let found = resolve(&customer, &faces);
    assert_eq!(found.class, MatchClass::OwnerDiffers);
    assert_eq!(found.others_orders.len(), 1);
}

#[test]
fn an_own_order_number_does_not_prove_an_address() {
    let faces = [bought("s1", "o1", None, Email::direct(ANNA), "")];
    let found = resolve(
        &quoting(claims(ANNA, EmailProof::None), "s1", "o1", true),
        &faces,
    );
    assert_eq!(found.class, MatchClass::Probable);
    assert!(
        found.candidates[0]
            .reasons
            .contains(&Reason::QuotedOwnOrder)
    );
}

#[test]
fn one_number_in_two_shops_stays_with_its_buyer() {
    let faces = [
        bought("s1", "o1", None, Email::direct(ANNA), ""),
        bought("s2", "o1", None, Email::direct(BEN), ""),
    ];
    let claims = quoting(quoting(verified(ANNA), "s1", "o1", true), "s2", "o1", true);
    let found = resolve(&claims, &faces);
    assert_eq!(found.class, MatchClass::Confirmed);
    assert_eq!(found.confirmed().unwrap().records.len(), 1);
}

#[test]
fn a_number_that_merely_occurs_does_not_hide_a_confirmed_person() {
    let faces = [
        customer("s1", "1", "Anna Berg", ANNA),
        bought("s1", "o2", None, Email::direct(BEN), ""),
    ];
    let found = resolve(&quoting(verified(ANNA), "s1", "o2", false), &faces);
    assert_eq!(found.class, MatchClass::Confirmed);
    let unknown = quoting(verified("x@example.com"), "s1", "o2", false);
    assert_eq!(resolve(&unknown, &faces).class, MatchClass::Unknown);
}

#[test]
fn unproved_address_and_telephone_of_two_people_are_ambiguous_but_a_proved_address_decides() {
    let faces = [
        customer("s1", "1", "Anna Berg", ANNA),
        bought("s1", "o2", None, Email::direct(BEN), "+4930901820"),
    ];
    let mut claimed = claims(ANNA, EmailProof::None);
    claimed.phone = Some("+4930901820".into());
    assert_eq!(resolve(&claimed, &faces).class, MatchClass::Ambiguous);

    claimed.proof = EmailProof::VerifiedAtDesk;
    let found = resolve(&claimed, &faces);
    assert_eq!(found.class, MatchClass::Confirmed);
    assert!(
        found.candidates[0]
            .counters
            .contains(&Counter::PhoneOfAnother)
    );
}

#[test]
fn an_agent_may_confirm_one_person_and_nobody_else_is_shown() {
    let faces = [
        customer("s1", "1", "Anna Berg", ANNA),
        customer("s1", "2", "Carl Berg", ANNA),
    ];
    let mut claimed = claims(ANNA, EmailProof::None);
    claimed.confirmed_by_agent = BTreeSet::from([RecordLink::new(Kind::Customer, "s1", "2")]);
    let found = resolve(&claimed, &faces);
    assert_eq!(found.class, MatchClass::Confirmed);
    assert_eq!(found.confirmed().unwrap().names, ["Carl Berg"]);
}

#[test]
fn nothing_known_is_unknown() {
    assert_eq!(resolve(&Claims::default(), &[]).class, MatchClass::Unknown);
    let faces = [customer("s1", "1", "Anna Berg", ANNA)];
    assert_eq!(
        resolve(&Claims::default(), &faces).class,
        MatchClass::Unknown
    );
}
