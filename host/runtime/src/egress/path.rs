//! Joining a plugin's path to an origin, so that the result never leaves the allowed prefixes.
//!
//! The rule is an allow-list of characters, not a normaliser: a path that any server could read in
//! two ways is refused. What is joined is compared with what the URL parser made of it.

use url::Url;

use crate::limits;

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    /// Does not begin with one slash.
    #[error("the path must begin with one `/`: name the origin by its alias, not by a URL")]
    NotAbsolute,
    /// Longer than allowed.
    #[error("the path is longer than {} bytes", limits::REQUEST_PATH_BYTES_MAX)]
    TooLong,
    /// `.`, `..` or an empty segment.
    #[error("the path has an empty, `.` or `..` segment")]
    Segment,
    /// A character that cannot stand in a path.
    #[error("the path has a character that must be escaped, or belongs into the query")]
    Character,
    /// An escape that hides a separator, a dot, an escape or a control character.
    #[error("the path has an escape that hides `/`, `\\`, `.`, `%` or a control character")]
    Escape,
    /// Outside of the manifest's prefixes.
    #[error("the path is outside of the origin's path-prefixes")]
    Prefix,
    /// The URL parser reads it differently.
    #[error("the path changes its meaning inside a URL")]
    Ambiguous,
}

/// Checks a path by itself.
///
/// # Errors
/// The first rule that it breaks.
pub(crate) fn check(path: &str) -> Result<(), PathError> {
    if path.len() > limits::REQUEST_PATH_BYTES_MAX {
        return Err(PathError::TooLong);
    }
    let inner = path.strip_prefix('/').ok_or(PathError::NotAbsolute)?;
    if inner.starts_with('/') {
        return Err(PathError::NotAbsolute);
    }
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    let mut segments = inner.split('/');
    if !inner.is_empty() && segments.any(|s| matches!(s, "" | "." | "..")) {
        return Err(PathError::Segment);
    }
    characters(path.as_bytes())
}

fn characters(mut rest: &[u8]) -> Result<(), PathError> {
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match byte {
            b'%' => {
                let [high, low, after @ ..] = tail else {
                    return Err(PathError::Escape);
                };
                let (high, low) = (hex_digit(*high), hex_digit(*low));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(PathError::Escape);
                };
                let hidden = high * 16 + low;
                if hidden < 0x20 || matches!(hidden, b'/' | b'\\' | b'.' | b'%' | 0x7f) {
                    return Err(PathError::Escape);
                }
                rest = after;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {}
            b'/' | b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*'
            | b'+' | b',' | b';' | b'=' | b':' | b'@' => {}
            _ => return Err(PathError::Character),
        }
    }
    Ok(())
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

/// Whether a text may stand among an origin's `path-prefixes`.
#[must_use]
pub(crate) fn is_prefix(text: &str) -> bool {
    check(text).is_ok() && !text.contains('%')
}

/// Whether a checked path is one of the prefixes, or lies below one.
#[must_use]
pub(crate) fn within(path: &str, prefixes: &[String]) -> bool {
    prefixes.iter().any(|prefix| {
        path.strip_prefix(prefix.as_str())
            .is_some_and(|rest| rest.is_empty() || prefix.ends_with('/') || rest.starts_with('/'))
    })
}

/// The base URL with that path below it.
///
/// # Errors
/// When the path is refused, lies outside of the prefixes, or means something else in a URL.
pub(crate) fn join(base: &Url, path: &str, prefixes: &[String]) -> Result<Url, PathError> {
    check(path)?;
    if !within(path, prefixes) {
        return Err(PathError::Prefix);
    }
    let whole = format!("{}{path}", base.path().trim_end_matches('/'));
    let mut url = base.clone();
    url.set_path(&whole);
    let same_place = url.origin() == base.origin() && url.query().is_none();
    if url.path() == whole && same_place {
        Ok(url)
    } else {
        Err(PathError::Ambiguous)
    }
}

#[cfg(test)]
mod tests;
