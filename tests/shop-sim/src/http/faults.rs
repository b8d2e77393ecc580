//! What goes wrong on request, each a bounded number of times.

use serde_json::Value;

use crate::limits::{FAULT_LATENCY_MS_MAX, FAULTS_MAX};
use crate::webhook::Delivery;

/// A kind of trouble.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Trouble {
    /// Answers with that status, and `Retry-After` where given.
    Status {
        status: u16,
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// Empties the bucket: `THROTTLED` with status 200.
    Throttle,
    /// Answers late.
    Latency { ms: u64 },
    /// Answers with the first half of the body.
    HalfAnswer,
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
    /// Signs it with another key.
    WebhookBadSignature,
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

/// Faults still to happen, first come first served.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Adds one fault or a list of them.
    pub(crate) fn add(&mut self, asked: &Value) -> Result<(), String> {
        let list = match asked {
            Value::Array(items) => items.clone(),
            one => vec![one.clone()],
        };
        for item in list {
            let fault: Fault = serde_json::from_value(item).map_err(|error| error.to_string())?;
            if let Trouble::Latency { ms } = fault.trouble
                && ms > FAULT_LATENCY_MS_MAX
            {
                return Err(format!("latency is at most {FAULT_LATENCY_MS_MAX} ms"));
            }
            if self.0.len() >= FAULTS_MAX {
                return Err(format!("at most {FAULTS_MAX} faults at once"));
            }
            self.0.push(fault);
        }
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn view(&self) -> Value {
        serde_json::to_value(&self.0).unwrap_or(Value::Null)
    }

    /// Takes one occurrence of the first fault that `fits`.
    pub(crate) fn take(&mut self, fits: impl Fn(&Trouble) -> bool) -> Option<Trouble> {
        let at = self
            .0
            .iter()
            .position(|fault| fault.count > 0 && fits(&fault.trouble))?;
        let fault = self.0.get_mut(at)?;
        fault.count -= 1;
        let trouble = fault.trouble.clone();
        self.0.retain(|fault| fault.count > 0);
        Some(trouble)
    }

    /// What the webhook faults make of a delivery.
    pub(crate) fn disturb(&mut self, deliveries: &mut Vec<Delivery>, other: &str) {
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
