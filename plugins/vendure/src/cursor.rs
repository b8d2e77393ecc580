//! Where a page ended. Vendure pages by number of rows only, so the list is pinned to what was
//! placed before the first page was asked for, and rows that leave it between two pages move the
//! next page back.

use ordercase_sdk::PluginError;
use ordercase_sdk::model::Instant;
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;

/// A page's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor {
    v: u8,
    /// Rows before the next page.
    pub(crate) skip: u64,
    /// Rows of the whole list when the last page was read; absent before the first.
    total: Option<u64>,
    /// When the first page was asked for.
    pub(crate) pinned: Instant,
}

impl Cursor {
    /// Reads the host's text; without one, the start, pinned to now.
    pub(crate) fn parse(text: Option<&str>, now: Instant) -> Result<Self, PluginError> {
        let Some(text) = text else {
            return Ok(Self {
                v: VERSION,
                skip: 0,
                total: None,
                pinned: now,
            });
        };
        let cursor: Self = serde_json::from_str(text)
            .map_err(|_| PluginError::InvalidCursor("not one of this plugin's".to_owned()))?;
        if cursor.v == VERSION {
            Ok(cursor)
        } else {
            Err(PluginError::InvalidCursor(format!(
                "version {} of this plugin's cursors",
                cursor.v
            )))
        }
    }

    /// The cursor behind a page of `rows` of `total`; `None` when it was the last. Where rows left
    /// the list since the page before, those rows may have slipped over the edge: they are read
    /// again.
    pub(crate) fn after(&self, rows: u64, total: u64) -> Result<Option<String>, PluginError> {
        let gone = self.total.map_or(0, |before| before.saturating_sub(total));
        let next = Self {
            v: VERSION,
            skip: (self.skip + rows).saturating_sub(gone),
            total: Some(total),
            pinned: self.pinned,
        };
        let ended = next.skip >= total || (rows == 0 && gone == 0);
        if ended {
            return Ok(None);
        }
        serde_json::to_string(&next)
            .map(Some)
            .map_err(|error| PluginError::Internal(format!("cursor as JSON: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Instant {
        "2026-11-25T06:00:00Z".parse().unwrap()
    }

    fn step(cursor: &Cursor, rows: u64, total: u64) -> Option<Cursor> {
        let text = cursor.after(rows, total).unwrap()?;
        Some(Cursor::parse(Some(&text), now()).unwrap())
    }

    #[test]
    fn pages_follow_until_the_total_is_read() {
        let start = Cursor::parse(None, now()).unwrap();
        let second = step(&start, 50, 80).unwrap();
        assert_eq!((second.skip, second.pinned), (50, now()));
        assert_eq!(step(&second, 30, 80), None);
    }

    #[test]
    fn rows_that_left_the_list_move_the_next_page_back() {
        let second = step(&Cursor::parse(None, now()).unwrap(), 50, 200).unwrap();
        let third = step(&second, 50, 197).unwrap();
        assert_eq!(third.skip, 97);
        assert_eq!(step(&third, 50, 197).unwrap().skip, 147);
    }

    #[test]
    fn an_empty_page_ends_a_list_whose_total_lies() {
        let second = step(&Cursor::parse(None, now()).unwrap(), 50, 200).unwrap();
        assert_eq!(step(&second, 0, 200), None);
    }

    #[test]
    fn a_foreign_cursor_is_invalid() {
        for text in [
            "",
            "5",
            "{}",
            r#"{"v":9,"skip":0,"total":null,"pinned":"2026-11-25T06:00:00Z"}"#,
        ] {
            let parsed = Cursor::parse(Some(text), now());
            assert!(
                matches!(parsed, Err(PluginError::InvalidCursor(_))),
                "{text}"
            );
        }
    }
}
