//! What a ticket claims: who asks, how that is proved, and which numbers it quotes.

use std::collections::BTreeSet;

use ordercase_context::scan;
use ordercase_identity::{Claims, EmailProof, QuotedOrder, RecordLink};

use crate::{Role, TicketSnapshot, mirror::Asked};

/// Reads the claims of a ticket. Only what the requester wrote is scanned: an agent's words may be
/// about anybody.
pub(crate) fn asked(ticket: &TicketSnapshot) -> Asked {
    let Some(requester) = &ticket.requester else {
        return Asked::default();
    };
    let theirs: Vec<&str> = ticket
        .comments
        .iter()
        .filter(|comment| comment.public && comment.author_id == requester.id)
        .map(|comment| comment.body.as_str())
        .collect();
    let texts = if theirs.is_empty() {
        vec![ticket.description.as_str()]
    } else {
        theirs
    };
    Asked {
        email: requester.email.clone(),
        proof: proof(ticket),
        phone: requester.phone.clone(),
        quotes: scan(&ticket.subject, &texts),
    }
}

/// Verified at the help desk; or the ticket came by e-mail from that very address and nothing made
/// the sender suspicious (design §6).
fn proof(ticket: &TicketSnapshot) -> EmailProof {
    let Some(requester) = &ticket.requester else {
        return EmailProof::None;
    };
    let Some(email) = requester.email.as_deref() else {
        return EmailProof::None;
    };
    if requester.email_verified {
        return EmailProof::VerifiedAtDesk;
    }
    let came_by_email = ticket.channel == "email"
        && requester.role == Role::EndUser
        && ticket.comments.first().is_some_and(|first| {
            first.author_id == requester.id
                && first.channel == "email"
                && first.suspicion.is_empty()
                && first
                    .from_address
                    .as_deref()
                    .is_some_and(|from| from.trim().eq_ignore_ascii_case(email.trim()))
        });
    if came_by_email {
        EmailProof::CameByEmail
    } else {
        EmailProof::None
    }
}

/// Claims for the resolver.
pub(crate) fn claims(
    asked: &Asked,
    quoted: &[QuotedOrder],
    confirmed: &[RecordLink],
    shared: BTreeSet<String>,
) -> Claims {
    Claims {
        email: asked.email.clone(),
        proof: asked.proof,
        phone: asked.phone.clone(),
        quoted: quoted.to_vec(),
        confirmed_by_agent: confirmed.iter().cloned().collect(),
        shared_addresses: shared,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Person, Suspicion, TicketComment};

    fn by_email(from: Option<&str>, suspicion: &[Suspicion]) -> TicketSnapshot {
        TicketSnapshot {
            channel: "email".into(),
            requester: Some(Person {
                id: 1,
                email: Some("Anna@example.com".into()),
                ..Person::default()
            }),
            comments: vec![TicketComment {
                id: 1,
                author_id: 1,
                public: true,
                channel: "email".into(),
                from_address: from.map(str::to_owned),
                suspicion: suspicion.to_vec(),
                body: "order 1001".into(),
                ..TicketComment::default()
            }],
            ..TicketSnapshot::default()
        }
    }

    #[test]
    fn an_address_is_proved_by_the_help_desk_or_by_an_unsuspicious_e_mail_from_it() {
        let clean = by_email(Some("anna@example.com"), &[]);
        assert_eq!(proof(&clean), EmailProof::CameByEmail);

        for (from, suspicion) in [
            (Some("other@example.com"), &[][..]),
            (None, &[]),
            (Some("anna@example.com"), &[Suspicion::Spoofed]),
            (Some("anna@example.com"), &[Suspicion::AddressUnverified]),
        ] {
            assert_eq!(proof(&by_email(from, suspicion)), EmailProof::None);
        }

        let mut web = by_email(Some("anna@example.com"), &[]);
        web.channel = "web".into();
        assert_eq!(proof(&web), EmailProof::None);
        web.requester.as_mut().unwrap().email_verified = true;
        assert_eq!(proof(&web), EmailProof::VerifiedAtDesk);
    }

    #[test]
    fn only_the_requesters_public_words_are_scanned() {
        let mut ticket = by_email(None, &[]);
        ticket.comments.push(TicketComment {
            id: 2,
            author_id: 9,
            public: true,
            body: "order 2002".into(),
            ..TicketComment::default()
        });
        ticket.comments.push(TicketComment {
            id: 3,
            author_id: 1,
            public: false,
            body: "order 3003".into(),
            ..TicketComment::default()
        });
        let numbers: Vec<String> = asked(&ticket).quotes.into_iter().map(|q| q.typed).collect();
        assert_eq!(numbers, ["1001"]);
    }
}
