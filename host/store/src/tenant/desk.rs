//! Desks: one Zendesk account each.

use ordercase_model::Instant;
use serde::Serialize;
use serde_json::Value;

use super::Activity;
use crate::{
    DeskId, DeskKey, Lane, Store, StoreError, TenantId, View,
    db::{Conn, Row, Scope, args, statements},
    signal::Queue,
};

/// A desk to be added.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDesk {
    /// Key.
    pub key: DeskKey,
    /// Subdomain, unique within the tenant.
    pub subdomain: String,
    /// The account's id, where it is known.
    pub account_id: Option<String>,
    /// Field ids, note rule, sync direction.
    pub settings: Value,
}

/// A desk.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Desk {
    /// Key.
    pub key: DeskKey,
    /// Subdomain.
    pub subdomain: String,
    /// The account's id, once an answer told it.
    pub account_id: Option<String>,
    /// Field ids, note rule, sync direction.
    pub settings: Value,
    /// Whether it is worked for.
    pub activity: Activity,
    /// Since when.
    pub created_at: Instant,
    /// Last change.
    pub updated_at: Instant,
}

macro_rules! columns {
    () => {
        "tenant_id, desk_id, subdomain, account_id, settings, state, paused_reason, created_at, updated_at"
    };
}

statements! {
    ADD = "INSERT INTO desks (tenant_id, desk_id, subdomain, account_id, settings, state, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, 'active', $6, $6)";
    GET = concat!("SELECT ", columns!(), " FROM desks WHERE tenant_id = $1 AND desk_id = $2");
    FIND = concat!("SELECT ", columns!(), " FROM desks WHERE desk_id = $1");
    LIST = concat!("SELECT ", columns!(), " FROM desks WHERE CAST($1 AS TEXT) IS NULL OR tenant_id = $1
           ORDER BY tenant_id, created_at, desk_id");
    SETTINGS = "UPDATE desks SET settings = $3, updated_at = $4 WHERE tenant_id = $1 AND desk_id = $2";
    ACCOUNT = "UPDATE desks SET account_id = $3, updated_at = $4
               WHERE tenant_id = $1 AND desk_id = $2 AND (account_id IS NULL OR account_id = $3)";
    STATE = "UPDATE desks SET state = $3, paused_reason = $4, updated_at = $5
             WHERE tenant_id = $1 AND desk_id = $2";
}

impl Store {
    /// Adds a desk.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when id or subdomain is taken in the tenant.
    pub async fn add_desk(&self, new: NewDesk, now: Instant) -> Result<(), StoreError> {
        self.write(Scope::from(&new.key.tenant), move |tx| {
            Box::pin(async move {
                let args = args![
                    &new.key.tenant,
                    &new.key.desk,
                    &new.subdomain,
                    new.account_id.as_deref(),
                    new.settings.to_string(),
                    now
                ];
                let taken = |e: StoreError| e.or_exists("desk", &new.subdomain);
                tx.conn.run(ADD, args).await.map_err(taken)?;
                Ok(())
            })
        })
        .await
    }

    /// One desk.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn desk(&self, key: &DeskKey) -> Result<Option<Desk>, StoreError> {
        let mut conn = self.reader(&key.tenant).await?;
        one(&mut conn, &key.tenant, &key.desk).await
    }

    /// A desk by its id alone, in whichever tenant. For the operator's commands only.
    ///
    /// # Errors
    /// When the database fails, or the id occurs in several tenants.
    pub async fn find_desk(&self, id: &DeskId) -> Result<Option<Desk>, StoreError> {
        let mut conn = self.reader(Scope::All).await?;
        match conn.all(FIND, args![id]).await?.as_slice() {
            [] => Ok(None),
            [row] => read(row).map(Some),
            _ => Err(StoreError::refused(format!(
                "several tenants have a desk `{id}`: name the tenant"
            ))),
        }
    }

    /// Desks of a tenant, or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn desks(&self, tenant: Option<&TenantId>) -> Result<Vec<Desk>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        conn.all(LIST, args![tenant])
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// Replaces a desk's settings.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such desk.
    pub async fn set_desk_settings(
        &self,
        key: &DeskKey,
        settings: &Value,
        now: Instant,
    ) -> Result<(), StoreError> {
        let args = args![&key.tenant, &key.desk, settings.to_string(), now];
        self.change_desk(key, SETTINGS, args).await
    }

    /// Fixes the account behind a desk. Once fixed it never changes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such desk, or it is fixed to another account.
    pub async fn set_desk_account(
        &self,
        key: &DeskKey,
        account_id: &str,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.change_desk(key, ACCOUNT, args![&key.tenant, &key.desk, account_id, now])
            .await
    }

    /// Pauses or resumes a desk. While it is paused its events and effects wait.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such desk.
    pub async fn set_desk_activity(
        &self,
        key: &DeskKey,
        activity: &Activity,
        now: Instant,
    ) -> Result<(), StoreError> {
        let (state, reason) = activity.columns();
        self.change_desk(
            key,
            STATE,
            args![&key.tenant, &key.desk, state, reason, now],
        )
        .await
    }

    async fn change_desk(
        &self,
        key: &DeskKey,
        sql: crate::db::Sql,
        args: Vec<crate::db::Arg>,
    ) -> Result<(), StoreError> {
        let missing = StoreError::missing("desk", &key.desk);
        self.write(&key.tenant, move |tx| {
            Box::pin(async move {
                if tx.conn.run(sql, args).await? == 0 {
                    return Err(missing);
                }
                Lane::ALL
                    .into_iter()
                    .for_each(|lane| tx.touched.add(Queue::Lane(lane)));
                tx.touched.add(Queue::Outbox);
                Ok(())
            })
        })
        .await
    }
}

impl View {
    /// One desk.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn desk(&mut self, id: &DeskId) -> Result<Option<Desk>, StoreError> {
        one(&mut self.conn, &self.tenant, id).await
    }
}

async fn one(conn: &mut Conn, tenant: &TenantId, id: &DeskId) -> Result<Option<Desk>, StoreError> {
    let row = conn.first(GET, args![tenant, id]).await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Desk, StoreError> {
    Ok(Desk {
        key: DeskKey {
            tenant: row.parse("tenant_id")?,
            desk: row.parse("desk_id")?,
        },
        subdomain: row.text("subdomain")?,
        account_id: row.opt_text("account_id")?,
        settings: row.json("settings")?,
        activity: Activity::read(row)?,
        created_at: row.instant("created_at")?,
        updated_at: row.instant("updated_at")?,
    })
}
