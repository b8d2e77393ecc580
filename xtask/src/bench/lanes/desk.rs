//! A simulated Zendesk with tickets of buyers, so that agents have something to ask about.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use ordercase_world::{Process, ZendeskSim, until_some};
use serde_json::{Value, json};

use super::Running;
use crate::bench::{build::Programs, host::text};

/// The host's name as the simulated Zendesk knows it: that of its public address.
const HOST_NAME: &str = "bench.example.com";
/// Longest that a ticket may take until its context names its buyer.
const KNOWN_WITHIN: Duration = Duration::from_secs(120);

/// A running Zendesk; it ends when this is dropped.
pub(super) struct Desk {
    zendesk: ZendeskSim,
    _process: Process,
}

/// Somebody who bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Buyer {
    /// Name.
    pub(super) name: String,
    /// Address.
    pub(super) email: String,
}

/// Tickets of buyers, at a desk.
pub(super) struct Tickets {
    /// Path of each ticket's context.
    pub(super) paths: Vec<String>,
    /// Number of the order that each shows.
    pub(super) orders: Vec<String>,
}

impl Buyer {
    /// Different buyers of signed bodies, the newest orders first, `count` at most.
    ///
    /// # Errors
    /// When a body is no order.
    pub(super) fn of(hooks: &str, count: usize) -> anyhow::Result<Vec<Self>> {
        let mut buyers: Vec<Self> = Vec::new();
        for line in hooks.lines().rev() {
            let body = line.split_once('\t').map_or("", |(_, body)| body);
            let order: Value = serde_json::from_str(body).context("a body is no order")?;
            let customer = &order["customer"];
            let name = ["first_name", "last_name"].map(|key| customer[key].as_str().unwrap_or(""));
            let buyer = Self {
                name: name.join(" "),
                email: text(&order, "email")?,
            };
            if buyers.len() < count && buyers.iter().all(|known| known.email != buyer.email) {
                buyers.push(buyer);
            }
        }
        Ok(buyers)
    }
}

impl Desk {
    /// Starts it.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) async fn start(programs: &Programs, folder: &Path) -> anyhow::Result<Self> {
        // What tickets cost the account's budget is not what is measured.
        let arguments = ["--plan", "enterprise"].map(str::to_owned);
        let process = Process::start("zendesk-sim", &programs.zendesk, &arguments, folder).await?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            zendesk: ZendeskSim::new(client, process.ready())?,
            _process: process,
        })
    }

    /// The name under which the host reaches it, and its port.
    pub(super) fn reached_at(&self) -> (String, String) {
        let port = self.zendesk.address().rsplit(':').next();
        let name = format!("{}.zendesk.com", self.zendesk.subdomain);
        (name, port.unwrap_or_default().to_owned())
    }

    /// Adds the desk to the host and installs what it needs; its id.
    ///
    /// # Errors
    /// When a verb fails.
    pub(super) async fn join(&self, running: &Running<'_>) -> anyhow::Result<String> {
        let target = running.host.address.trim_start_matches("http://");
        let dial = json!({"host": HOST_NAME, "target": target});
        self.zendesk.sim_post("dev_connect", &dial).await?;
        let (tenant, account) = (&running.tenant, self.zendesk.account_id.to_string());
        let secrets = [
            ("ZENDESK_EMAIL", self.zendesk.email.as_str()),
            ("ZENDESK_API_TOKEN", self.zendesk.token.as_str()),
        ];
        let added = running.host.verb_with(
            &[
                "desk",
                "add",
                tenant,
                "--subdomain",
                &self.zendesk.subdomain,
                "--account-id",
                &account,
                "--secret",
                "email=env:ZENDESK_EMAIL",
                "--secret",
                "api_token=env:ZENDESK_API_TOKEN",
                "--plan",
                "enterprise",
            ],
            &secrets,
        )?;
        let desk = text(&added, "desk_id")?;
        running.host.verb(&["desk", "install", tenant, &desk])?;
        Ok(desk)
    }

    /// Files a ticket of each buyer and waits until its context shows an order of theirs.
    ///
    /// # Errors
    /// When one does not come to show it.
    pub(super) async fn tickets(
        &self,
        running: &Running<'_>,
        desk: &str,
        buyers: &[Buyer],
    ) -> anyhow::Result<Tickets> {
        let mut paths = Vec::new();
        for (number, buyer) in buyers.iter().enumerate() {
            let from = (buyer.name.as_str(), buyer.email.as_str());
            let id = format!("bench-{number}");
            let text = "Hello, where is my last order?";
            let ticket = self
                .zendesk
                .file_ticket(from, "Where is it?", text, &id)
                .await?;
            paths.push(format!("/v1/desks/{desk}/tickets/{ticket}/context"));
        }
        let mut orders = Vec::new();
        for path in &paths {
            let number = until_some("a context with an order", KNOWN_WITHIN, || async {
                let context = running.context(path).await?;
                Ok(order_of(&context))
            });
            orders.push(number.await?);
        }
        Ok(Tickets { paths, orders })
    }
}

/// Number of the order that a context shows, once it is sure who writes.
fn order_of(context: &Value) -> Option<String> {
    let sure = context["match"]["class"] == "confirmed";
    let number = &context["order_in_question"]["number"];
    // A fact carries where it came from beside its value.
    let number = number.as_str().or_else(|| number["value"].as_str())?;
    sure.then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buyers_are_the_newest_and_each_is_taken_once() {
        let body = |name: &str, email: &str| {
            let order =
                json!({"email": email, "customer": {"first_name": name, "last_name": "Li"}});
            format!("signature\t{order}\n")
        };
        let hooks = [
            body("Old", "old@example.com"),
            body("Ada", "ada@example.com"),
            body("Bo", "bo@example.com"),
            body("Ada", "ada@example.com"),
        ];
        let buyers = Buyer::of(&hooks.concat(), 2).unwrap();
        let emails: Vec<&str> = buyers.iter().map(|buyer| buyer.email.as_str()).collect();
        assert_eq!(emails, ["ada@example.com", "bo@example.com"]);
        assert_eq!(buyers.first().unwrap().name, "Ada Li");
    }

    #[test]
    fn an_order_counts_only_when_it_is_sure_who_writes() {
        let context = |class: &str| json!({"match": {"class": class}, "order_in_question": {"number": {"value": "#7"}}});
        assert_eq!(order_of(&context("confirmed")).as_deref(), Some("#7"));
        assert_eq!(order_of(&context("probable")), None);
        assert_eq!(order_of(&json!({"match": {"class": "none"}})), None);
    }
}
