//! What an answer means: done, wait, again, or an error by what the caller does next.
//!
//! The line that matters: after a 5xx or a lost answer a write may have happened, so only what is
//! repeatable goes out again by itself.

use std::time::Duration;

use http::StatusCode;

use crate::budget::RateHeaders;
use crate::call::Call;
use crate::error::{Envelope, ZendeskError};
use crate::transport::Incoming;

/// What to do after one try.
pub(crate) enum Verdict {
    Done(Incoming),
    Wait(Duration, &'static str),
    Again(ZendeskError),
    Fail(ZendeskError),
}

/// What an answer means for its call.
pub(crate) fn judge(call: &Call, answer: Incoming, rate: &RateHeaders) -> Verdict {
    let status = answer.status;
    if status.is_success() {
        return Verdict::Done(answer);
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Verdict::Wait(rate.wait(), "over a rate limit");
    }
    if status == StatusCode::SERVICE_UNAVAILABLE && call.repeatable {
        return Verdict::Wait(rate.wait(), "in maintenance");
    }
    if status.is_server_error() {
        let reason = format!("status {}", status.as_u16());
        return if call.repeatable {
            Verdict::Again(ZendeskError::Retry { reason })
        } else {
            // A 5xx may come after the change was made.
            Verdict::Fail(ZendeskError::AnswerLost { reason })
        };
    }
    Verdict::Fail(refusal(call, status, &Envelope::read(&answer.body)))
}

fn refusal(call: &Call, status: StatusCode, envelope: &Envelope) -> ZendeskError {
    let what = call.what();
    let code = envelope.code.clone();
    match status {
        _ if envelope.closed => ZendeskError::Closed,
        StatusCode::UNAUTHORIZED => ZendeskError::Credentials { reason: code },
        StatusCode::FORBIDDEN => ZendeskError::Forbidden { reason: code },
        StatusCode::NOT_FOUND | StatusCode::GONE => ZendeskError::Gone { what },
        StatusCode::CONFLICT => ZendeskError::Conflict { what },
        _ => ZendeskError::Refused {
            status: status.as_u16(),
            code,
            message: envelope.message.clone(),
        },
    }
}

/// Whether an answer says that Zendesk is not able. One that names a time to come again is.
pub(crate) fn is_ill(answer: &Incoming) -> bool {
    answer.status.is_server_error() && !answer.headers.contains_key(http::header::RETRY_AFTER)
}

/// Logs an answer: no query and no body, both may be personal.
pub(crate) fn log_answer(call: &Call, answer: &Incoming) {
    let request_id = answer
        .headers
        .get("x-zendesk-request-id")
        .and_then(|value| value.to_str().ok());
    tracing::debug!(
        method = %call.method,
        path = %call.path,
        status = answer.status.as_u16(),
        zendesk_request_id = request_id,
        "Zendesk answered"
    );
    if let Some(warning) = answer
        .headers
        .get("x-zendesk-api-warn")
        .and_then(|value| value.to_str().ok())
    {
        tracing::warn!(path = %call.path, warning, "Zendesk ignored a part of the request");
    }
}
