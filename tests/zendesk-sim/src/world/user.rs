//! Users and their identities.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::World;
use super::ids::Kind;
use crate::clock::iso;

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) phone: Option<String>,
    pub(crate) shared_phone: bool,
    pub(crate) role: String,
    pub(crate) external_id: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) active: bool,
    pub(crate) suspended: bool,
    pub(crate) tags: Vec<String>,
    pub(crate) identities: Vec<Identity>,
}

/// A way to reach a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) id: u64,
    pub(crate) kind: String,
    pub(crate) value: String,
    pub(crate) verified: bool,
    pub(crate) primary: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl User {
    pub(crate) fn is_staff(&self) -> bool {
        self.role != "end-user"
    }

    /// The primary address.
    pub(crate) fn email(&self) -> Option<&str> {
        self.identities
            .iter()
            .find(|identity| identity.kind == "email" && identity.primary)
            .map(|identity| identity.value.as_str())
    }

    pub(crate) fn has_email(&self, email: &str) -> bool {
        self.identities
            .iter()
            .any(|identity| identity.kind == "email" && identity.value.eq_ignore_ascii_case(email))
    }
}

/// A user to make.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct NewUser {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    #[serde(default)]
    pub(crate) verified: Option<bool>,
    #[serde(default)]
    pub(crate) phone: Option<String>,
    #[serde(default)]
    pub(crate) role: Option<String>,
    #[serde(default)]
    pub(crate) external_id: Option<String>,
}

impl World {
    pub(crate) fn user_by_email(&self, email: &str) -> Option<&User> {
        self.users.values().find(|user| user.has_email(email))
    }

    /// Makes a user; the address is one identity, an unshared number another.
    pub(crate) fn make_user(&mut self, new: &NewUser, now: i64) -> u64 {
        let id = self.next_id(Kind::User);
        let mut identities = Vec::new();
        let mut identity = |world: &mut Self, kind: &str, value: &str| {
            identities.push(Identity {
                id: world.next_id(Kind::Identity),
                kind: kind.to_owned(),
                value: value.to_owned(),
                verified: kind == "email" && new.verified.unwrap_or_default(),
                primary: true,
                created_at: now,
                updated_at: now,
            });
        };
        if let Some(email) = &new.email {
            identity(self, "email", &email.to_lowercase());
        }
        let shared = new
            .phone
            .as_deref()
            .is_some_and(|phone| self.has_phone(phone));
        if let (Some(phone), false) = (&new.phone, shared) {
            identity(self, "phone_number", phone);
        }
        self.users.insert(
            id,
            User {
                id,
                name: new
                    .name
                    .clone()
                    .or_else(|| new.email.clone())
                    .unwrap_or_default(),
                phone: new.phone.clone(),
                shared_phone: shared,
                role: new.role.clone().unwrap_or_else(|| "end-user".to_owned()),
                external_id: new.external_id.clone(),
                created_at: now,
                updated_at: now,
                active: true,
                suspended: false,
                tags: Vec::new(),
                identities,
            },
        );
        id
    }

    fn has_phone(&self, phone: &str) -> bool {
        self.users
            .values()
            .any(|user| user.phone.as_deref() == Some(phone))
    }

    /// The user with that address, made if there is none. A stated verification is taken over.
    pub(crate) fn find_or_make_user(&mut self, new: &NewUser, now: i64) -> u64 {
        let email = new.email.as_deref().unwrap_or_default();
        let Some(id) = self.user_by_email(email).map(|user| user.id) else {
            return self.make_user(new, now);
        };
        if let (Some(verified), Some(user)) = (new.verified, self.users.get_mut(&id)) {
            for identity in &mut user.identities {
                if identity.value.eq_ignore_ascii_case(email) && identity.verified != verified {
                    identity.verified = verified;
                    identity.updated_at = now;
                }
            }
        }
        id
    }

    pub(crate) fn show_user(&self, user: &User) -> Value {
        let email = user.email();
        let verified = user.identities.iter().any(|identity| identity.verified);
        json!({
            "id": user.id,
            "url": self.url(&format!("users/{}", user.id)),
            "name": user.name,
            "email": email,
            "created_at": iso(user.created_at),
            "updated_at": iso(user.updated_at),
            "time_zone": "UTC",
            "iana_time_zone": "Etc/UTC",
            "phone": user.phone,
            "shared_phone_number": user.phone.as_ref().map(|_| user.shared_phone),
            "photo": null,
            "locale_id": 1,
            "locale": "en-US",
            "organization_id": null,
            "role": user.role,
            "verified": verified,
            "external_id": user.external_id,
            "tags": user.tags,
            "alias": "",
            "active": user.active,
            "shared": false,
            "shared_agent": false,
            "last_login_at": null,
            "two_factor_auth_enabled": null,
            "signature": "",
            "details": "",
            "notes": "",
            "role_type": if user.is_staff() { Value::from(4) } else { Value::Null },
            "custom_role_id": null,
            "moderator": user.role == "admin",
            "ticket_restriction": if user.is_staff() { Value::Null } else { Value::from("requested") },
            "only_private_comments": false,
            "restricted_agent": false,
            "suspended": user.suspended,
            "default_group_id": null,
            "report_csv": false,
            "user_fields": {},
        })
    }

    pub(crate) fn show_identity(&self, user: &User, identity: &Identity) -> Value {
        json!({
            "id": identity.id,
            "url": self.url(&format!("users/{}/identities/{}", user.id, identity.id)),
            "user_id": user.id,
            "type": identity.kind,
            "value": identity.value,
            "verified": identity.verified,
            "verification_method": if identity.verified { "low" } else { "none" },
            "verified_at": identity.verified.then(|| iso(identity.updated_at)),
            "primary": identity.primary,
            "undeliverable_count": 0,
            "deliverable_state": deliverable(identity),
            "created_at": iso(identity.created_at),
            "updated_at": iso(identity.updated_at),
        })
    }
}

/// Reserved example domains never get mail.
fn deliverable(identity: &Identity) -> &'static str {
    let reserved = ["example.com", "example.net", "example.org"];
    if reserved
        .iter()
        .any(|domain| identity.value.ends_with(&format!("@{domain}")))
    {
        "reserved_example"
    } else {
        "deliverable"
    }
}
