//! Cases: what the operator changes goes to the ticket through the outbox.

use std::{str::FromStr, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use ordercase_cases::WordError;
use ordercase_desk::CasePatch;
use ordercase_store::CaseId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ACTOR, Operator};
use crate::{
    app::App,
    http::{
        bound::Bounded,
        problem::{Document, Kind, Problem},
    },
    limits,
};

/// What to change; absent parts stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseChange {
    /// `open`, `in_progress`, `resolved` or `closed`; a ticket's `pending` and `solved` are understood.
    #[serde(default)]
    status: Option<String>,
    /// `low`, `normal` or `high`.
    #[serde(default)]
    priority: Option<String>,
    /// A comment to add.
    #[serde(default)]
    comment: Option<String>,
    /// Whether the requester sees the comment.
    #[serde(default)]
    public: bool,
}

impl CaseChange {
    fn read(self) -> Result<CasePatch, Problem> {
        let comment = self.comment.as_deref().map(str::trim);
        if comment.is_some_and(|text| text.is_empty() || text.len() > limits::COMMENT_BYTES_MAX) {
            let detail = format!("a comment has 1 to {} bytes", limits::COMMENT_BYTES_MAX);
            return Err(Problem::new(Kind::Malformed, detail).at("comment"));
        }
        if self.status.is_none() && self.priority.is_none() && comment.is_none() {
            let detail = "name at least one of `status`, `priority` and `comment`";
            return Err(Problem::new(Kind::Malformed, detail).at("."));
        }
        Ok(CasePatch {
            status: word(self.status.as_deref(), "status")?,
            priority: word(self.priority.as_deref(), "priority")?,
            comment: self.comment,
            public: self.public,
        })
    }
}

fn word<T: FromStr<Err = WordError>>(text: Option<&str>, path: &str) -> Result<Option<T>, Problem> {
    text.map(str::parse)
        .transpose()
        .map_err(|error: WordError| Problem::new(Kind::Malformed, error.to_string()).at(path))
}

/// The case as it stands now.
#[derive(Serialize, ToSchema)]
pub(super) struct CaseAnswer {
    case_id: String,
    ticket_id: u64,
    status: String,
    priority: Option<String>,
    /// Whether the ticket will be told.
    sent: bool,
    /// Why not, where there was something to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_sent_because: Option<String>,
}

/// Changes a case; the change goes to its ticket once.
#[utoipa::path(
    patch, path = "/admin/v1/cases/{case}", tag = "admin", security(("admin" = [])),
    params(("case" = String, Path, description = "Case id")), request_body = CaseChange,
    responses(
        (status = 200, body = CaseAnswer),
        (status = 401, body = Document, content_type = "application/problem+json"),
        (status = 404, body = Document, content_type = "application/problem+json"),
        (status = 422, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn set(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(case): Path<String>,
    Bounded(change): Bounded<CaseChange>,
) -> Result<Json<CaseAnswer>, Problem> {
    let unknown = || Problem::new(Kind::NotFound, format!("there is no case `{case}`"));
    let id = CaseId::new(case.as_str()).map_err(|_| unknown())?;
    let patch = change.read()?;
    let changed = app
        .desk
        .set_case(&id, &patch, ACTOR, app.clock.now())
        .await?;
    Ok(Json(CaseAnswer {
        case_id: changed.case.id.to_string(),
        ticket_id: changed.case.ticket.ticket_id,
        status: changed.case.status,
        priority: changed.case.priority,
        sent: changed.sent,
        not_sent_because: changed.not_sent_because,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: CaseChange) -> Option<String> {
        change
            .read()
            .err()
            .and_then(|problem| problem.document(None).path)
    }

    fn change() -> CaseChange {
        CaseChange {
            status: None,
            priority: None,
            comment: None,
            public: false,
        }
    }

    #[test]
    fn only_known_words_and_at_least_one_change_are_taken() {
        assert_eq!(refused(change()).as_deref(), Some("."));
        let odd = CaseChange {
            status: Some("lost".to_owned()),
            ..change()
        };
        assert_eq!(refused(odd).as_deref(), Some("status"));
        let loud = CaseChange {
            priority: Some("very".to_owned()),
            ..change()
        };
        assert_eq!(refused(loud).as_deref(), Some("priority"));
        let empty = CaseChange {
            comment: Some("  ".to_owned()),
            ..change()
        };
        assert_eq!(refused(empty).as_deref(), Some("comment"));
        let good = CaseChange {
            status: Some("pending".to_owned()),
            ..change()
        };
        assert_eq!(refused(good), None);
    }
}
