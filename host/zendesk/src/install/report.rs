//! What an installation found, did, and read back.

use std::collections::BTreeMap;

use serde::Serialize;

use super::InstallRequest;
use super::bundle::BundleFacts;
use crate::client::Client;

/// What stands in an account because of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A ticket field.
    Field,
    /// The ZIS integration.
    Integration,
    /// Its connection to the host.
    Connection,
    /// Its bundle.
    Bundle,
    /// A job spec of the bundle.
    JobSpec,
}

/// What happened to it, or would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It was there as wanted.
    Unchanged,
    /// It was missing.
    Created,
    /// It was there and differed.
    Replaced,
    /// It was there and is not wanted.
    Removed,
}

/// One line of the difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What.
    pub item: Item,
    /// Which.
    pub name: String,
    /// What happened to it.
    pub action: Action,
}

/// What an installation found, did and read back. Holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InstallReport {
    /// Whether nothing was changed, only looked at.
    pub dry_run: bool,
    /// The account.
    pub subdomain: String,
    /// Zendesk's number of the account.
    pub account_id: Option<u64>,
    /// The user as whom Ordercase writes.
    pub user_id: u64,
    /// The integration.
    pub integration: String,
    /// Every item, with what happened to it.
    pub changes: Vec<Change>,
    /// Ticket fields: our key to Zendesk's id.
    pub fields: BTreeMap<String, String>,
    /// Whether everything was read back as wanted.
    pub verified: bool,
    /// Whether the credential is an old API token.
    pub legacy_token: bool,
    /// The day on which that token stops working.
    pub legacy_token_ends: Option<String>,
    /// The account's limit, as its answers state it.
    pub requests_per_minute: u32,
    /// What a person should know.
    pub warnings: Vec<String>,
}

impl InstallReport {
    /// Whether the account was, or would be, changed.
    #[must_use]
    pub fn changes_anything(&self) -> bool {
        self.changes
            .iter()
            .any(|change| change.action != Action::Unchanged)
    }

    pub(super) fn note(&mut self, item: Item, name: &str, action: Action) {
        self.changes.push(Change {
            item,
            name: name.to_owned(),
            action,
        });
    }
}

/// What an uninstallation took out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UninstallReport {
    /// Every item that is gone now. The empty integration itself stays: Zendesk removes none.
    pub removed: Vec<Change>,
}

impl UninstallReport {
    pub(super) fn note(&mut self, item: Item, name: &str) {
        self.removed.push(Change {
            item,
            name: name.to_owned(),
            action: Action::Removed,
        });
    }
}

/// What every step of an installation needs.
pub(super) struct Step<'a> {
    pub(super) client: &'a Client,
    pub(super) request: &'a InstallRequest,
    pub(super) facts: &'a BundleFacts,
    pub(super) dry: bool,
}
