//! Verbs about the words of a shop: what is there is read, changed and written back, unless somebody else changed it.

use anyhow::{Context as _, bail};
use http::Method;
use serde_json::{Map, Value, json};

use super::{ConnectionMap, ConnectionRequire, ConnectionUnmap, run::segment, transport::Admin};

fn path(connection: &str) -> anyhow::Result<String> {
    let connection = segment(connection)?;
    Ok(format!("/admin/v1/connections/{connection}/mappings"))
}

/// Shows them.
pub(super) async fn show(admin: &Admin, connection: &str) -> anyhow::Result<Value> {
    admin.get(&path(connection)?).await
}

/// Says what a word means.
pub(super) async fn map(admin: &Admin, map: &ConnectionMap) -> anyhow::Result<Value> {
    change(admin, &map.connection, |overrides, _| {
        let words = object(overrides, map.mapping.field())?;
        let word = spelt(words, map.mapping.word());
        let axes = object(words, &word)?;
        for meaning in &map.meanings {
            axes.insert(meaning.axis.clone(), meaning.value.clone().into());
        }
        Ok(())
    })
    .await
}

/// Forgets what a word means.
pub(super) async fn unmap(admin: &Admin, unmap: &ConnectionUnmap) -> anyhow::Result<Value> {
    change(admin, &unmap.connection, |overrides, _| {
        let words = object(overrides, unmap.mapping.field())?;
        let word = spelt(words, unmap.mapping.word());
        if words.remove(&word).is_none() {
            bail!(
                "there is no mapping `{}`; `ordercase connection mappings {}` shows those that are there",
                unmap.mapping,
                unmap.connection
            );
        }
        if words.is_empty() {
            overrides.remove(unmap.mapping.field());
        }
        Ok(())
    })
    .await
}

/// Says that every word of a field must be mapped, or that it need not.
pub(super) async fn require(admin: &Admin, require: &ConnectionRequire) -> anyhow::Result<Value> {
    change(admin, &require.connection, |_, required| {
        required.retain(|field| field.as_str() != Some(&require.field));
        if !require.not {
            required.push(require.field.clone().into());
        }
        Ok(())
    })
    .await
}

async fn change(
    admin: &Admin,
    connection: &str,
    edit: impl FnOnce(&mut Map<String, Value>, &mut Vec<Value>) -> anyhow::Result<()>,
) -> anyhow::Result<Value> {
    let path = path(connection)?;
    let mut view = admin.get(&path).await?;
    let mut part = |name: &str| view.get_mut(name).map(Value::take);
    let (Some(Value::Object(mut overrides)), Some(Value::Array(mut required))) =
        (part("overrides"), part("required"))
    else {
        bail!("the host named no mappings");
    };
    edit(&mut overrides, &mut required)?;
    let revision = view.get("revision");
    let body = json!({ "overrides": overrides, "required": required, "revision": revision });
    admin.call(Method::PUT, &path, body).await
}

fn object<'a>(
    parent: &'a mut Map<String, Value>,
    name: &str,
) -> anyhow::Result<&'a mut Map<String, Value>> {
    let inner = parent.entry(name).or_insert_with(|| json!({}));
    inner
        .as_object_mut()
        .with_context(|| format!("what the host has for `{name}` is no mapping"))
}

/// The word as it is mapped already; words compare without regard to case.
fn spelt(words: &Map<String, Value>, word: &str) -> String {
    let mapped = words.keys().find(|known| known.eq_ignore_ascii_case(word));
    mapped.map_or_else(|| word.to_owned(), Clone::clone)
}
