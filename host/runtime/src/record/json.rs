//! JSON text, looked at without building it: how deep it nests, and what lies at an offset.

use crate::limits;

/// One step of a path.
enum Step<'a> {
    Object { key: &'a str, at_key: bool },
    Array { index: usize },
}

/// Whether JSON text nests deeper than allowed. Says nothing about its syntax.
pub(super) fn is_too_deep(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_u32, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth > limits::JSON_DEPTH_MAX {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => at = closing(bytes, at + 1),
            _ => {}
        }
        at += 1;
    }
    false
}

/// Where the text that begins there ends: its closing quote, or the end of all.
fn closing(bytes: &[u8], mut at: usize) -> usize {
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', rest) {
            Some(found) if rest.get(found) == Some(&b'\\') => at += found + 2,
            Some(found) => return at + found,
            None => return bytes.len(),
        }
    }
}

/// The path of what lies at a byte offset, such as `.lines[2].quantity`.
pub(super) fn path_at(text: &str, offset: usize) -> String {
    let mut steps: Vec<Step<'_>> = Vec::new();
    scan(text, offset, |event| match event {
        Event::Open(b'{') => steps.push(Step::Object {
            key: "",
            at_key: true,
        }),
        Event::Open(_) => steps.push(Step::Array { index: 0 }),
        Event::Close => drop(steps.pop()),
        Event::Comma => match steps.last_mut() {
            Some(Step::Object { at_key, .. }) => *at_key = true,
            Some(Step::Array { index }) => *index += 1,
            None => {}
        },
        Event::Colon => {
            if let Some(Step::Object { at_key, .. }) = steps.last_mut() {
                *at_key = false;
            }
        }
        Event::Text(text) => {
            if let Some(Step::Object { key, at_key: true }) = steps.last_mut() {
                *key = text;
            }
        }
    });
    // At an object's end its last key is done with: the object itself is meant.
    if text.as_bytes().get(offset) == Some(&b'}')
        && let Some(Step::Object { at_key, .. }) = steps.last_mut()
    {
        *at_key = true;
    }
    let shown = steps.iter().map(|step| match step {
        // After a comma or a brace no key is current: the object itself is meant.
        Step::Object { at_key: true, .. } | Step::Object { key: "", .. } => String::new(),
        Step::Object { key, .. } => format!(".{}", key.chars().take(64).collect::<String>()),
        Step::Array { index } => format!("[{index}]"),
    });
    shown.collect()
}

/// The byte offset of a line and column as `serde_json` counts them: from 1, in bytes.
pub(super) fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (before + column.saturating_sub(1)).min(text.len())
}

enum Event<'a> {
    Open(u8),
    Close,
    Comma,
    Colon,
    Text(&'a str),
}

fn scan<'a>(text: &'a str, end: usize, mut event: impl FnMut(Event<'a>)) {
    let mut bytes = text.bytes().enumerate().take(end);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' | b'[' => event(Event::Open(byte)),
            b'}' | b']' => event(Event::Close),
            b',' => event(Event::Comma),
            b':' => event(Event::Colon),
            b'"' => {
                let mut escaped = false;
                let close = bytes.find(|(_, byte)| {
                    let closes = *byte == b'"' && !escaped;
                    escaped = *byte == b'\\' && !escaped;
                    closes
                });
                if let Some((close, _)) = close {
                    event(Event::Text(text.get(at + 1..close).unwrap_or_default()));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_texts() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        let max = limits::JSON_DEPTH_MAX as usize;
        assert!(!is_too_deep(&nested(max)));
        assert!(is_too_deep(&nested(max + 1)));
        assert!(!is_too_deep(&format!(
            "\"{}\\\"{}\"",
            "[".repeat(99),
            "{".repeat(99)
        )));
        assert!(!is_too_deep(&"[],".repeat(99)));
    }

    #[test]
    fn an_offset_has_a_path() {
        let text = r#"{"a":1,"lines":[{"q":{"x":"[,"}},{"q":7}],"z":[]}"#;
        let path = |needle: &str| path_at(text, text.find(needle).unwrap());
        assert_eq!(path("1,"), ".a");
        assert_eq!(path("\"[,"), ".lines[0].q.x");
        assert_eq!(path("7"), ".lines[1].q");
        assert_eq!(path("[]}"), ".z");
        assert_eq!(path("}},{"), ".lines[0].q");
        assert_eq!(offset("ab\ncd", 2, 1), 3);
    }
}
