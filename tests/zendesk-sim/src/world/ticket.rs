//! Tickets with their comments and audits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A ticket.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) id: u64,
    pub(crate) external_id: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) description: String,
    pub(crate) status: String,
    pub(crate) priority: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) requester_id: u64,
    pub(crate) submitter_id: u64,
    pub(crate) assignee_id: Option<u64>,
    pub(crate) group_id: Option<u64>,
    pub(crate) follower_ids: Vec<u64>,
    pub(crate) email_cc_ids: Vec<u64>,
    pub(crate) recipient: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) custom: BTreeMap<u64, Value>,
    pub(crate) via: Value,
    pub(crate) is_public: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// Moves on every change, also those that leave `updated_at` alone.
    pub(crate) generated_at: i64,
    pub(crate) deleted: bool,
    pub(crate) comments: Vec<Comment>,
    pub(crate) audits: Vec<Audit>,
}

impl Ticket {
    pub(crate) fn channel(&self) -> &str {
        self.via
            .get("channel")
            .and_then(Value::as_str)
            .unwrap_or("api")
    }
}

/// A comment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) author_id: u64,
    pub(crate) plain_body: String,
    pub(crate) html_body: String,
    pub(crate) public: bool,
    pub(crate) audit_id: u64,
    pub(crate) via: Value,
    pub(crate) flags: Vec<u32>,
    pub(crate) created_at: i64,
}

/// One change of a ticket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Audit {
    pub(crate) id: u64,
    pub(crate) ticket_id: u64,
    pub(crate) author_id: u64,
    pub(crate) created_at: i64,
    pub(crate) via: Value,
    pub(crate) custom: Value,
    pub(crate) events: Vec<Value>,
}

/// Who writes, and how.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    pub(crate) user_id: u64,
    pub(crate) staff: bool,
    pub(crate) via: Value,
}

/// How something came in.
pub(crate) fn via(channel: &str) -> Value {
    json!({ "channel": channel, "source": { "from": {}, "to": {}, "rel": null } })
}

/// How an e-mail came in.
pub(crate) fn via_email(address: &str, name: &str, subdomain: &str) -> Value {
    let to = format!("support@{subdomain}.zendesk.com");
    json!({ "channel": "email", "source": {
        "from": { "address": address, "name": name },
        "to": { "name": subdomain, "address": to },
        "rel": null,
    }})
}
