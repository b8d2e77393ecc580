//! What Zendesk does not document, each as a named choice with a stated default.
//!
//! The defaults follow the documentation where two sources disagree, and the careful side where
//! there is none. A flow that behaves the same under every setting does not depend on luck.

use std::time::Duration;

/// Behaviour that no source settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switches {
    /// What a state without `ResultPath` does with its output.
    pub result_path_default: ResultPathDefault,
    /// Whether `IsPresent` holds for a path that holds `null`. Default true, as in the Amazon States
    /// Language.
    pub is_present_null: bool,
    /// What a Choice rule does whose `Variable` leads nowhere (other than `IsPresent`).
    pub choice_missing: ChoiceMissing,
    /// What becomes of several jq outputs.
    pub jq_multi: JqMulti,
    /// How a placeholder renders an object or a list.
    pub placeholder_object_format: PlaceholderFormat,
    /// What a placeholder does whose path leads nowhere.
    pub placeholder_missing: MissingPlaceholder,
    /// What `LoadConfig` yields.
    pub load_config_shape: LoadConfigShape,
    /// What a 2xx answer yields whose body is not JSON.
    pub non_json_answer: NonJsonAnswer,
    /// What an error looks like to the state that catches it.
    pub error_object: ErrorObject,
    /// Whether `$.subdomain` and `$.zendeskHost` exist inside an action's definition without being
    /// passed. Default true: Zendesk's own sample reads them.
    pub injected_variables: bool,
    /// Which generation of Zendesk's retry of whole flows applies.
    pub retry_generation: RetryGeneration,
    /// How long one HTTP call may take. Default 10 s.
    pub http_timeout: Duration,
    /// How long one attempt of a flow may take, waits included; a longer wait is cut short and the
    /// flow fails. The maximum exists, its value is unknown. Default 5 minutes.
    pub flow_runtime_max: Duration,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            result_path_default: ResultPathDefault::Replace,
            is_present_null: true,
            choice_missing: ChoiceMissing::Error,
            jq_multi: JqMulti::First,
            placeholder_object_format: PlaceholderFormat::CompactJson,
            placeholder_missing: MissingPlaceholder::Error,
            load_config_shape: LoadConfigShape::Settings,
            non_json_answer: NonJsonAnswer::Text,
            error_object: ErrorObject::CauseOnly,
            injected_variables: true,
            retry_generation: RetryGeneration::Off,
            http_timeout: Duration::from_secs(10),
            flow_runtime_max: Duration::from_secs(300),
        }
    }
}

/// See [`Switches::result_path_default`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResultPathDefault {
    /// The output replaces the whole document (documented for Catch, usual for states).
    #[default]
    Replace,
    /// The output is dropped (what a bundle of Zendesk's staff relies on).
    Discard,
}

/// See [`Switches::choice_missing`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChoiceMissing {
    /// The flow fails with "JSON path not found".
    #[default]
    Error,
    /// The comparison is false.
    False,
}

/// See [`Switches::jq_multi`]. No output at all is `null` in every case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JqMulti {
    /// The first output counts; the trace notes that there were more.
    #[default]
    First,
    /// All outputs as a list.
    List,
    /// The state fails.
    Error,
}

/// See [`Switches::placeholder_object_format`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlaceholderFormat {
    /// As compact JSON text.
    #[default]
    CompactJson,
    /// A text that is one placeholder and nothing else keeps the value's type.
    KeepLone,
    /// The state fails.
    Refuse,
}

/// See [`Switches::placeholder_missing`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingPlaceholder {
    /// The state fails with "JSON path not found".
    #[default]
    Error,
    /// Nothing is written.
    Empty,
}

/// See [`Switches::load_config_shape`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadConfigShape {
    /// The settings themselves (what every bundle relies on).
    #[default]
    Settings,
    /// `{"config": settings}` (the documentation's example).
    Wrapped,
}

/// See [`Switches::non_json_answer`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NonJsonAnswer {
    /// The body as text; an empty body is `null`.
    #[default]
    Text,
    /// The state fails.
    Error,
}

/// See [`Switches::error_object`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorObject {
    /// `{"Cause"}`.
    #[default]
    CauseOnly,
    /// `{"Error", "Cause"}`.
    ErrorAndCause,
}

/// See [`Switches::retry_generation`]. A retry starts the flow from the beginning, with the same
/// event, after 30 s and again after 60 s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryGeneration {
    /// Flows are not retried; what a careful author assumes.
    #[default]
    Off,
    /// 2021: three attempts; also after a Fail state.
    First,
    /// Later: four attempts; after an uncaught 429 or 500 only.
    Second,
}
