//! Tokens that name their owner. Only a SHA-256 is kept: tokens are long and random, so no salt is needed,
//! and the lookup goes by hash, so its timing tells nothing about a token.

use ordercase_model::Instant;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::{
    Owner, Store, StoreError, TenantId,
    db::{Scope, args, statements},
    id::sha256,
};

/// What a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenPurpose {
    /// The API of a tenant.
    TenantApi,
    /// Posting events of a desk.
    DeskEvents,
    /// The path of a connection's webhooks.
    WebhookPath,
}

impl TokenPurpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::TenantApi => "tenant_api",
            Self::DeskEvents => "desk_events",
            Self::WebhookPath => "webhook_path",
        }
    }
}

/// Who a token names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenOwner {
    /// Tenant.
    pub tenant: TenantId,
    /// Tenant itself, desk or connection.
    pub owner: Owner,
}

statements! {
    PUT = "INSERT INTO tokens (tenant_id, token_hash, purpose, owner_id, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = "SELECT tenant_id, token_hash, owner_id FROM tokens
            WHERE token_hash = $1 AND purpose = $2 AND (expires_at IS NULL OR expires_at > $3)";
    REVOKE = "DELETE FROM tokens WHERE tenant_id = $1 AND purpose = $2 AND owner_id = $3";
}

impl Store {
    /// Keeps the hash of a token that the caller minted and shows once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_token(
        &self,
        tenant: &TenantId,
        purpose: TokenPurpose,
        owner: &Owner,
        token: &str,
        now: Instant,
        expires_at: Option<Instant>,
    ) -> Result<(), StoreError> {
        let hash = sha256(token.as_bytes());
        let args = args![tenant, hash, purpose.as_str(), owner.id(), now, expires_at];
        self.write(tenant, move |tx| {
            Box::pin(async move {
                tx.conn
                    .run(PUT, args)
                    .await
                    .map_err(|e| e.or_exists("token", "(hidden)"))?;
                Ok(())
            })
        })
        .await
    }

    /// Who a token names; `None` when it is unknown, for another purpose, or expired.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_owner(
        &self,
        purpose: TokenPurpose,
        token: &str,
        now: Instant,
    ) -> Result<Option<TokenOwner>, StoreError> {
        let hash = sha256(token.as_bytes());
        let mut conn = self.reader(Scope::All).await?;
        let Some(row) = conn
            .first(FIND, args![&hash, purpose.as_str(), now])
            .await?
        else {
            return Ok(None);
        };
        if !bool::from(row.text("token_hash")?.as_bytes().ct_eq(hash.as_bytes())) {
            return Ok(None);
        }
        let owner = match purpose {
            TokenPurpose::TenantApi => Owner::Tenant(row.parse("owner_id")?),
            TokenPurpose::DeskEvents => Owner::Desk(row.parse("owner_id")?),
            TokenPurpose::WebhookPath => Owner::Connection(row.parse("owner_id")?),
        };
        Ok(Some(TokenOwner {
            tenant: row.parse("tenant_id")?,
            owner,
        }))
    }

    /// Revokes all tokens of a purpose of an owner; returns how many there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_tokens(
        &self,
        tenant: &TenantId,
        purpose: TokenPurpose,
        owner: &Owner,
    ) -> Result<u64, StoreError> {
        let args = args![tenant, purpose.as_str(), owner.id()];
        self.write(tenant, move |tx| {
            Box::pin(async move { tx.conn.run(REVOKE, args).await })
        })
        .await
    }
}
