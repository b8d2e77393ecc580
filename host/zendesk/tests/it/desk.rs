//! One simulated account with a client, and hands on the simulator's admin endpoints.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ordercase_zendesk::clock::Clock;
use ordercase_zendesk::{Auth, Client, ClientConfig, DevConnect, Secret};
use serde_json::{Value, json};
use zendesk_sim::{Plan, Sim, SimConfig};

/// A clock that moves only when somebody sleeps, and remembers for how long.
#[derive(Debug, Default)]
pub(crate) struct TestClock {
    slept: Mutex<Vec<Duration>>,
}

impl TestClock {
    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl Clock for TestClock {
    fn now(&self) -> Duration {
        self.slept().iter().sum()
    }

    async fn sleep(&self, duration: Duration) {
        self.slept.lock().unwrap().push(duration);
    }
}

/// A simulated account and a client for it.
pub(crate) struct Desk {
    pub(crate) sim: Sim,
    pub(crate) client: Client,
    pub(crate) clock: Arc<TestClock>,
    http: reqwest::Client,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        Self::on_plan(Plan::Enterprise).await
    }

    pub(crate) async fn on_plan(plan: Plan) -> Self {
        let config = SimConfig {
            plan,
            ..SimConfig::new("acme", 1)
        };
        let sim = Sim::start(config).await.unwrap();
        let clock = Arc::new(TestClock::default());
        let client = client_of(&sim, legacy(&sim), &clock);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            sim,
            client,
            clock,
            http,
        }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("http://{}/_sim/{path}", self.sim.address());
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let url = format!("http://{}/_sim/{path}", self.sim.address());
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Files an ordinary ticket by e-mail.
    pub(crate) async fn file(&self) -> u64 {
        let filed = self
            .post(
                "tickets",
                json!({
                    "requester": {"name": "Grace", "email": "grace@shop.example", "verified": true},
                    "subject": "Where is my order?", "body": "Order 1001 please", "channel": "email",
                }),
            )
            .await;
        filed["ticket"]["id"].as_u64().unwrap()
    }

    pub(crate) async fn fault(&self, fault: Value) {
        self.post("faults", fault).await;
    }

    pub(crate) async fn advance(&self, seconds: u64) {
        self.post("clock", json!({"advance_seconds": seconds}))
            .await;
    }

    /// Ticket, comments and audits as the account has them.
    pub(crate) async fn state(&self, ticket: u64) -> Value {
        self.get(&format!("tickets/{ticket}")).await
    }

    /// A custom text field.
    pub(crate) async fn field(&self, title: &str) -> u64 {
        let made = self.client.create_ticket_field("text", title, "test").await;
        made.unwrap().id
    }
}

pub(crate) fn legacy(sim: &Sim) -> Auth {
    Auth::ApiToken {
        email: sim.config().legacy_email.clone(),
        token: Secret::new(&sim.config().legacy_token),
    }
}

pub(crate) fn client_of(sim: &Sim, auth: Auth, clock: &Arc<TestClock>) -> Client {
    let mut config = ClientConfig::new("acme", auth);
    config.dev_connect = vec![DevConnect::new("acme.zendesk.com", sim.address()).unwrap()];
    config.clock = Arc::clone(clock) as Arc<dyn Clock>;
    config.plan = ordercase_zendesk::Plan::Enterprise;
    Client::new(config).unwrap()
}

/// How many comments carry this text.
pub(crate) fn comments_with(state: &Value, text: &str) -> usize {
    let comments = state["comments"].as_array().unwrap();
    let texts = comments
        .iter()
        .map(|comment| comment["body"].as_str().unwrap());
    texts.filter(|body| body.contains(text)).count()
}
