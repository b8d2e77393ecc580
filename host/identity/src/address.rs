//! E-mail addresses as identity keys: which may join people, which may only hint, which say nothing.

use ordercase_model::{Email, EmailKind, Text};

/// What an address is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressUse {
    /// Belongs to one person: joins records and proves identity when verified.
    Personal,
    /// A role's or a group's mailbox: finds records, joins nobody, proves nothing.
    Shared,
    /// A relay, blanked out or no address at all: never looked at.
    Never,
}

/// Names of mailboxes that belong to a role, in the form that [`role_name`] leaves.
const ROLES: &[&str] = &[
    "abuse",
    "account",
    "accounting",
    "accounts",
    "admin",
    "administrator",
    "billing",
    "bookings",
    "buchhaltung",
    "commandes",
    "compras",
    "contact",
    "contacto",
    "contactus",
    "customercare",
    "customerservice",
    "customersupport",
    "donotreply",
    "einkauf",
    "enquiries",
    "enquiry",
    "facturacion",
    "feedback",
    "finance",
    "hello",
    "help",
    "helpdesk",
    "hi",
    "hostmaster",
    "hr",
    "info",
    "information",
    "inquiries",
    "invoice",
    "invoices",
    "it",
    "jobs",
    "kontakt",
    "kundenservice",
    "legal",
    "mail",
    "mailer",
    "mailerdaemon",
    "marketing",
    "news",
    "newsletter",
    "noreply",
    "notification",
    "notifications",
    "office",
    "operations",
    "order",
    "orders",
    "postmaster",
    "press",
    "privacy",
    "procurement",
    "purchasing",
    "reception",
    "rechnung",
    "returns",
    "sales",
    "security",
    "service",
    "servicio",
    "shipping",
    "shop",
    "staff",
    "store",
    "support",
    "team",
    "ventas",
    "vertrieb",
    "warehouse",
    "webmaster",
];

/// The form in which two addresses are compared: composed, trimmed, lower case. Dots and plus parts
/// stay, because they tell mailboxes apart at some providers. `None` for what is no address.
#[must_use]
pub fn address_key(address: &str) -> Option<String> {
    let key = Text::new(address.trim()).as_str().to_lowercase();
    let (local, domain) = key.rsplit_once('@')?;
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    let shaped = !local.is_empty()
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
        && !domain.contains('@')
        && key.len() <= 320
        && key.chars().all(plain);
    shaped.then_some(key)
}

/// What an address in the form of [`address_key`] is good for, by its own text alone.
#[must_use]
pub fn address_use(key: &str) -> AddressUse {
    let Some((local, _)) = key.rsplit_once('@') else {
        return AddressUse::Never;
    };
    if key.contains(['*', '…', '•']) {
        AddressUse::Never
    } else if ROLES.contains(&role_name(local).as_str()) {
        AddressUse::Shared
    } else {
        AddressUse::Personal
    }
}

/// What a record's address is good for, by its kind and its text.
pub(crate) fn email_use(email: &Email) -> (Option<String>, AddressUse) {
    let Some(key) = address_key(&email.value) else {
        return (None, AddressUse::Never);
    };
    let by_kind = match email.kind {
        EmailKind::Relay | EmailKind::Masked => AddressUse::Never,
        _ => AddressUse::Personal,
    };
    let by_text = address_use(&key);
    (Some(key), by_kind.max(by_text))
}

/// The local part without its plus part, dots, dashes and underscores: `no-reply+42` is `noreply`.
fn role_name(local: &str) -> String {
    let local = local.split_once('+').map_or(local, |(name, _)| name);
    local
        .chars()
        .filter(|c| !matches!(c, '.' | '-' | '_'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_tell_addresses_apart_but_dots_and_plus_parts_do() {
        let key = |text: &str| address_key(text).unwrap();
        assert_eq!(key(" Anna.Berg@Example.COM "), "anna.berg@example.com");
        assert_eq!(key("jose\u{301}@example.com"), key("JOSÉ@example.com"));
        assert_ne!(key("annaberg@example.com"), key("anna.berg@example.com"));
        assert_ne!(key("anna+shop@example.com"), key("anna@example.com"));
    }

    #[test]
    fn what_is_no_address_has_no_key() {
        for text in [
            "",
            "@",
            "anna",
            "anna@",
            "@example.com",
            "a b@example.com",
            "a@localhost",
            "a@b..c",
        ] {
            assert_eq!(address_key(text), None, "{text:?}");
        }
    }

    #[test]
    fn role_mailboxes_are_shared_and_blanked_ones_say_nothing() {
        for text in [
            "info@a.com",
            "no-reply@a.com",
            "no.reply+x@a.com",
            "customer_service@a.com",
            "sales@a.com",
            "support@a.com",
        ] {
            assert_eq!(address_use(text), AddressUse::Shared, "{text}");
        }
        assert_eq!(address_use("a***@a.com"), AddressUse::Never);
        for text in ["information.desk@a.com", "salesman@a.com", "infobert@a.com"] {
            assert_eq!(address_use(text), AddressUse::Personal, "{text}");
        }
    }

    #[test]
    fn a_relay_is_never_an_identity_key_whatever_it_looks_like() {
        let relay = Email::of_kind("anna@example.com", EmailKind::Relay).unwrap();
        assert_eq!(email_use(&relay).1, AddressUse::Never);
        assert_eq!(
            email_use(&Email::direct("anna@example.com").unwrap()).1,
            AddressUse::Personal
        );
    }
}
