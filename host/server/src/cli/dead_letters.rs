//! Dead letters and replay: calls of one batch each, put together to one answer.

use std::io::Write as _;

use anyhow::Context as _;
use http::Method;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::{
    DeadLetterDiscard, DeadLetterList, DeadLetterRetry, DeadLetterVerb, Replay,
    run::{Answer, segment},
    transport::Admin,
};
use crate::limits::REPLAY_LINES_MAX;

/// Runs a verb of `dead-letters`.
pub(super) async fn verb(admin: &Admin, verb: DeadLetterVerb) -> anyhow::Result<Answer> {
    match verb {
        DeadLetterVerb::List(which) => list(admin, &which).await.map(Answer::from),
        DeadLetterVerb::Show { id, tenant } => {
            let path = format!("/admin/v1/dead-letters/{}", segment(&id)?);
            let shown = admin.get(&with(&path, &[("tenant", tenant)])).await?;
            Ok(shown.into())
        }
        DeadLetterVerb::Retry(which) => retry(admin, &which).await,
        DeadLetterVerb::Discard(which) => discard(admin, &which).await.map(Answer::from),
    }
}

/// A path with the parts of its query that are given.
fn with(path: &str, query: &[(&str, Option<String>)]) -> String {
    let given = query
        .iter()
        .filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    let query = Serializer::new(String::new()).extend_pairs(given).finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

async fn list(admin: &Admin, which: &DeadLetterList) -> anyhow::Result<Value> {
    let query = [
        ("tenant", which.tenant.clone()),
        ("stream", which.stream.clone()),
        ("class", which.class.clone()),
        ("after", which.after.clone()),
        ("limit", which.limit.map(|limit| limit.to_string())),
    ];
    admin.get(&with("/admin/v1/dead-letters", &query)).await
}

async fn retry(admin: &Admin, which: &DeadLetterRetry) -> anyhow::Result<Answer> {
    let (mut retried, mut refused) = (Vec::new(), Vec::new());
    let mut after = Value::Null;
    loop {
        let body = json!({
            "ids": which.ids,
            "tenant": which.tenant,
            "stream": which.stream,
            "class": which.class,
            "after": after,
        });
        let path = "/admin/v1/dead-letters/retry";
        let answer = admin.call(Method::POST, path, body).await?;
        retried.extend(list_of(&answer, "retried"));
        refused.extend(list_of(&answer, "refused"));
        after = answer.get("next").cloned().unwrap_or_default();
        if after.is_null() {
            break;
        }
    }
    Ok(Answer {
        good: refused.is_empty(),
        document: json!({ "retried": retried, "refused": refused }),
    })
}

async fn discard(admin: &Admin, which: &DeadLetterDiscard) -> anyhow::Result<Value> {
    let path = format!("/admin/v1/dead-letters/{}/discard", segment(&which.id)?);
    let body = json!({ "reason": which.reason, "tenant": which.tenant });
    admin.call(Method::POST, &path, body).await
}

fn list_of(answer: &Value, name: &str) -> Vec<Value> {
    let list = answer.get(name).and_then(Value::as_array);
    list.cloned().unwrap_or_default()
}

/// Replays batch after batch. The answer counts all and lists the first that were not the same.
pub(super) async fn replay(admin: &Admin, which: &Replay) -> anyhow::Result<Answer> {
    let (tenant, connection) = (segment(&which.tenant)?, segment(&which.connection)?);
    let path = format!("/admin/v1/tenants/{tenant}/connections/{connection}/replay");
    let mut whole = Whole::default();
    let mut after = which.after.clone();
    loop {
        let batch = admin
            .call(Method::POST, &path, body(which, after.as_deref()))
            .await;
        let batch = batch.with_context(|| match &after {
            Some(cursor) => format!("it stopped; go on with --after {cursor}"),
            None => "nothing was replayed".to_owned(),
        })?;
        let next = batch.get("next").and_then(Value::as_str).map(str::to_owned);
        whole.add(batch);
        match next {
            Some(next) => {
                whole.tell(&next);
                after = Some(next);
            }
            None => return Ok(whole.answer()),
        }
    }
}

fn body(which: &Replay, after: Option<&str>) -> Value {
    json!({
        "receipts": which.receipts,
        "id": which.id,
        "entity": which.entity,
        "since": which.since,
        "until": which.until,
        "class": which.class,
        "plugin_digest": which.plugin_digest,
        "with_plugin": which.with_plugin,
        "dry_run": which.dry_run,
        "per_second": which.rate,
        "after": after,
    })
}

/// Batches put together.
#[derive(Default)]
struct Whole {
    document: Option<Value>,
}

impl Whole {
    fn add(&mut self, batch: Value) {
        let Some(whole) = &mut self.document else {
            self.document = Some(batch);
            return;
        };
        if let (Some(sums), Some(more)) = (
            whole.get_mut("counts").and_then(Value::as_object_mut),
            batch.get("counts").and_then(Value::as_object),
        ) {
            for (name, count) in sums {
                let more = more.get(name).and_then(Value::as_u64).unwrap_or_default();
                *count = json!(count.as_u64().unwrap_or_default() + more);
            }
        }
        for name in ["records", "receipts"] {
            if let Some(Value::Array(lines)) = whole.get_mut(name) {
                let left = REPLAY_LINES_MAX.saturating_sub(lines.len());
                lines.extend(list_of(&batch, name).into_iter().take(left));
            }
        }
    }

    /// Says how far it is, to people.
    fn tell(&self, next: &str) {
        let counts = self.document.as_ref().and_then(|whole| whole.get("counts"));
        let counts = counts.map(Value::to_string).unwrap_or_default();
        // Progress that cannot be told is no reason to stop.
        let _ = writeln!(std::io::stderr().lock(), "so far {counts}; next: {next}");
    }

    fn answer(self) -> Answer {
        let mut document = self.document.unwrap_or_default();
        if let Some(document) = document.as_object_mut() {
            document.remove("next");
        }
        let failed = document.pointer("/counts/failed").and_then(Value::as_u64);
        Answer {
            good: failed.unwrap_or_default() == 0,
            document,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_add_up_and_the_list_is_bounded() {
        let batch = |failed: u64| {
            let records: Vec<u64> = (0..150).collect();
            json!({"counts": {"changed": 2, "failed": failed}, "records": records, "receipts": [], "next": "n"})
        };
        let mut whole = Whole::default();
        whole.add(batch(0));
        whole.add(batch(1));
        let answer = whole.answer();
        assert!(!answer.good);
        let document = answer.document;
        assert_eq!(document.pointer("/counts/changed"), Some(&json!(4)));
        assert_eq!(list_of(&document, "records").len(), REPLAY_LINES_MAX);
        assert_eq!(document.get("next"), None);
    }

    #[test]
    fn what_people_type_stays_in_its_part_of_the_query() {
        let path = with("/p", &[("a", Some("x&y=1 ü".to_owned())), ("b", None)]);
        assert_eq!(path, "/p?a=x%26y%3D1+%C3%BC");
        assert_eq!(with("/p", &[("b", None)]), "/p");
    }
}
