//! `log`: lines for the operator, bounded and redacted.

use std::sync::LazyLock;

use regex::Regex;

use crate::{LogLevel, LogLine, abi::bindings::ordercase::source::log, call::CallState, limits};

/// The lines of one call. Whatever is too much is counted and dropped.
#[derive(Debug, Default)]
pub(crate) struct LogSink {
    pub(crate) lines: Vec<LogLine>,
    pub(crate) seen: usize,
    bytes: usize,
}

impl LogSink {
    fn push(&mut self, line: LogLine) {
        self.seen += 1;
        let fields: usize = line.fields.iter().map(|(n, v)| n.len() + v.len()).sum();
        let bytes = line.message.len() + fields;
        // The last words before a crash are worth more than the chatter before them.
        let full =
            self.lines.len() >= limits::LOG_LINES_MAX || self.bytes + bytes > limits::LOG_BYTES_MAX;
        if full && line.level == LogLevel::Error && bytes <= limits::LOG_LINE_BYTES_MAX {
            self.lines.pop();
        } else if full {
            return;
        }
        self.bytes += bytes;
        self.lines.push(line);
    }

    /// What the plugin last complained of.
    pub(crate) fn last_error(&self) -> Option<&str> {
        let errors = self
            .lines
            .iter()
            .rev()
            .filter(|line| line.level == LogLevel::Error);
        errors.map(|line| line.message.as_str()).next()
    }
}

impl log::Host for CallState {
    fn emit(&mut self, level: log::Level, message: String, fields: Vec<(String, String)>) {
        let level = match level {
            log::Level::Error => LogLevel::Error,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Info => LogLevel::Info,
            log::Level::Debug => LogLevel::Debug,
        };
        let fields = fields.iter().take(FIELDS_MAX);
        self.log.push(LogLine {
            level,
            message: clean(&message),
            fields: fields
                .map(|(name, value)| (clean(name), clean(value)))
                .collect(),
        });
    }
}

const FIELDS_MAX: usize = 16;

/// Something that looks like an e-mail address or an international telephone number.
static PERSONAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[^\s@<>\x22',;:=()]+@[^\s@<>\x22',;:=()]+|\+\d[\d ().-]{6,18}\d").ok()
});

/// A text as an operator may see it: one line, bounded, without addresses and numbers of people.
fn clean(text: &str) -> String {
    let end = text.floor_char_boundary(limits::LOG_LINE_BYTES_MAX);
    let text: String = text
        .get(..end)
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match PERSONAL.as_ref() {
        Some(personal) => personal.replace_all(&text, "[personal]").into_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: LogLevel, message: &str) -> LogLine {
        LogLine {
            level,
            message: message.to_owned(),
            fields: Vec::new(),
        }
    }

    #[test]
    fn a_flood_is_cut_and_the_last_error_still_heard() {
        let mut sink = LogSink::default();
        for _ in 0..10_000 {
            sink.push(line(LogLevel::Info, "chatter"));
        }
        sink.push(line(LogLevel::Error, "panicked at map.rs"));
        assert_eq!(sink.lines.len(), limits::LOG_LINES_MAX);
        assert_eq!(sink.seen, 10_001);
        assert_eq!(sink.last_error(), Some("panicked at map.rs"));
    }

    #[test]
    fn lines_are_bounded_single_and_without_personal_data() {
        assert_eq!(clean("a\nb\u{1b}[31m"), "a b [31m");
        assert_eq!(
            clean("mail <ann.b@shop.example>, +44 20 7946 0958!"),
            "mail <[personal]>, [personal]!"
        );
        assert_eq!(
            clean("order gid://shop/Order/1234567890123"),
            "order gid://shop/Order/1234567890123"
        );
        assert_eq!(
            clean(&"é".repeat(limits::LOG_LINE_BYTES_MAX)).len(),
            limits::LOG_LINE_BYTES_MAX
        );
    }
}
