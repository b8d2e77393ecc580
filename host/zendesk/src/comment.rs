//! Comments of a ticket.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::Call;
use crate::client::Client;
use crate::error::ZendeskError;
use crate::limits::COMMENT_PAGES_MAX;
use crate::page::Pages;
use crate::user::User;
use crate::via::Via;

/// A comment. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Comment {
    /// Zendesk's id.
    pub id: u64,
    /// `Comment` or `VoiceComment`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who wrote it.
    pub author_id: Option<u64>,
    /// Text, with Markdown.
    pub body: Option<String>,
    /// Text alone.
    pub plain_body: Option<String>,
    /// Text with markup.
    pub html_body: Option<String>,
    /// Whether the requester sees it.
    pub public: bool,
    /// The audit that it came in with.
    pub audit_id: Option<u64>,
    /// How it came in.
    pub via: Via,
    /// `flags`: doubts about the sender; `system`: where it came from.
    pub metadata: Value,
    /// When, as sent.
    pub created_at: Option<String>,
}

impl Comment {
    /// Zendesk's doubts about the sender, by number.
    #[must_use]
    pub fn flags(&self) -> Vec<u32> {
        let flags = self.metadata.get("flags").and_then(Value::as_array);
        flags
            .into_iter()
            .flatten()
            .filter_map(Value::as_u64)
            .filter_map(|flag| u32::try_from(flag).ok())
            .collect()
    }

    /// The text without markup.
    #[must_use]
    pub fn text(&self) -> &str {
        self.plain_body
            .as_deref()
            .or(self.body.as_deref())
            .unwrap_or_default()
    }
}

/// Comments of a ticket, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Comments {
    /// The comments.
    pub comments: Vec<Comment>,
    /// Their authors, as far as they still exist.
    pub users: Vec<User>,
    /// Whether the bound stopped the reading before the end.
    pub cut: bool,
}

impl Client {
    /// All comments of a ticket, with their authors.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn comments(&self, ticket: u64) -> Result<Comments, ZendeskError> {
        let path = format!("/api/v2/tickets/{ticket}/comments.json");
        let mut pages = Pages::new(self, COMMENT_PAGES_MAX, || {
            Call::get(path.clone()).query("include", "users")
        });
        let mut read = Comments::default();
        while let Some(mut page) = pages.next().await? {
            read.comments
                .extend(page.rows::<Comment>("comments", "comments")?);
            for user in page.rows::<User>("users", "comments")? {
                if !read.users.iter().any(|known| known.id == user.id) {
                    read.users.push(user);
                }
            }
        }
        read.cut = pages.is_cut();
        Ok(read)
    }
}
