//! Dead letters: receipts and effects that wait for a person. Listed newest first, shown masked, put back to
//! work or put away; whoever does it is in the audit, in the same transaction.
//!
//! A body leaves this crate only masked: the tables hold what people wrote and bought.

mod act;
mod class;
mod rework;

pub use {
    act::Retried,
    class::{Death, ErrorClass},
    rework::{ReceiptCursor, ReceiptFilter, Rework, Reworked},
};
#[cfg(test)]
pub(crate) use {act::STATEMENTS as ACT_STATEMENTS, rework::STATEMENTS as REWORK_STATEMENTS};

use std::fmt;

use ordercase_model::Instant;

use crate::{
    EffectId, MappingName, Masked, Owner, ReceiptId, Store, StoreError, TenantId,
    db::{Row, args, statements},
    inbox::decode,
    mask::{mask_header, mask_source},
};

/// Which of the two a dead letter is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeadId {
    /// Something that came in.
    Receipt(ReceiptId),
    /// Something that was to happen outside.
    Effect(EffectId),
}

impl DeadId {
    /// Reads an id as lists print it; `None` when it is neither.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.starts_with("rcp_") {
            ReceiptId::new(text).ok().map(Self::Receipt)
        } else if text.starts_with("eff_") {
            EffectId::new(text).ok().map(Self::Effect)
        } else {
            None
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Receipt(id) => id.as_str(),
            Self::Effect(id) => id.as_str(),
        }
    }

    /// `receipt` or `effect`.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Receipt(_) => "receipt",
            Self::Effect(_) => "effect",
        }
    }
}

impl fmt::Display for DeadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which dead letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadFilter {
    /// Of that tenant.
    pub tenant: Option<TenantId>,
    /// Of that stream; effects have none.
    pub stream: Option<String>,
    /// Of that class.
    pub class: Option<ErrorClass>,
}

/// After which dead letter a list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadCursor {
    /// When it died.
    pub died_at: Instant,
    /// Its id.
    pub id: String,
}

/// A dead letter without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Id.
    pub id: DeadId,
    /// Tenant.
    pub tenant: TenantId,
    /// Connection or desk.
    pub owner: Owner,
    /// Stream whose account it counts in; effects have none.
    pub stream: Option<String>,
    /// Kind of receipt or effect.
    pub kind: String,
    /// Topic of the receipt; of an effect its key.
    pub topic: String,
    /// What it is about: the key that keeps work on one thing in order.
    pub entity_key: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Class of what went wrong.
    pub class: ErrorClass,
    /// The mapping that it waits for: when it is added, the letter goes back to work on its own.
    pub mapping: Option<MappingName>,
    /// Why it died.
    pub reason: String,
    /// When it came in or was decided.
    pub first_at: Instant,
    /// When it died.
    pub last_at: Instant,
    /// Digest of the plugin that was pinned then; a desk has none.
    pub plugin_digest: Option<String>,
    /// That plugin's id and version.
    pub plugin: Option<String>,
}

impl DeadLetter {
    /// Where a list that ended with it goes on.
    #[must_use]
    pub fn cursor(&self) -> DeadCursor {
        DeadCursor {
            died_at: self.last_at,
            id: self.id.to_string(),
        }
    }
}

/// A dead letter with what may be shown of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// The letter.
    pub letter: DeadLetter,
    /// Its headers, masked.
    pub headers: Vec<(String, String)>,
    /// Its body or payload, masked.
    pub body: Masked,
}

macro_rules! receipt_letter {
    () => {
        "r.tenant_id, r.receipt_id AS id, r.owner_kind, r.owner_id, r.stream, r.kind, r.topic, r.entity_key, \
         r.attempts, r.error_class, r.mapping, r.reason, r.received_at AS first_at, r.settled_at AS last_at, \
         r.plugin_digest, p.plugin_id, p.version AS plugin_version \
         FROM receipts r LEFT JOIN plugins p ON p.tenant_id = r.tenant_id AND p.digest = r.plugin_digest"
    };
}

macro_rules! receipt_letter_with_body {
    () => {
        concat!("SELECT r.headers, r.encoding, r.body, ", receipt_letter!())
    };
}

macro_rules! effect_letter {
    () => {
        "SELECT o.tenant_id, o.effect_id AS id, 'desk' AS owner_kind, o.desk_id AS owner_id, o.kind, \
         o.effect_key AS topic, o.target AS entity_key, o.attempts, o.error_class, CAST(NULL AS TEXT) AS mapping, o.last_error AS reason, \
         o.created_at AS first_at, o.settled_at AS last_at, o.payload FROM outbox o"
    };
}

statements! {
    RECEIPTS = concat!("SELECT ", receipt_letter!(), "
            WHERE r.state = 'dead' AND (CAST($1 AS TEXT) IS NULL OR r.tenant_id = $1) AND (CAST($2 AS TEXT) IS NULL OR r.stream = $2)
                AND (CAST($3 AS TEXT) IS NULL OR r.error_class = $3)
                AND (CAST($4 AS BIGINT) IS NULL OR (r.settled_at, r.receipt_id) < ($4, $5))
            ORDER BY r.settled_at DESC, r.receipt_id DESC LIMIT $6");
    EFFECTS = concat!(effect_letter!(), "
            WHERE o.state = 'dead' AND (CAST($1 AS TEXT) IS NULL OR o.tenant_id = $1) AND (CAST($2 AS TEXT) IS NULL OR o.error_class = $2)
                AND (CAST($3 AS BIGINT) IS NULL OR (o.settled_at, o.effect_id) < ($3, $4))
            ORDER BY o.settled_at DESC, o.effect_id DESC LIMIT $5");
    RECEIPT = concat!(receipt_letter_with_body!(), "
            WHERE r.state = 'dead' AND r.receipt_id = $2 AND (CAST($1 AS TEXT) IS NULL OR r.tenant_id = $1)");
    EFFECT = concat!(effect_letter!(), "
            WHERE o.state = 'dead' AND o.effect_id = $2 AND (CAST($1 AS TEXT) IS NULL OR o.tenant_id = $1)");
}

impl Store {
    /// Dead letters, the one that died last first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn dead_letters(
        &self,
        filter: &DeadFilter,
        after: Option<&DeadCursor>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let tenant = filter.tenant.as_ref();
        let mut conn = self.reader(tenant).await?;
        let class = filter.class.map(ErrorClass::as_str);
        let (at, id) = (after.map(|c| c.died_at), after.map(|c| c.id.as_str()));
        let args = args![tenant, filter.stream.as_ref(), class, at, id, limit];
        let rows = conn.all(RECEIPTS, args).await?;
        let mut letters: Vec<DeadLetter> = rows
            .iter()
            .map(receipt_letter)
            .collect::<Result<_, StoreError>>()?;
        if filter.stream.is_none() {
            let rows = conn
                .all(EFFECTS, args![tenant, class, at, id, limit])
                .await?;
            for row in &rows {
                letters.push(effect_letter(row)?);
            }
        }
        letters.sort_by(|a, b| (b.last_at, b.id.as_str()).cmp(&(a.last_at, a.id.as_str())));
        letters.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(letters)
    }

    /// One dead letter with what may be shown of its content; `None` where there is none of that id, or it
    /// is another tenant's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn dead_letter(
        &self,
        tenant: Option<&TenantId>,
        id: &DeadId,
    ) -> Result<Option<Inspected>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        let args = args![tenant, id.as_str()];
        let row = match id {
            DeadId::Receipt(_) => conn.first(RECEIPT, args).await?,
            DeadId::Effect(_) => conn.first(EFFECT, args).await?,
        };
        let Some(row) = row else { return Ok(None) };
        match id {
            DeadId::Receipt(_) => inspect_receipt(&row).map(Some),
            DeadId::Effect(_) => Ok(Some(Inspected {
                letter: effect_letter(&row)?,
                headers: Vec::new(),
                body: mask_source(row.text("payload")?.as_bytes()),
            })),
        }
    }
}

fn inspect_receipt(row: &Row) -> Result<Inspected, StoreError> {
    let headers: Vec<(String, String)> = row.json("headers")?;
    let masked = headers.into_iter().map(|(name, value)| {
        let value = mask_header(&name, &value);
        (name, value)
    });
    let body = decode(&row.text("encoding")?, row.text("body")?)?;
    Ok(Inspected {
        letter: receipt_letter(row)?,
        headers: masked.collect(),
        body: mask_source(&body),
    })
}

fn receipt_letter(row: &Row) -> Result<DeadLetter, StoreError> {
    let (id, version) = (row.opt_text("plugin_id")?, row.opt_text("plugin_version")?);
    Ok(DeadLetter {
        stream: Some(row.text("stream")?),
        plugin_digest: row.opt_text("plugin_digest")?,
        plugin: id
            .zip(version)
            .map(|(id, version)| format!("{id} {version}")),
        ..letter(row, DeadId::Receipt(row.parse("id")?))?
    })
}

fn effect_letter(row: &Row) -> Result<DeadLetter, StoreError> {
    letter(row, DeadId::Effect(row.parse("id")?))
}

fn letter(row: &Row, id: DeadId) -> Result<DeadLetter, StoreError> {
    let corrupt = |reason: &str| StoreError::Corrupt {
        column: "owner_kind",
        reason: reason.to_owned(),
    };
    Ok(DeadLetter {
        id,
        tenant: row.parse("tenant_id")?,
        owner: Owner::read(&row.text("owner_kind")?, &row.text("owner_id")?)
            .ok_or_else(|| corrupt("neither connection nor desk"))?,
        stream: None,
        kind: row.text("kind")?,
        topic: row.text("topic")?,
        entity_key: row.text("entity_key")?,
        attempts: u32::try_from(row.int("attempts")?).unwrap_or(u32::MAX),
        class: class_of(row)?,
        mapping: row.opt_parse("mapping")?,
        reason: row.opt_text("reason")?.unwrap_or_default(),
        first_at: row.instant("first_at")?,
        last_at: row.instant("last_at")?,
        plugin_digest: None,
        plugin: None,
    })
}

fn class_of(row: &Row) -> Result<ErrorClass, StoreError> {
    let class = row.opt_parse("error_class")?;
    Ok(class.unwrap_or(ErrorClass::Unclassified))
}
