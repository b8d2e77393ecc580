//! Where a page ended: Shopify's cursor, the page size that the shop took, and how deep we are.

use ordercase_sdk::PluginError;
use ordercase_sdk::model::Instant;
use serde::{Deserialize, Serialize};

/// A page's end. Versioned, so that a plugin of another version says `invalid-cursor` and the host
/// starts the window again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor {
    pub(crate) v: u8,
    /// Shopify's cursor; absent where the window starts anew.
    pub(crate) after: Option<String>,
    /// Records of a page.
    pub(crate) first: u32,
    /// Records since the window's start.
    pub(crate) read: u64,
    /// Where the window starts anew, because Shopify pages no deeper.
    pub(crate) from: Option<Instant>,
}

const VERSION: u8 = 1;

impl Cursor {
    pub(crate) fn start(first: u32) -> Self {
        Self {
            v: VERSION,
            after: None,
            first,
            read: 0,
            from: None,
        }
    }

    /// Reads the host's text; without one, the start.
    pub(crate) fn parse(text: Option<&str>, first: u32) -> Result<Self, PluginError> {
        let Some(text) = text else {
            return Ok(Self::start(first));
        };
        let cursor: Self = serde_json::from_str(text)
            .map_err(|_| PluginError::InvalidCursor("not one of this plugin's".to_owned()))?;
        if cursor.v != VERSION || cursor.first == 0 {
            return Err(PluginError::InvalidCursor(format!(
                "version {} of this plugin's cursors",
                cursor.v
            )));
        }
        Ok(Self {
            first: cursor.first.min(first),
            ..cursor
        })
    }

    pub(crate) fn to_text(&self) -> Result<String, PluginError> {
        serde_json::to_string(self)
            .map_err(|error| PluginError::Internal(format!("cursor as JSON: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text_and_keeps_the_smaller_page() {
        let cursor = Cursor {
            after: Some("abc".to_owned()),
            read: 75,
            ..Cursor::start(25)
        };
        let text = cursor.to_text().unwrap();
        assert_eq!(Cursor::parse(Some(&text), 50).unwrap(), cursor);
        assert_eq!(Cursor::parse(Some(&text), 10).unwrap().first, 10);
        assert_eq!(Cursor::parse(None, 50).unwrap(), Cursor::start(50));
    }

    #[test]
    fn a_foreign_cursor_is_invalid() {
        let foreign = [
            "",
            "abc",
            "{}",
            r#"{"v":9,"after":null,"first":1,"read":0,"from":null}"#,
        ];
        for text in foreign {
            let parsed = Cursor::parse(Some(text), 50);
            assert!(
                matches!(parsed, Err(PluginError::InvalidCursor(_))),
                "{text}"
            );
        }
    }
}
