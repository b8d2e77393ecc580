//! What goes wrong: on request a bounded number of times, or as weather, a share of everything for as long as
//! it lasts, drawn from a seed.

use serde_json::{Value, json};

use crate::limits::{FAULT_LATENCY_MS_MAX, FAULTS_MAX};
use crate::population::Draw;
use crate::webhook::Delivery;

/// A kind of trouble.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Trouble {
    /// Answers with that status, and `Retry-After` where given; where `root` names a field of the query's top, only to
    /// who asks for it.
    Status {
        status: u16,
        #[serde(default)]
        retry_after: Option<u64>,
        #[serde(default)]
        root: Option<String>,
    },
    /// Empties the bucket: `THROTTLED` with status 200.
    Throttle,
    /// Answers late.
    Latency { ms: u64 },
    /// Answers with the first half of the body, as if it were whole.
    HalfAnswer,
    /// Cuts the connection in the middle of the body.
    CutAnswer,
    /// Answers 200 with a page of HTML.
    Html,
    /// An error beside partial data.
    InternalError,
    /// Refuses the token.
    TokenRevoked,
    /// Makes every cursor handed out so far invalid, once.
    CursorReset,
    /// Delivers a webhook twice.
    WebhookDuplicate,
    /// Never delivers it.
    WebhookDrop,
    /// Delivers it behind the next one.
    WebhookReorder,
    /// Delivers it that much later.
    WebhookDelay { ms: u64 },
    /// Signs it with another key.
    WebhookBadSignature,
}

impl Trouble {
    fn is_of_webhooks(&self) -> bool {
        matches!(
            self,
            Self::WebhookDuplicate
                | Self::WebhookDrop
                | Self::WebhookReorder
                | Self::WebhookDelay { .. }
                | Self::WebhookBadSignature
        )
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Self::Latency { ms } | Self::WebhookDelay { ms } if *ms > FAULT_LATENCY_MS_MAX => {
                Err(format!("a delay is at most {FAULT_LATENCY_MS_MAX} ms"))
            }
            _ => Ok(()),
        }
    }
}

/// Trouble with how often it still happens.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Fault {
    #[serde(flatten)]
    pub(crate) trouble: Trouble,
    #[serde(default = "once")]
    pub(crate) count: u32,
}

const fn once() -> u32 {
    1
}

/// Trouble with its share of all API requests, or of all webhooks.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Gust {
    #[serde(flatten)]
    trouble: Trouble,
    per_mille: u64,
}

/// What may happen to any request or webhook.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Weather {
    seed: u64,
    gusts: Vec<Gust>,
}

/// Faults still to happen, first come first served, and the weather.
#[derive(Debug)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    weather: Weather,
    dice: Draw,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            weather: Weather::default(),
            dice: Draw::of(0, WEATHER, 0),
        }
    }
}

/// Purpose of the draws.
const WEATHER: u64 = 77;

impl Faults {
    /// Adds one fault or a list of them.
    pub(crate) fn add(&mut self, asked: &Value) -> Result<(), String> {
        let list = match asked {
            Value::Array(items) => items.clone(),
            one => vec![one.clone()],
        };
        for item in list {
            let fault: Fault = serde_json::from_value(item).map_err(|error| error.to_string())?;
            fault.trouble.check()?;
            if self.list.len() >= FAULTS_MAX {
                return Err(format!("at most {FAULTS_MAX} faults at once"));
            }
            self.list.push(fault);
        }
        Ok(())
    }

    /// Ends faults and weather.
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.weather = Weather::default();
    }

    pub(crate) fn view(&self) -> Value {
        serde_json::to_value(&self.list).unwrap_or(Value::Null)
    }

    /// Begins a weather in place of the last one.
    pub(crate) fn begin_weather(&mut self, weather: Weather) -> Result<Value, String> {
        for gust in &weather.gusts {
            gust.trouble.check()?;
        }
        for of_webhooks in [false, true] {
            let fits = |gust: &&Gust| gust.trouble.is_of_webhooks() == of_webhooks;
            let shares = weather.gusts.iter().filter(fits);
            if shares.map(|gust| gust.per_mille).sum::<u64>() > 1_000 {
                return Err("the shares are more than the whole".to_owned());
            }
        }
        self.dice = Draw::of(weather.seed, WEATHER, 0);
        self.weather = weather;
        Ok(json!(self.weather))
    }

    /// Draws what the weather does to the next request, or to the next webhook.
    pub(crate) fn blow(&mut self, on_webhooks: bool) {
        let gusts = self.weather.gusts.iter();
        let mut gusts = gusts.filter(|gust| gust.trouble.is_of_webhooks() == on_webhooks);
        let mut drawn = self.dice.below(1_000);
        let hit = gusts.find(|gust| {
            let hit = drawn < gust.per_mille;
            drawn = drawn.saturating_sub(gust.per_mille);
            hit
        });
        if let Some(gust) = hit
            && self.list.len() < FAULTS_MAX
        {
            self.list.push(Fault {
                trouble: gust.trouble.clone(),
                count: 1,
            });
        }
    }

    /// Takes one occurrence of the first fault that `fits`.
    pub(crate) fn take(&mut self, fits: impl Fn(&Trouble) -> bool) -> Option<Trouble> {
        let at = self
            .list
            .iter()
            .position(|fault| fault.count > 0 && fits(&fault.trouble))?;
        let fault = self.list.get_mut(at)?;
        fault.count -= 1;
        let trouble = fault.trouble.clone();
        self.list.retain(|fault| fault.count > 0);
        Some(trouble)
    }

    /// What the webhook faults make of a delivery.
    pub(crate) fn disturb(&mut self, deliveries: &mut Vec<Delivery>, other: &str) {
        self.blow(true);
        let Some(first) = deliveries.first_mut() else {
            return;
        };
        if self
            .take(|trouble| *trouble == Trouble::WebhookBadSignature)
            .is_some()
        {
            first.bad_signature = true;
        }
        if self
            .take(|trouble| *trouble == Trouble::WebhookDrop)
            .is_some()
        {
            "dropped".clone_into(&mut first.state);
            return;
        }
        if self
            .take(|trouble| *trouble == Trouble::WebhookReorder)
            .is_some()
        {
            "held".clone_into(&mut first.state);
            return;
        }
        if let Some(Trouble::WebhookDelay { ms }) =
            self.take(|trouble| matches!(trouble, Trouble::WebhookDelay { .. }))
        {
            first.put_off(ms);
        }
        if self
            .take(|trouble| *trouble == Trouble::WebhookDuplicate)
            .is_some()
        {
            let mut twin = first.clone();
            twin.webhook_id = format!("wh-{other}");
            deliveries.push(twin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storm() -> Faults {
        let mut faults = Faults::default();
        let weather = json!({ "seed": 5, "gusts": [
            { "kind": "status", "status": 503, "per_mille": 200 },
            { "kind": "cut_answer", "per_mille": 100 },
            { "kind": "webhook_drop", "per_mille": 50 },
        ] });
        let weather = serde_json::from_value(weather).unwrap();
        faults.begin_weather(weather).unwrap();
        faults
    }

    fn drawn(faults: &mut Faults, of_webhooks: bool) -> Vec<Option<Trouble>> {
        let draw = |_| {
            faults.blow(of_webhooks);
            faults.take(|_| true)
        };
        (0..2_000).map(draw).collect()
    }

    #[test]
    fn weather_hits_its_share_of_requests_and_of_webhooks_and_the_seed_says_which() {
        let (first, again) = (drawn(&mut storm(), false), drawn(&mut storm(), false));
        assert_eq!(first, again);
        let count = |of: &[Option<Trouble>], trouble: &Trouble| {
            of.iter().flatten().filter(|one| *one == trouble).count()
        };
        assert!((150..250).contains(&count(&first, &Trouble::CutAnswer)));
        assert_eq!(count(&first, &Trouble::WebhookDrop), 0);
        let dropped = drawn(&mut storm(), true);
        assert!((60..140).contains(&count(&dropped, &Trouble::WebhookDrop)));
        let mut over = storm();
        over.clear();
        assert!(drawn(&mut over, false).iter().all(Option::is_none));
    }

    #[test]
    fn more_than_everything_cannot_go_wrong() {
        let weather = json!({ "gusts": [
            { "kind": "throttle", "per_mille": 600 }, { "kind": "html", "per_mille": 401 },
        ] });
        let weather = serde_json::from_value(weather).unwrap();
        assert!(Faults::default().begin_weather(weather).is_err());
    }
}
