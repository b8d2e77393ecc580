//! Pages. The answer decides the style: a cursor where `meta` is there, else `next_page`.

use serde::Deserialize;
use serde_json::Value;

use crate::call::Call;
use crate::client::Client;
use crate::error::ZendeskError;
use crate::limits::PAGE_SIZE;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Meta {
    has_more: bool,
    after_cursor: Option<String>,
    /// The ZIS lists call it so.
    after: Option<String>,
}

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    /// The whole answer: rows under their plural name, side-loads beside them.
    pub(crate) body: serde_json::Map<String, Value>,
}

impl Page {
    /// Takes the rows under `key` out of the answer.
    pub(crate) fn rows<T: serde::de::DeserializeOwned>(
        &mut self,
        key: &str,
        what: &str,
    ) -> Result<Vec<T>, ZendeskError> {
        let rows = self.body.remove(key).unwrap_or(Value::Array(Vec::new()));
        serde_json::from_value(rows).map_err(|_| ZendeskError::Shape {
            what: what.to_owned(),
            reason: format!("`{key}` does not hold the documented rows"),
        })
    }
}

/// A list read page by page, within a bound.
pub(crate) struct Pages<'a> {
    client: &'a Client,
    make: Box<dyn Fn() -> Call + Send + Sync + 'a>,
    after: Option<String>,
    left: usize,
    finished: bool,
}

impl<'a> Pages<'a> {
    /// Reads at most `pages_max` pages of the list that `make` asks for.
    pub(crate) fn new(
        client: &'a Client,
        pages_max: usize,
        make: impl Fn() -> Call + Send + Sync + 'a,
    ) -> Self {
        Self {
            client,
            make: Box::new(make),
            after: None,
            left: pages_max,
            finished: false,
        }
    }

    /// The next page, or `None` at the end or the bound.
    pub(crate) async fn next(&mut self) -> Result<Option<Page>, ZendeskError> {
        if self.finished || self.left == 0 {
            return Ok(None);
        }
        let mut call = (self.make)().query("page[size]", PAGE_SIZE.to_string());
        if let Some(after) = &self.after {
            call = call.query("page[after]", after.clone());
        }
        let mut body: serde_json::Map<String, Value> = self.client.json(call).await?;
        self.left -= 1;
        let meta: Meta = body
            .remove("meta")
            .and_then(|meta| serde_json::from_value(meta).ok())
            .unwrap_or_default();
        let after = meta.after_cursor.or(meta.after).filter(|_| meta.has_more);
        self.finished = after.is_none();
        self.after = after;
        Ok(Some(Page { body }))
    }

    /// Whether the bound, not the end, stopped the reading.
    pub(crate) fn is_cut(&self) -> bool {
        !self.finished
    }
}
