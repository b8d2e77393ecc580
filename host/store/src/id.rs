//! Ids, one type each, so that a desk is never taken for a tenant. Letters, digits, `_`, `-`, `.`.
//!
//! Ids of things that people make are minted from random bits that the caller hands in. Ids of things
//! that arrive or follow (receipts, effects, cases) are hashes of what makes them unique, so the same
//! delivery or intent twice has the same id.

use std::{fmt, str::FromStr};

use ordercase_model::Kind;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::limits::ID_CHARS_MAX;

/// Why a text is no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no id: use 1 to 128 letters, digits, `_`, `-` or `.`")]
pub struct IdError {
    text: String,
}

fn check(text: &str) -> Result<(), IdError> {
    let fits = (1..=ID_CHARS_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if fits {
        Ok(())
    } else {
        Err(IdError {
            text: text.chars().take(64).collect(),
        })
    }
}

/// SHA-256 over length-prefixed parts, so that no two lists of parts meet.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

/// SHA-256 of one text, hex.
pub(crate) fn sha256(text: &[u8]) -> String {
    hex::encode(Sha256::digest(text))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a text as id.
            ///
            /// # Errors
            /// When it is empty, too long, or holds other characters.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check(&text)?;
                Ok(Self(text))
            }

            /// A new id from random bits that the caller hands in.
            #[must_use]
            pub fn mint(bits: u128) -> Self {
                Self(format!(concat!($prefix, "_{:026x}"), bits >> 24))
            }

            /// The id that belongs to these parts, always the same.
            #[must_use]
            pub fn of(parts: &[&str]) -> Self {
                let hash = digest(parts);
                Self(format!(concat!($prefix, "_{}"), hash.get(..26).unwrap_or_default()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )* };
}

ids! {
    /// A merchant.
    TenantId "ten"
    /// One Zendesk account of a tenant.
    DeskId "dsk"
    /// One shop of a tenant, pinned to one plugin digest.
    ConnectionId "con"
    /// One verified delivery.
    ReceiptId "rcp"
    /// One intended change outside.
    EffectId "eff"
    /// One case; stands for (tenant, desk, ticket).
    CaseId "cas"
    /// Whoever holds a lease: one per process.
    HolderId "hld"
    /// One window of a stream's track.
    RunId "run"
}

/// A desk with its tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeskKey {
    /// Tenant.
    pub tenant: TenantId,
    /// Desk.
    pub desk: DeskId,
}

/// A connection with its tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConnectionKey {
    /// Tenant.
    pub tenant: TenantId,
    /// Connection.
    pub connection: ConnectionId,
}

/// A ticket with its desk.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TicketKey {
    /// Tenant.
    pub tenant: TenantId,
    /// Desk.
    pub desk: DeskId,
    /// The ticket's number at the desk.
    pub ticket_id: u64,
}

impl TicketKey {
    /// The desk of the ticket.
    #[must_use]
    pub fn desk_key(&self) -> DeskKey {
        DeskKey {
            tenant: self.tenant.clone(),
            desk: self.desk.clone(),
        }
    }

    /// The case of the ticket: one, always the same.
    #[must_use]
    pub fn case_id(&self) -> CaseId {
        CaseId::of(&[
            self.tenant.as_str(),
            self.desk.as_str(),
            &self.ticket_id.to_string(),
        ])
    }
}

/// A record, wherever it is spoken of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordKey {
    /// Tenant.
    pub tenant: TenantId,
    /// Connection.
    pub connection: ConnectionId,
    /// Kind.
    pub kind: Kind,
    /// The source's id.
    pub source_id: String,
}

/// Who a receipt, a secret or a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// A connection.
    Connection(ConnectionId),
    /// A desk.
    Desk(DeskId),
    /// The tenant itself.
    Tenant(TenantId),
}

impl Owner {
    /// `connection`, `desk` or `tenant`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connection(_) => "connection",
            Self::Desk(_) => "desk",
            Self::Tenant(_) => "tenant",
        }
    }

    /// The id, whatever it names.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Connection(id) => id.as_str(),
            Self::Desk(id) => id.as_str(),
            Self::Tenant(id) => id.as_str(),
        }
    }

    pub(crate) fn read(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "connection" => ConnectionId::new(id).ok().map(Self::Connection),
            "desk" => DeskId::new(id).ok().map(Self::Desk),
            "tenant" => TenantId::new(id).ok().map(Self::Tenant),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_could_leave_a_path_or_a_query() {
        for bad in ["", "a/b", "a b", "ä", "a\n", &"x".repeat(129)] {
            assert!(TenantId::new(bad).is_err(), "{bad:?}");
        }
        assert!(TenantId::new("ten_0.1-A").is_ok());
    }

    #[test]
    fn parts_never_run_into_each_other() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_eq!(EffectId::of(&["a"]), EffectId::of(&["a"]));
    }

    #[test]
    fn minted_ids_are_ids() {
        let id = DeskId::mint(u128::MAX);
        assert_eq!(DeskId::new(id.as_str()), Ok(id));
    }
}
