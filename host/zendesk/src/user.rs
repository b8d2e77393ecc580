//! Users and their verified addresses.

use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::client::Client;
use crate::error::ZendeskError;
use crate::limits::LIST_PAGES_MAX;
use crate::page::Pages;

/// A user. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct User {
    /// Zendesk's id; absent for the anonymous user.
    pub id: Option<u64>,
    /// Name as shown.
    pub name: String,
    /// Primary address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Whether the number is shared by several users and so says nothing about who this is.
    pub shared_phone_number: Option<bool>,
    /// `end-user`, `agent` or `admin`.
    pub role: Option<String>,
    /// Whether any identity of the user is verified.
    pub verified: bool,
    /// Whether the user still exists.
    pub active: Option<bool>,
    /// Whether the user is suspended.
    pub suspended: Option<bool>,
    /// Another system's id.
    pub external_id: Option<String>,
}

/// One way to reach a user, and whether Zendesk verified it. **Personal.**
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Zendesk's id.
    pub id: u64,
    /// Whose.
    pub user_id: u64,
    /// `email`, `phone_number`, `twitter`, `facebook`, `google` and others.
    #[serde(rename = "type")]
    pub kind: String,
    /// Address or number.
    pub value: String,
    /// Whether Zendesk verified it.
    pub verified: bool,
    /// Whether it is the user's first of its type.
    pub primary: bool,
}

#[derive(Deserialize)]
struct OneUser {
    user: User,
}

#[derive(Deserialize)]
struct ManyUsers {
    users: Vec<User>,
}

impl Client {
    /// Who this credential is; a credential that is not one is an error here.
    ///
    /// # Errors
    /// [`ZendeskError::Credentials`] also for the anonymous user, whom Zendesk answers with 200.
    pub async fn me(&self) -> Result<User, ZendeskError> {
        let answer: OneUser = self.json(Call::get("/api/v2/users/me.json")).await?;
        if answer.user.id.is_none() {
            return Err(ZendeskError::Credentials {
                reason: "nobody is signed in".to_owned(),
            });
        }
        Ok(answer.user)
    }

    /// One user.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn user(&self, id: u64) -> Result<User, ZendeskError> {
        let call = Call::get(format!("/api/v2/users/{id}.json"));
        Ok(self.json::<OneUser>(call).await?.user)
    }

    /// Up to 100 users at once; those that no longer exist are left out.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn users(&self, ids: &[u64]) -> Result<Vec<User>, ZendeskError> {
        let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
        let call = Call::get("/api/v2/users/show_many.json").query("ids", ids.join(","));
        Ok(self.json::<ManyUsers>(call).await?.users)
    }

    /// Users whose primary address is exactly this one. The search itself matches words and lags
    /// by minutes, so an empty answer proves nothing.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn users_by_email(&self, email: &str) -> Result<Vec<User>, ZendeskError> {
        let call =
            Call::get("/api/v2/users/search.json").query("query", format!("email:\"{email}\""));
        let mut users = self.json::<ManyUsers>(call).await?.users;
        users.retain(|user| {
            let found = user.email.as_deref().unwrap_or_default();
            found.eq_ignore_ascii_case(email)
        });
        Ok(users)
    }

    /// All identities of a user.
    ///
    /// # Errors
    /// See [`ZendeskError`].
    pub async fn identities(&self, user: u64) -> Result<Vec<Identity>, ZendeskError> {
        let path = format!("/api/v2/users/{user}/identities.json");
        let mut pages = Pages::new(self, LIST_PAGES_MAX, || Call::get(path.clone()));
        let mut identities = Vec::new();
        while let Some(mut page) = pages.next().await? {
            identities.extend(page.rows::<Identity>("identities", "identities")?);
        }
        Ok(identities)
    }
}
