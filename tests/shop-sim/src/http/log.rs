//! What clients asked: the last requests, and counts since the start.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::limits::REQUEST_LOG_MAX;

/// One API request. Never a token, never a filter value: filters hold personal data.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Asked {
    pub(crate) at: String,
    pub(crate) operation: String,
    pub(crate) roots: Vec<String>,
    pub(crate) status: u16,
    pub(crate) outcome: String,
    pub(crate) requested_cost: u32,
    pub(crate) actual_cost: u32,
}

/// The log.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    last: VecDeque<Asked>,
    by_operation: BTreeMap<String, u64>,
    by_outcome: BTreeMap<String, u64>,
    total: u64,
    cost: u64,
    dearest: u32,
}

impl RequestLog {
    pub(crate) fn add(&mut self, asked: Asked) {
        self.total += 1;
        self.cost += u64::from(asked.actual_cost);
        self.dearest = self.dearest.max(asked.requested_cost);
        *self
            .by_operation
            .entry(asked.operation.clone())
            .or_default() += 1;
        *self.by_outcome.entry(asked.outcome.clone()).or_default() += 1;
        self.last.push_back(asked);
        if self.last.len() > REQUEST_LOG_MAX {
            self.last.pop_front();
        }
    }

    pub(crate) fn view(&self) -> Value {
        json!({
            "total": self.total, "by_operation": self.by_operation, "by_outcome": self.by_outcome,
            "cost": self.cost, "dearest_requested": self.dearest, "last": self.last,
        })
    }
}
