//! Why a call failed, by what the caller does next. Every variant names the plugin and the export.

use std::time::Duration;

use crate::package::Export;

/// Why a call failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// The plugin says so: act on its error.
    #[error("plugin `{plugin}`, `{export}`: {error}")]
    Plugin {
        /// The plugin's id.
        plugin: String,
        /// The export.
        export: Export,
        /// What it says.
        error: PluginError,
    },
    /// The plugin crashed: its author must mend it; the same input will crash it again.
    #[error("plugin `{plugin}` crashed in `{export}`: {reason}{}", at(.frames))]
    Trap {
        /// The plugin's id.
        plugin: String,
        /// The export.
        export: Export,
        /// What happened, with the plugin's last words where it had any.
        reason: String,
        /// Names of the functions, innermost first.
        frames: Vec<String>,
    },
    /// It took too long: try again later, less at once.
    #[error("plugin `{plugin}`, `{export}`: stopped after {}, {}", secs(.limit.duration()), .limit.noun())]
    TimedOut {
        /// The plugin's id.
        plugin: String,
        /// The export.
        export: Export,
        /// Which time ran out.
        limit: TimeLimit,
    },
    /// It wanted more memory than its tier has: ask for less at once.
    #[error("plugin `{plugin}`, `{export}`: wanted more memory than the {} MiB of its tier", .bytes_max / (1024 * 1024))]
    MemoryLimit {
        /// The plugin's id.
        plugin: String,
        /// The export.
        export: Export,
        /// The limit.
        bytes_max: usize,
    },
    /// What it returned breaks the contract: keep nothing of it, park the input.
    #[error("plugin `{plugin}`, `{export}`: returned something invalid at `{path}`: {problem}")]
    OutputInvalid {
        /// The plugin's id.
        plugin: String,
        /// The export.
        export: Export,
        /// Where.
        path: String,
        /// What is wrong there.
        problem: String,
    },
    /// What it was to be given is too large or not there: the caller's fault.
    #[error("plugin `{plugin}`, `{export}`: not called, {problem}")]
    InputInvalid {
        /// The plugin's id.
        plugin: String,
        /// The export.
        export: Export,
        /// What is wrong.
        problem: String,
    },
    /// The plugin does not have the export: use another way.
    #[error("plugin `{plugin}` has no `{export}`")]
    NotExported {
        /// The plugin's id.
        plugin: String,
        /// The export.
        export: Export,
    },
    /// No place was free in time: try again soon.
    #[error("plugin `{plugin}`, `{export}`: no place free within {}", secs(*.waited))]
    Busy {
        /// The plugin's id.
        plugin: String,
        /// The export.
        export: Export,
        /// How long it waited.
        waited: Duration,
    },
    /// The host itself failed.
    #[error("plugin `{plugin}`, `{export}`: the host failed: {problem}")]
    Host {
        /// The plugin's id.
        plugin: String,
        /// The export.
        export: Export,
        /// How.
        problem: String,
    },
}

impl CallError {
    /// The plugin's own error, when that is what happened.
    #[must_use]
    pub const fn plugin_error(&self) -> Option<&PluginError> {
        match self {
            Self::Plugin { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// Which time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLimit {
    /// Computing.
    Computing(Duration),
    /// Everything, waiting for the source included.
    Wall(Duration),
}

impl TimeLimit {
    /// How long it was.
    #[must_use]
    pub const fn duration(self) -> Duration {
        match self {
            Self::Computing(limit) | Self::Wall(limit) => limit,
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Computing(_) => "its limit for computing",
            Self::Wall(_) => "its limit for a whole call",
        }
    }
}

/// What a plugin says went wrong. The host maps each case to exactly one retry class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    /// The credential no longer works.
    #[error("the credential no longer works: {0}")]
    AuthExpired(String),
    /// The source or the host's throttle asks to wait.
    #[error("rate limited{}", .retry_after_ms.map(|ms| format!(", again in {ms} ms")).unwrap_or_default())]
    RateLimited {
        /// How long, where it is known.
        retry_after_ms: Option<u64>,
    },
    /// The source does not know it.
    #[error("not found: {0}")]
    NotFound(String),
    /// A setting cannot work.
    #[error("setting `{field}`: {message}")]
    InvalidConfig {
        /// The setting.
        field: String,
        /// Why.
        message: String,
    },
    /// The source's answer does not have the promised shape.
    #[error("malformed: {0}")]
    Malformed(String),
    /// The source answered with an error.
    #[error("the source answered {status}: {message}")]
    Upstream {
        /// Status; 0 when there was none.
        status: u16,
        /// What it said.
        message: String,
    },
    /// The cursor is not the plugin's or has expired: start the window again.
    #[error("the cursor is not valid: {0}")]
    InvalidCursor(String),
    /// The plugin cannot do this.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The plugin failed.
    #[error("internal: {0}")]
    Internal(String),
}

fn secs(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}

fn at(frames: &[String]) -> String {
    if frames.is_empty() {
        String::new()
    } else {
        format!(" (in {})", frames.join(" < "))
    }
}
