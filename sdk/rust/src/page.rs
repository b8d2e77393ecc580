//! GraphQL connections: the shape, and the rest of a nested one, bounded.

use serde::Deserialize;

use crate::lenient::{List, Maybe, Word};
use crate::{PluginError, limits};

/// Whether more follows, and from where.
#[derive(Clone, Debug, Default)]
pub struct PageInfo {
    /// Whether more follows.
    pub has_next_page: bool,
    /// Where it follows from; absent when nothing does.
    pub end_cursor: Option<String>,
}

impl<'de> Deserialize<'de> for PageInfo {
    /// Copies the cursor only where more follows: nearly all connections end.
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Sent<'a> {
            has_next_page: bool,
            #[serde(borrow)]
            end_cursor: Word<'a>,
        }
        let sent = Sent::deserialize(d)?;
        let follows = sent.end_cursor.get().filter(|_| sent.has_next_page);
        Ok(Self {
            has_next_page: sent.has_next_page,
            end_cursor: follows.map(str::to_owned),
        })
    }
}

/// A page of a GraphQL connection, as `nodes` or as `edges`; `null` nodes are left out, and a `null`
/// connection is empty.
#[derive(Clone, Debug)]
pub struct Connection<T> {
    /// The nodes.
    pub nodes: Vec<T>,
    /// Whether more follows.
    pub page_info: PageInfo,
}

impl<T> Default for Connection<T> {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            page_info: PageInfo::default(),
        }
    }
}

impl<T> Connection<T> {
    /// Where the next page starts; `None` on the last.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.page_info
            .end_cursor
            .as_deref()
            .filter(|_| self.page_info.has_next_page)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default, bound = "T: Deserialize<'de>")]
struct Shape<T> {
    nodes: List<T>,
    edges: List<Edge<T>>,
    page_info: Maybe<PageInfo>,
}

#[derive(Deserialize)]
struct Edge<T> {
    node: Option<T>,
}

impl<T> Default for Shape<T> {
    fn default() -> Self {
        Self {
            nodes: List::default(),
            edges: List::default(),
            page_info: Maybe::default(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Connection<T> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let Maybe(shape) = Maybe::<Shape<T>>::deserialize(d)?;
        let shape = shape.unwrap_or_default();
        let mut nodes = shape.nodes.0;
        nodes.extend(shape.edges.0.into_iter().filter_map(|edge| edge.node));
        Ok(Self {
            nodes,
            page_info: shape.page_info.0.unwrap_or_default(),
        })
    }
}

/// Follows a connection to its end, at most [`limits::NESTED_PAGES_MAX`] pages; returns whether all
/// of it came. A cursor that does not move ends it too.
///
/// # Errors
/// Those of `page`.
pub fn rest<T>(
    connection: &mut Connection<T>,
    mut page: impl FnMut(&str) -> Result<Connection<T>, PluginError>,
) -> Result<bool, PluginError> {
    for _ in 0..limits::NESTED_PAGES_MAX {
        let Some(cursor) = connection.next().map(str::to_owned) else {
            return Ok(true);
        };
        let more = page(&cursor)?;
        connection.nodes.extend(more.nodes);
        if more.page_info.end_cursor.as_deref() == Some(&cursor) {
            return Ok(false);
        }
        connection.page_info = more.page_info;
    }
    Ok(connection.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(json: &str) -> Connection<u32> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn all_pages_are_read_in_order() {
        let mut all = connection(
            r#"{"nodes": [1, null], "pageInfo": {"hasNextPage": true, "endCursor": "a"}}"#,
        );
        let whole = rest(&mut all, |cursor| {
            assert_eq!(cursor, "a");
            Ok(connection(
                r#"{"nodes": [2], "pageInfo": {"hasNextPage": false, "endCursor": "b"}}"#,
            ))
        });
        assert_eq!((whole, all.nodes), (Ok(true), vec![1, 2]));
    }

    #[test]
    fn edges_and_null_read_too() {
        let edges = connection(r#"{"edges": [{"node": 1}, {"node": null}, {"node": 2}]}"#);
        assert_eq!(edges.nodes, [1, 2]);
        assert_eq!(connection("null").nodes, [0; 0]);
    }

    #[test]
    fn a_cursor_that_stands_still_and_an_endless_list_both_end() {
        let page = r#"{"nodes": [1], "pageInfo": {"hasNextPage": true, "endCursor": "a"}}"#;
        assert_eq!(
            rest(&mut connection(page), |_| Ok(connection(page))),
            Ok(false)
        );
        let mut n = 0;
        let endless = rest(&mut connection(page), |_| {
            n += 1;
            Ok(connection(&page.replace("\"a\"", &format!("\"{n}\""))))
        });
        assert_eq!((endless, n), (Ok(false), limits::NESTED_PAGES_MAX));
    }
}
