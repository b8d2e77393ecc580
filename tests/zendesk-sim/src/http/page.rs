//! Pages by cursor and by number, with the errors that each has.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::ApiError;
use crate::limits::{OFFSET_DEPTH_MAX, PAGE_MAX};

/// The query of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn read(raw: Option<&str>) -> Self {
        let pairs = url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes());
        Self(pairs.into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// The side-loads asked for.
    pub(crate) fn includes(&self, what: &str) -> bool {
        let list = self.get("include").unwrap_or_default();
        list.split(',').any(|part| part.trim() == what)
    }

    fn is_cursor(&self) -> bool {
        ["page[size]", "page[after]", "page[before]"]
            .iter()
            .any(|name| self.get(name).is_some())
    }
}

/// A row with the key that a cursor names it by.
#[derive(Clone, Debug)]
pub(crate) struct Row<T> {
    pub(crate) key: u64,
    pub(crate) row: T,
}

/// Rows of one page with the envelope's keys beside them.
pub(crate) struct Paged<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) envelope: Map<String, Value>,
}

/// Cuts a page out of `rows`. `url` is the list's address, without a query.
pub(crate) fn paged<T>(rows: Vec<Row<T>>, query: &Query, url: &str) -> Result<Paged<T>, ApiError> {
    if query.is_cursor() {
        if query.get("page").is_some() || query.get("per_page").is_some() {
            return Err(bad(
                "InvalidPaginationParameter",
                "page and page[size] cannot be mixed",
            ));
        }
        by_cursor(rows, query, url)
    } else {
        by_number(rows, query, url)
    }
}

fn by_cursor<T>(rows: Vec<Row<T>>, query: &Query, url: &str) -> Result<Paged<T>, ApiError> {
    let size = match query.get("page[size]") {
        None => PAGE_MAX,
        Some(text) => text
            .parse()
            .ok()
            .filter(|size| (1..=PAGE_MAX).contains(size))
            .ok_or_else(|| {
                bad(
                    "InvalidPaginationParameter",
                    "page[size] must be between 1 and 100",
                )
            })?,
    };
    let start = match query.get("page[after]") {
        None => 0,
        Some(cursor) => {
            let key = unseal(cursor)
                .ok_or_else(|| bad("InvalidPaginationParameter", "page[after] is not valid"))?;
            rows.iter()
                .position(|row| row.key == key)
                .map_or(rows.len(), |at| at + 1)
        }
    };
    let total = rows.len();
    let taken: Vec<Row<T>> = rows.into_iter().skip(start).take(size).collect();
    let has_more = start + taken.len() < total;
    let after = taken.last().map(|row| seal(row.key));
    let before = taken.first().map(|row| seal(row.key));
    let next = after
        .as_ref()
        .filter(|_| has_more)
        .map(|cursor| format!("{url}?page%5Bafter%5D={cursor}&page%5Bsize%5D={size}"));
    let mut envelope = Map::new();
    envelope.insert(
        "meta".to_owned(),
        json!({ "has_more": has_more, "after_cursor": after, "before_cursor": before }),
    );
    envelope.insert("links".to_owned(), json!({ "next": next, "prev": null }));
    Ok(Paged {
        rows: taken.into_iter().map(|row| row.row).collect(),
        envelope,
    })
}

fn by_number<T>(rows: Vec<Row<T>>, query: &Query, url: &str) -> Result<Paged<T>, ApiError> {
    let number = |name: &str, default: usize| match query.get(name) {
        None => Ok(default),
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| {
                bad(
                    "InvalidPaginationParameter",
                    &format!("{name} must be an integer"),
                )
            }),
    };
    let page = number("page", 1)?;
    // More than the most is quietly the most.
    let per_page = number("per_page", PAGE_MAX)?.min(PAGE_MAX);
    if page.saturating_mul(per_page) > OFFSET_DEPTH_MAX {
        return Err(bad(
            "InvalidPaginationDepth",
            "Offset pagination reaches 10000 records; use a cursor",
        ));
    }
    let total = rows.len();
    let start = (page - 1) * per_page;
    let link = |page: usize| format!("{url}?page={page}&per_page={per_page}");
    let next = (start + per_page < total).then(|| link(page + 1));
    let previous = (page > 1).then(|| link(page - 1));
    let mut envelope = Map::new();
    envelope.insert("count".to_owned(), json!(total));
    envelope.insert("next_page".to_owned(), json!(next));
    envelope.insert("previous_page".to_owned(), json!(previous));
    Ok(Paged {
        rows: rows
            .into_iter()
            .skip(start)
            .take(per_page)
            .map(|row| row.row)
            .collect(),
        envelope,
    })
}

fn bad(code: &str, detail: &str) -> ApiError {
    ApiError::listed(StatusCode::BAD_REQUEST, code, detail)
}

fn seal(key: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("o:{key}"))
}

fn unseal(cursor: &str) -> Option<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    String::from_utf8(bytes)
        .ok()?
        .strip_prefix("o:")?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: u64) -> Vec<Row<u64>> {
        (1..=count).map(|key| Row { key, row: key }).collect()
    }

    fn page(query: &str) -> Result<Paged<u64>, ApiError> {
        paged(rows(250), &Query::read(Some(query)), "https://x/list.json")
    }

    #[test]
    fn a_cursor_walks_the_whole_list_once() {
        let mut seen = Vec::new();
        let mut query = "page[size]=100".to_owned();
        loop {
            let page = page(&query).unwrap();
            seen.extend(page.rows);
            let meta = page.envelope.get("meta").unwrap();
            if meta["has_more"] == false {
                break;
            }
            query = format!(
                "page[size]=100&page[after]={}",
                meta["after_cursor"].as_str().unwrap()
            );
        }
        assert_eq!(seen, (1..=250).collect::<Vec<_>>());
    }

    #[test]
    fn numbered_pages_say_how_many_there_are() {
        let third = page("page=3&per_page=100").unwrap();
        assert_eq!(third.rows.len(), 50);
        assert_eq!(third.envelope["count"], 250);
        assert!(third.envelope["next_page"].is_null());
    }

    #[test]
    fn mixed_deep_and_crooked_pages_are_refused() {
        for query in [
            "page[size]=10&page=1",
            "page[size]=0",
            "page[size]=1000",
            "page=x",
            "page=101&per_page=100",
            "page[after]=zz",
        ] {
            assert!(page(query).is_err(), "{query}");
        }
    }
}
