//! The simulated Zendesk: tickets filed as an end user would, and read back through its real API.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::{Value, json};

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
    address: String,
    http: reqwest::Client,
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
    pub(crate) fn new(http: reqwest::Client, ready: &Value) -> anyhow::Result<Self> {
        let text = |key: &str| {
            ready[key]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("zendesk-sim told no {key}"))
        };
        Ok(Self {
            address: text("address")?,
            http,
            subdomain: text("subdomain")?,
            account_id: ready["account_id"]
                .as_u64()
                .context("zendesk-sim told no account_id")?,
            email: text("email")?,
            token: text("api_token")?,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Reads the API as the admin.
    ///
    /// # Errors
    /// When it refuses or is gone.
    pub async fn api(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("{}/api/v2/{path}", self.address);
        let request = self
            .http
            .get(url)
            .header("host", format!("{}.zendesk.com", self.subdomain))
            .basic_auth(format!("{}/token", self.email), Some(&self.token));
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// Reads an admin endpoint of the simulator.
    ///
    /// # Errors
    /// When it refuses or is gone.
    pub async fn sim(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("{}/_sim/{path}", self.address);
        Ok(self
            .http
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    /// Changes something by an admin endpoint of the simulator.
    ///
    /// # Errors
    /// When it refuses or is gone.
    pub async fn sim_post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/_sim/{path}", self.address);
        let answer = self.http.post(url).json(body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(
            status.is_success(),
            "zendesk-sim answered {status} to {path}: {text}"
        );
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
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

    /// Updates a ticket as the account's admin does.
    ///
    /// # Errors
    /// When it refuses or is gone.
    pub async fn update_ticket(&self, id: u64, change: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/api/v2/tickets/{id}.json", self.address);
        let request = self
            .http
            .put(url)
            .header("host", format!("{}.zendesk.com", self.subdomain))
            .basic_auth(format!("{}/token", self.email), Some(&self.token))
            .json(&json!({ "ticket": change }));
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(status.is_success(), "zendesk-sim answered {status}: {text}");
        serde_json::from_str(&text).context("zendesk-sim answered no JSON")
    }

    /// Reads a ticket with its comments, audits and Ordercase's fields.
    ///
    /// # Errors
    /// When it refuses or is gone.
    pub async fn ticket(&self, id: u64) -> anyhow::Result<TicketView> {
        let ticket = self.api(&format!("tickets/{id}.json")).await?;
        let ticket = &ticket["ticket"];
        let comments = self.api(&format!("tickets/{id}/comments.json")).await?;
        let audits = self.api(&format!("tickets/{id}/audits.json")).await?;
        let fields = self.api("ticket_fields.json").await?;
        let texts = |public: bool| {
            let all = comments["comments"].as_array().into_iter().flatten();
            all.filter(|comment| comment["public"] == public)
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
            fields: ordercase_fields(&fields, ticket),
            notes: texts(false),
            replies: texts(true),
            audits: audits["audits"].as_array().map_or(0, Vec::len),
        })
    }
}

/// Values of the fields that the installer made, by the key in their tag: `ordercase:<key>`.
fn ordercase_fields(fields: &Value, ticket: &Value) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    for field in fields["ticket_fields"].as_array().into_iter().flatten() {
        let title = field["title"].as_str().unwrap_or_default();
        if let (Some(id), Some(name)) = (field["id"].as_u64(), title.strip_prefix("Ordercase ")) {
            keys.insert(id, name.replace([' ', '-'], "_").to_lowercase());
        }
    }
    let values = ticket["custom_fields"].as_array().into_iter().flatten();
    values
        .filter_map(|field| {
            let key = keys.get(&field["id"].as_u64()?)?;
            let value = field["value"].as_str().filter(|value| !value.is_empty())?;
            Some((key.clone(), value.to_owned()))
        })
        .collect()
}
