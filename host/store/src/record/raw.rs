//! Raw sets: the answers of the source, each stored once by content and shared by the records of a page.

use ordercase_model::Instant;

use super::snapshot::{Batch, RawBody};
use crate::{
    ConnectionKey, Store, StoreError,
    db::{Tx, args, statements},
    id::digest,
    inbox::{decode, encode},
    limits::RAW_BODY_BYTES_MAX,
};

statements! {
    KEEP = "INSERT INTO raw_bodies (tenant_id, connection_id, raw_id, role, content_type, encoding, body, stored_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (tenant_id, connection_id, raw_id) DO UPDATE SET stored_at = excluded.stored_at";
    GET = "SELECT role, content_type, encoding, body FROM raw_bodies
           WHERE tenant_id = $1 AND connection_id = $2 AND raw_id = $3";
    FORGET = "DELETE FROM raw_bodies WHERE tenant_id = $1 AND connection_id = $2 AND raw_id = $3";
}

/// Keeps the answers of a batch; the ids stand in their order. One that is too large is not kept and has
/// no id.
pub(crate) async fn keep(
    tx: &mut Tx,
    batch: &Batch,
    now: Instant,
) -> Result<Vec<Option<String>>, StoreError> {
    let connection = &batch.connection;
    let mut ids = Vec::with_capacity(batch.raw.len());
    for raw in &batch.raw {
        if raw.bytes.len() > RAW_BODY_BYTES_MAX {
            tracing::warn!(
                tenant.id = %connection.tenant,
                connection.id = %connection.connection,
                bytes = raw.bytes.len(),
                "an answer is too large to be kept beside its records"
            );
            ids.push(None);
            continue;
        }
        let (encoding, body) = encode(&raw.bytes);
        let id = digest(&[&raw.role, &raw.content_type, encoding, &body]);
        let args = args![
            &connection.tenant,
            &connection.connection,
            &id,
            &raw.role,
            &raw.content_type,
            encoding,
            body,
            now
        ];
        tx.conn.run(KEEP, args).await?;
        ids.push(Some(id));
    }
    Ok(ids)
}

/// Forgets answers that hold personal data of somebody who asked for it. Other records of the same page
/// keep their bodies and lose this source of re-derivation.
pub(crate) async fn forget(
    tx: &mut Tx,
    connection: &ConnectionKey,
    ids: &[String],
) -> Result<(), StoreError> {
    for id in ids {
        let args = args![&connection.tenant, &connection.connection, id];
        tx.conn.run(FORGET, args).await?;
    }
    Ok(())
}

impl Store {
    /// One body of a raw set; `None` when it is not kept or was forgotten.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn raw_body(
        &self,
        connection: &ConnectionKey,
        raw_id: &str,
    ) -> Result<Option<RawBody>, StoreError> {
        let mut conn = self.reader(&connection.tenant).await?;
        let args = args![&connection.tenant, &connection.connection, raw_id];
        let Some(row) = conn.first(GET, args).await? else {
            return Ok(None);
        };
        Ok(Some(RawBody {
            role: row.text("role")?,
            content_type: row.text("content_type")?,
            bytes: decode(&row.text("encoding")?, row.text("body")?)?,
        }))
    }
}
