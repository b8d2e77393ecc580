//! What holds for every set of records, not only for those that somebody thought of.
#![expect(
    clippy::indexing_slicing,
    reason = "strategies draw from tables of a test"
)]

use std::collections::BTreeSet;

use ordercase_identity::{
    Claims, EmailProof, Face, MatchClass, QuotedOrder, RecordLink, people, resolve,
};
use ordercase_model::{
    Buyer, BuyerKind, Customer, CustomerKind, Email, EmailKind, Kind, Order, Phone, Text,
};
use proptest::prelude::*;

const ADDRESSES: [&str; 6] = [
    "anna@example.com",
    "ben@example.com",
    "carl@example.com",
    "info@example.com",
    "d***@example.com",
    "not an address",
];
const PHONES: [&str; 3] = ["+49 30 901820", "030 901820", "+44 20 7946 0000"];

fn email() -> impl Strategy<Value = Option<Email>> {
    let kind = prop_oneof![
        6 => Just(EmailKind::Direct),
        1 => Just(EmailKind::Relay),
        1 => Just(EmailKind::Unknown),
    ];
    (prop::option::of(0..ADDRESSES.len()), kind)
        .prop_map(|(index, kind)| Email::of_kind(ADDRESSES[index?], kind))
}

fn phone() -> impl Strategy<Value = Option<Phone>> {
    prop::option::of(0..PHONES.len()).prop_map(|index| Phone::new(PHONES[index?]))
}

fn shop() -> impl Strategy<Value = String> {
    (0..2u8).prop_map(|n| format!("s{n}"))
}

fn customer() -> impl Strategy<Value = Face> {
    let id = || (0..4u8).prop_map(|n| n.to_string());
    (
        shop(),
        id(),
        prop::option::weighted(0.2, id()),
        email(),
        phone(),
        any::<bool>(),
        0..6u8,
    )
        .prop_map(
            |(shop, source_id, merged_into, email, phone, guest, name)| {
                let customer = Customer {
                    source_id,
                    merged_into,
                    kind: if guest {
                        CustomerKind::GuestRecord
                    } else {
                        CustomerKind::Registered
                    },
                    display_name: Text::non_empty(&format!("Name{name}")),
                    emails: email.into_iter().collect(),
                    phones: phone.into_iter().collect(),
                    ..Customer::default()
                };
                Face::of_customer(&shop, &customer)
            },
        )
}

fn order() -> impl Strategy<Value = Face> {
    let account = prop::option::of((0..4u8).prop_map(|n| n.to_string()));
    (shop(), 0..8u8, account, email(), phone()).prop_map(|(shop, id, account, email, phone)| {
        let order = Order {
            buyer: Buyer {
                kind: if account.is_some() {
                    BuyerKind::Registered
                } else {
                    BuyerKind::Guest
                },
                customer_source_id: account,
                email,
                phone,
                ..Buyer::default()
            },
            ..Order::default()
        };
        Face::of_order(&shop, &format!("o{id}"), &order)
    })
}

/// Faces with distinct records, as a store hands them out.
fn faces() -> impl Strategy<Value = Vec<Face>> {
    prop::collection::vec(prop_oneof![customer(), order()], 0..14).prop_map(|faces| {
        let mut seen = BTreeSet::new();
        faces
            .into_iter()
            .filter(|face| seen.insert(face.record().clone()))
            .collect()
    })
}

fn claims() -> impl Strategy<Value = Claims> {
    let proof = prop_oneof![
        Just(EmailProof::None),
        Just(EmailProof::CameByEmail),
        Just(EmailProof::VerifiedAtDesk),
    ];
    let quoted = prop::collection::vec((shop(), 0..8u8, any::<bool>()), 0..3);
    (0..ADDRESSES.len(), proof, phone(), quoted).prop_map(|(address, proof, phone, quoted)| {
        Claims {
            email: Some(ADDRESSES[address].to_owned()),
            proof,
            phone: phone.map(|phone| phone.raw),
            quoted: quoted
                .into_iter()
                .map(|(shop, id, explicit)| QuotedOrder {
                    order: RecordLink::new(Kind::Order, &shop, &format!("o{id}")),
                    explicit,
                })
                .collect(),
            ..Claims::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_result_does_not_depend_on_arrival_order(
        (faces, shuffled) in faces().prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle())),
        claims in claims(),
    ) {
        prop_assert_eq!(people(&faces, &BTreeSet::new()), people(&shuffled, &BTreeSet::new()));
        prop_assert_eq!(resolve(&claims, &faces), resolve(&claims, &shuffled));
    }

    #[test]
    fn every_record_belongs_to_exactly_one_person(faces in faces()) {
        let people = people(&faces, &BTreeSet::new());
        let records: Vec<_> = people.iter().flat_map(|p| &p.records).collect();
        let distinct: BTreeSet<_> = records.iter().collect();
        prop_assert_eq!(records.len(), distinct.len());
        prop_assert_eq!(records.len(), faces.len());
    }

    #[test]
    fn nobody_is_confirmed_without_a_proof(faces in faces(), claims in claims()) {
        let unproved = Claims { proof: EmailProof::None, ..claims };
        prop_assert_ne!(resolve(&unproved, &faces).class, MatchClass::Confirmed);
    }

    #[test]
    fn a_role_or_blanked_address_never_confirms(faces in faces(), claims in claims()) {
        for address in ["info@example.com", "d***@example.com", "not an address"] {
            let claims = Claims { email: Some(address.to_owned()), ..claims.clone() };
            prop_assert_ne!(resolve(&claims, &faces).class, MatchClass::Confirmed);
        }
    }

    #[test]
    fn adding_a_relay_address_never_joins(faces in faces(), at in any::<prop::sample::Index>()) {
        prop_assume!(!faces.is_empty());
        let before = people(&faces, &BTreeSet::new());
        let relay = Email::of_kind("m-7@relay.example.com", EmailKind::Relay);
        let mut with: Vec<Face> = faces.clone();
        for id in ["r1", "r2"] {
            let order = Order {
                buyer: Buyer { email: relay.clone(), ..Buyer::default() },
                ..Order::default()
            };
            with.insert(at.index(with.len()), Face::of_order("s0", id, &order));
        }
        prop_assert_eq!(people(&with, &BTreeSet::new()).len(), before.len() + 2);
    }

    #[test]
    fn a_persons_accounts_never_contradict_within_one_shop(faces in faces()) {
        for person in people(&faces, &BTreeSet::new()) {
            let mine: Vec<Face> = faces
                .iter()
                .filter(|face| person.records.contains(face.record()))
                .cloned()
                .collect();
            // Taken alone, the records of one person are still one person.
            prop_assert_eq!(people(&mine, &BTreeSet::new()).len(), 1);
        }
    }

    #[test]
    fn a_strangers_order_never_comes_with_a_confirmation(faces in faces(), claims in claims()) {
        let found = resolve(&claims, &faces);
        if let Some(person) = found.confirmed() {
            let names_own = claims.quoted.iter().any(|q| person.records.contains(&q.order));
            let names_others = claims.quoted.iter().any(|q| q.explicit && !person.records.contains(&q.order));
            prop_assert!(names_own || !names_others);
        }
    }
}
