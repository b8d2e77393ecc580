//! Which fields a tenant lets leave the host. A hidden fact says that it is hidden.

use serde::{Deserialize, Serialize};

/// What one audience may see of a confirmed customer. Fields that are not named here always show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldPolicy {
    /// Names of people.
    pub names: bool,
    /// E-mail addresses and telephone numbers.
    pub contacts: bool,
    /// Town and country of the destination; streets never leave.
    pub destination: bool,
    /// Amounts of money.
    pub amounts: bool,
    /// What was bought.
    pub lines: bool,
    /// How payments were made: method, brand, last digits.
    pub payment_methods: bool,
    /// Other orders than the one in question.
    pub history: bool,
}

impl FieldPolicy {
    /// An agent who looks at the sidebar.
    #[must_use]
    pub const fn agent() -> Self {
        Self {
            names: true,
            contacts: true,
            destination: true,
            amounts: true,
            lines: true,
            payment_methods: true,
            history: true,
        }
    }

    /// What is written into the ticket, where it stays and travels further: no contact data.
    #[must_use]
    pub const fn ticket() -> Self {
        Self {
            contacts: false,
            payment_methods: false,
            ..Self::agent()
        }
    }
}

impl Default for FieldPolicy {
    fn default() -> Self {
        Self::agent()
    }
}
