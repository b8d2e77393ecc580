//! The simulated Zendesk: tickets filed as an end user would, and read back through its real API.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{
    admin::{AdminApi, told},
    until_some,
};

const NAME: &str = "zendesk-sim";

const FLOWS_WITHIN: Duration = Duration::from_secs(120);

/// A ticket as its API shows it.
#[derive(Clone, Debug)]
pub struct TicketView {
    /// Number.
    pub id: u64,
    /// `new`, `open`, `pending`, `hold`, `solved`, `closed`.
    pub status: String,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// Ordercase's custom fields that have a value, by key.
    pub fields: BTreeMap<String, String>,
    /// Internal comments, oldest first.
    pub notes: Vec<String>,
    /// Public comments, oldest first.
    pub replies: Vec<String>,
    /// How many audits it has.
    pub audits: usize,
}

impl TicketView {
    /// The match class that its tag tells.
    #[must_use]
    pub fn class(&self) -> Option<&str> {
        self.tags
            .iter()
            .find_map(|tag| tag.strip_prefix("ordercase_match_"))
    }
}

/// A client of the simulated Zendesk.
#[derive(Clone, Debug)]
pub struct ZendeskSim {
    admin: AdminApi,
    /// `<subdomain>.zendesk.com`.
    pub subdomain: String,
    /// Account number.
    pub account_id: u64,
    /// The legacy token's e-mail.
    pub email: String,
    /// The legacy token.
    pub token: String,
}

impl ZendeskSim {
    /// A client of the one that printed this line when it was ready.
    ///
    /// # Errors
    /// When the line lacks something.
    pub fn new(http: reqwest::Client, ready: &Value) -> anyhow::Result<Self> {
        Ok(Self {
            subdomain: told(NAME, ready, "subdomain")?,
            account_id: ready["account_id"]
                .as_u64()
                .context("zendesk-sim told no account_id")?,
            email: told(NAME, ready, "legacy_email")?,
            token: told(NAME, ready, "legacy_token")?,
            admin: AdminApi::new(NAME, http, ready)?,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        self.admin.address()
    }

    /// Reads an admin endpoint of the simulator.
    ///
    /// # Errors
    /// When it refuses or is gone.
    pub async fn sim(&self, path: &str) -> anyhow::Result<Value> {
        self.admin.get(path).await
    }

    /// Changes something by an admin endpoint of the simulator.
    ///
    /// # Errors
    /// When it refuses or is gone.
    pub async fn sim_post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.admin.post(path, body).await
    }

    /// Ends all faults and the weather.
    ///
    /// # Errors
    /// When it refuses or is gone.
    pub async fn faults_end(&self) -> anyhow::Result<()> {
        self.admin.delete("faults").await
    }

    /// Files a ticket by e-mail as an end user; the same `external_id` gives the same ticket.
    ///
    /// # Errors
    /// When it refuses or is gone.
    pub async fn file_ticket(
        &self,
        requester: (&str, &str),
        subject: &str,
        body: &str,
        external_id: &str,
    ) -> anyhow::Result<u64> {
        let (name, email) = requester;
        let answer = self
            .sim_post(
                "tickets",
                &json!({
                    "requester": { "name": name, "email": email, "verified": true },
                    "subject": subject,
                    "body": body,
                    "channel": "email",
                    "external_id": external_id,
                }),
            )
            .await?;
        answer["ticket"]["id"]
            .as_u64()
            .context("zendesk-sim told no ticket id")
    }

    /// Updates a ticket as an agent does in the agent workspace.
    ///
    /// # Errors
    /// When it refuses or is gone.
    pub async fn update_ticket(&self, id: u64, change: &Value) -> anyhow::Result<()> {
        self.sim_post(&format!("tickets/{id}"), change)
            .await
            .map(|_| ())
    }

    /// Waits until no flow runs, after at least `count` have; gives how each ended, oldest first.
    ///
    /// # Errors
    /// When it is gone, or flows still run after two minutes.
    pub async fn flows_ended(&self, count: usize) -> anyhow::Result<Vec<String>> {
        until_some("every flow ended", FLOWS_WITHIN, || async {
            let runs = self.sim("runs").await?;
            let runs = runs["runs"].as_array().into_iter().flatten();
            let states: Vec<String> = runs
                .map(|run| run["state"].as_str().unwrap_or_default().to_owned())
                .collect();
            let ended = states.len() >= count && states.iter().all(|state| state != "running");
            Ok(ended.then_some(states))
        })
        .await
    }

    /// Reads a ticket as it stands in the account, with its comments and Ordercase's fields.
    ///
    /// By the simulator's own view, so that reading does not use up the account's rate limit.
    ///
    /// # Errors
    /// When it refuses or is gone.
    pub async fn ticket(&self, id: u64) -> anyhow::Result<TicketView> {
        let all = self.sim(&format!("tickets/{id}")).await?;
        let ticket = &all["ticket"];
        let texts = |public: bool| {
            let comments = all["comments"].as_array().into_iter().flatten();
            comments
                .filter(|comment| comment["public"] == public)
                .map(|comment| comment["body"].as_str().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        let mut tags: Vec<String> =
            serde_json::from_value(ticket["tags"].clone()).context("tags are not texts")?;
        tags.sort();
        Ok(TicketView {
            id,
            status: ticket["status"].as_str().unwrap_or_default().to_owned(),
            tags,
            fields: ordercase_fields(&all["fields"]),
            notes: texts(false),
            replies: texts(true),
            audits: all["audits"].as_array().map_or(0, Vec::len),
        })
    }
}

/// Values of the fields that the installer made, by key: `Ordercase order number` is `order_number`.
fn ordercase_fields(titled: &Value) -> BTreeMap<String, String> {
    let fields = titled.as_object().into_iter().flatten();
    fields
        .filter_map(|(title, value)| {
            let name = title.to_lowercase();
            let name = name
                .strip_prefix("ordercase")?
                .trim_start_matches([':', ' ']);
            let value = value.as_str().filter(|value| !value.is_empty())?;
            Some((name.replace([' ', '-'], "_"), value.to_owned()))
        })
        .collect()
}
