//! Cursors of lists: two texts that name where a page ended, unreadable on purpose, so that nobody builds one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ordercase_model::Instant;

use crate::{
    http::problem::{Kind, Problem},
    limits::CURSOR_CHARS_MAX,
};

/// The cursor that names two texts.
pub(super) fn write(first: &str, second: &str) -> String {
    BASE64.encode(serde_json::json!([first, second]).to_string())
}

/// The two texts of a cursor.
///
/// # Errors
/// [`Kind::Malformed`] at `after` when it is none of ours.
pub(super) fn read(cursor: &str) -> Result<(String, String), Problem> {
    let read = || {
        let bytes = BASE64.decode(cursor).ok()?;
        serde_json::from_slice::<(String, String)>(&bytes).ok()
    };
    let short = cursor.len() <= CURSOR_CHARS_MAX;
    short.then(read).flatten().ok_or_else(broken)
}

/// The cursor that names a moment and the id of what happened then.
pub(super) fn write_moment(at: Instant, id: &str) -> String {
    write(&at.micros().to_string(), id)
}

/// The moment and the id of a cursor.
///
/// # Errors
/// [`Kind::Malformed`] at `after` when it is none of ours.
pub(super) fn read_moment(cursor: &str) -> Result<(Instant, String), Problem> {
    let (at, id) = read(cursor)?;
    let at = at.parse().ok().and_then(Instant::from_micros);
    Ok((at.ok_or_else(broken)?, id))
}

/// The problem of a cursor that does not lead anywhere.
pub(super) fn broken() -> Problem {
    Problem::new(
        Kind::Malformed,
        "that is no cursor; take it from the `next` of the answer before",
    )
    .at("after")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        let cursor = write("17", "gid://x/'; DROP");
        assert_eq!(
            read(&cursor).unwrap(),
            ("17".to_owned(), "gid://x/'; DROP".to_owned())
        );
        for other in ["", "x", "' OR 1=1 --", "W10", &"A".repeat(5_000)] {
            assert_eq!(read(other).unwrap_err().kind(), Kind::Malformed, "{other}");
        }
    }
}
