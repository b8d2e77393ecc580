//! What each export returns, checked as a whole.

use ordercase_model::{Record, ShopFacts};

use super::{envelope, json};
use crate::{
    Called, Hint, Manifest, Page, Pulled, Reading, Subscription,
    abi::{Envelope, RawPage, RawPulled, RawReading, RawSubscription},
    limits,
    package::Delivery,
};

/// What a plugin returned breaks the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(crate) path: String,
    pub(crate) problem: String,
}

impl Invalid {
    pub(super) fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            problem: problem.into(),
        }
    }
}

/// Checks what the calls of one plugin return.
pub(crate) struct Output<'a>(pub(crate) &'a Manifest);

impl Output<'_> {
    pub(crate) fn facts(&self, called: Called<Vec<u8>>) -> Result<Called<ShopFacts>, Invalid> {
        let facts = facts(&called.value)?;
        Ok(called.map(|_| facts))
    }

    pub(crate) fn page(&self, called: Called<RawPage>) -> Result<Called<Page>, Invalid> {
        let exchanges = called.exchanges.len();
        let Called {
            value,
            exchanges: list,
            log,
            stats,
        } = called;
        let next = value.next;
        if next
            .as_ref()
            .is_some_and(|c| c.is_empty() || c.len() > limits::CURSOR_BYTES_MAX)
        {
            return Err(Invalid::new(
                "next",
                format!("must have 1 to {} bytes", limits::CURSOR_BYTES_MAX),
            ));
        }
        let value = Page {
            records: self.pulled(value.records, exchanges)?,
            next,
            total: value.total,
        };
        Ok(Called {
            value,
            exchanges: list,
            log,
            stats,
        })
    }

    pub(crate) fn found(
        &self,
        called: Called<Vec<RawPulled>>,
    ) -> Result<Called<Vec<Pulled>>, Invalid> {
        let Called {
            value,
            exchanges,
            log,
            stats,
        } = called;
        Ok(Called {
            value: self.pulled(value, exchanges.len())?,
            exchanges,
            log,
            stats,
        })
    }

    pub(crate) fn mapped(
        &self,
        called: Called<Vec<Envelope>>,
    ) -> Result<Called<Vec<Record>>, Invalid> {
        let Called {
            value,
            exchanges,
            log,
            stats,
        } = called;
        Ok(Called {
            value: self.records(value, "records")?,
            exchanges,
            log,
            stats,
        })
    }

    pub(crate) fn reading(
        &self,
        topic: &str,
        called: Called<RawReading>,
    ) -> Result<Called<Reading>, Invalid> {
        let Called {
            value,
            exchanges,
            log,
            stats,
        } = called;
        if value.hints.len() > limits::HINTS_MAX {
            return Err(Invalid::new(
                "hints",
                format!("has more than {}", limits::HINTS_MAX),
            ));
        }
        let topics = self.0.webhooks.as_ref().map(|webhooks| &webhooks.topics);
        let known = topics.and_then(|topics| topics.get(topic));
        let full = known.is_some_and(|topic| topic.delivery == Delivery::Full);
        if !full && !value.snapshots.is_empty() {
            return Err(Invalid::new(
                "snapshots",
                "came from a topic that the manifest does not declare `full`",
            ));
        }
        if value.hints.is_empty() && value.snapshots.is_empty() && value.ignored.is_none() {
            return Err(Invalid::new("ignored", "must say why nothing follows"));
        }
        let hints = value.hints.into_iter().enumerate().map(|(i, hint)| {
            let path = format!("hints[{i}]");
            Ok(Hint {
                target: envelope::record_ref(hint.target, &path)?,
                occurred_at: envelope::instant(hint.occurred_at, &format!("{path}.occurred_at"))?,
            })
        });
        let value = Reading {
            hints: hints.collect::<Result<_, Invalid>>()?,
            snapshots: self.records(value.snapshots, "snapshots")?,
            ignored: value
                .ignored
                .map(|why| why.chars().take(limits::ENVELOPE_TEXT_BYTES_MAX).collect()),
        };
        Ok(Called {
            value,
            exchanges,
            log,
            stats,
        })
    }

    pub(crate) fn subscription(
        called: Called<RawSubscription>,
    ) -> Result<Called<Subscription>, Invalid> {
        let read = subscription(called.value.clone(), "subscription")?;
        Ok(called.map(|_| read))
    }

    pub(crate) fn subscriptions(
        called: Called<Vec<RawSubscription>>,
    ) -> Result<Called<Vec<Subscription>>, Invalid> {
        let (count, most) = (called.value.len(), limits::SUBSCRIPTIONS_MAX);
        if count > most {
            let problem = format!("has {count} entries, more than {most}");
            return Err(Invalid::new("subscriptions", problem));
        }
        let read =
            |(i, raw): (usize, RawSubscription)| subscription(raw, &format!("subscriptions[{i}]"));
        let all = called.value.iter().cloned().enumerate().map(read);
        let all = all.collect::<Result<_, Invalid>>()?;
        Ok(called.map(|_| all))
    }

    fn records(&self, raw: Vec<Envelope>, path: &str) -> Result<Vec<Record>, Invalid> {
        few(raw.len(), path)?;
        let read = |(i, raw)| envelope::read(self.0, &format!("{path}[{i}]"), raw);
        raw.into_iter().enumerate().map(read).collect()
    }

    fn pulled(&self, raw: Vec<RawPulled>, exchanges: usize) -> Result<Vec<Pulled>, Invalid> {
        few(raw.len(), "records")?;
        let read = |(i, raw): (usize, RawPulled)| {
            let path = format!("records[{i}]");
            let known = |index: &u32| (*index as usize) < exchanges;
            if raw.exchanges.is_empty() || !raw.exchanges.iter().all(known) {
                return Err(Invalid::new(
                    format!("{path}.exchanges"),
                    format!("must name exchanges of this call, which has {exchanges}"),
                ));
            }
            Ok(Pulled {
                record: envelope::read(self.0, &format!("{path}.envelope"), raw.envelope)?,
                exchanges: raw.exchanges,
            })
        };
        raw.into_iter().enumerate().map(read).collect()
    }
}

fn subscription(raw: RawSubscription, path: &str) -> Result<Subscription, Invalid> {
    let most = limits::SUBSCRIPTION_TEXT_BYTES_MAX;
    for (key, text) in [
        ("id", &raw.id),
        ("topic", &raw.topic),
        ("address", &raw.address),
    ] {
        // A subscription that goes to a queue may have no address that is a text; an id it must have.
        if text.len() > most || (text.is_empty() && key != "address") {
            let problem = format!("must have 1 to {most} bytes");
            return Err(Invalid::new(format!("{path}.{key}"), problem));
        }
    }
    Ok(Subscription {
        id: raw.id,
        topic: raw.topic,
        address: raw.address,
    })
}

fn facts(bytes: &[u8]) -> Result<ShopFacts, Invalid> {
    let bad = |problem: String| Invalid::new("facts", problem);
    if bytes.len() > limits::FACTS_BYTES_MAX {
        return Err(bad(format!(
            "is longer than {} bytes",
            limits::FACTS_BYTES_MAX
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| bad("is not UTF-8".to_owned()))?;
    if json::is_too_deep(text) {
        return Err(bad(format!("nests deeper than {}", limits::JSON_DEPTH_MAX)));
    }
    // Serde would also read a struct from an array.
    if !text.trim_start().starts_with('{') {
        return Err(bad("is not a JSON object".to_owned()));
    }
    serde_json::from_str(text).map_err(|error| bad(error.to_string()))
}

fn few(count: usize, path: &str) -> Result<(), Invalid> {
    if count <= limits::RECORDS_PER_CALL_MAX {
        return Ok(());
    }
    Err(Invalid::new(
        path,
        format!(
            "has {count} entries, more than {}",
            limits::RECORDS_PER_CALL_MAX
        ),
    ))
}

#[cfg(test)]
mod tests;
