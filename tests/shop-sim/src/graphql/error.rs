//! Errors in the shape that the Admin API answers with.

use graphql_parser::Pos;
use serde_json::{Value, json};

/// One entry of `errors`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GraphError(pub(crate) Value);

impl GraphError {
    pub(crate) fn plain(message: impl Into<String>) -> Self {
        Self(json!({ "message": message.into() }))
    }

    pub(crate) fn coded(message: impl Into<String>, code: &str) -> Self {
        Self(json!({ "message": message.into(), "extensions": { "code": code } }))
    }

    /// A static error at a place of the query.
    pub(crate) fn at(
        message: impl Into<String>,
        pos: Pos,
        path: &[String],
        mut extensions: Value,
    ) -> Self {
        if extensions.is_null() {
            extensions = json!({});
        }
        Self(json!({
            "message": message.into(),
            "locations": [{ "line": pos.line, "column": pos.column }],
            "path": path,
            "extensions": extensions,
        }))
    }

    /// An error while running, with the answer's path.
    pub(crate) fn running(
        message: impl Into<String>,
        pos: Pos,
        path: &[Value],
        code: &str,
    ) -> Self {
        Self(json!({
            "message": message.into(),
            "locations": [{ "line": pos.line, "column": pos.column }],
            "path": path,
            "extensions": { "code": code },
        }))
    }
}
