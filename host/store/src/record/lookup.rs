//! Finding records: by what a requester is or says, by key, by connection. Always within one tenant,
//! bounded, newest first. Records known only by a tombstone are never found; deleted ones are, marked.

use std::collections::{BTreeMap, BTreeSet};

use ordercase_model::{Instant, Kind, RecordRef};

use super::{
    keys::{KeyKind, LookupKey},
    read::{StoredRecord, record_columns, stored},
};
use crate::{
    ConnectionId, RecordKey, StoreError, View,
    db::{args, dialect, statements},
    limits::{CHILDREN_ROWS_MAX, LOOKUP_ROWS_MAX},
};

/// How many merges of customer records are followed.
const MERGES_MAX: usize = 4;

statements! {
    BY_KEY = dialect::both!("SELECT ", record_columns!(), ", r.placed_at FROM record_keys k",
            each "records" "r" on "r.tenant_id = $1 AND r.connection_id = k.connection_id AND r.kind = k.kind
                AND r.source_id = k.source_id",
            "WHERE k.tenant_id = $1 AND k.key_kind = $2 AND k.key_value = $3 AND r.body IS NOT NULL
            ORDER BY r.placed_at DESC NULLS LAST, r.connection_id, r.kind, r.source_id LIMIT $4");
    BY_RECORD = concat!("SELECT ", record_columns!(), " FROM records r
            WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.kind = $3 AND r.source_id = $4
                AND r.body IS NOT NULL");
    CHILDREN = dialect::pairs!(" SELECT ", record_columns!(), " FROM batch",
            each "records" "r" on "r.tenant_id = $2 AND r.connection_id = batch.a AND r.parent_kind = $3
                AND r.parent_id = batch.b AND r.body IS NOT NULL",
            "ORDER BY r.placed_at DESC NULLS LAST, r.connection_id, r.kind, r.source_id LIMIT $4");
    MERGED = "SELECT source_id FROM records WHERE tenant_id = $1 AND connection_id = $2 AND kind = 'customer'
                AND deleted = 1 AND merged_into = $3";
    COUNT = "SELECT kind, COUNT(*) AS n FROM records
            WHERE tenant_id = $1 AND connection_id = $2 AND deleted = 0 AND body IS NOT NULL GROUP BY kind";
    AFTER = concat!("SELECT ", record_columns!(), " FROM records r
            WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.kind = $3 AND r.source_id > $4
                AND r.body IS NOT NULL
            ORDER BY r.source_id LIMIT $5");
}

/// Records with when they were placed.
type Found = BTreeMap<RecordKey, (Option<Instant>, StoredRecord)>;

impl View {
    /// Customers and orders with that e-mail address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_email(&mut self, address: &str) -> Result<Vec<StoredRecord>, StoreError> {
        self.by_typed(&[KeyKind::Email], address).await
    }

    /// Customers and orders with that telephone number: with its country when it carries one, else by
    /// its digits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_phone(&mut self, number: &str) -> Result<Vec<StoredRecord>, StoreError> {
        let kinds: &[KeyKind] = if number.trim_start().starts_with('+') {
            &[KeyKind::Phone, KeyKind::PhoneDigits]
        } else {
            &[KeyKind::PhoneDigits]
        };
        self.by_typed(kinds, number).await
    }

    /// Orders with that number: as quoted, or by its letters and digits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_order_number(&mut self, number: &str) -> Result<Vec<StoredRecord>, StoreError> {
        self.by_typed(&[KeyKind::Number, KeyKind::NumberSearch], number)
            .await
    }

    /// Orders whose number has those digits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_order_digits(&mut self, digits: &str) -> Result<Vec<StoredRecord>, StoreError> {
        self.by_typed(&[KeyKind::NumberDigits], digits).await
    }

    /// Orders and shipments with that tracking number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_tracking(&mut self, number: &str) -> Result<Vec<StoredRecord>, StoreError> {
        self.by_typed(&[KeyKind::Tracking], number).await
    }

    /// Orders with that other number: invoice, purchase order, return, gateway reference.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_ref(&mut self, number: &str) -> Result<Vec<StoredRecord>, StoreError> {
        self.by_typed(&[KeyKind::Ref], number).await
    }

    /// The customer of that id at that shop, and the customer's orders; those of records that were
    /// merged into it too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_customer(
        &mut self,
        connection: &ConnectionId,
        customer_source_id: &str,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let mut ids = vec![customer_source_id.to_owned()];
        let mut seen = BTreeSet::new();
        let mut found = Found::new();
        while let Some(id) = ids.pop() {
            if seen.len() > MERGES_MAX || !seen.insert(id.clone()) {
                continue;
            }
            let merged = args![&self.tenant, connection, &id];
            let merged = self.conn.all(MERGED, merged).await?;
            for row in merged {
                ids.push(row.text("source_id")?);
            }
            let Some(key) = LookupKey::new(KeyKind::Customer, &id) else {
                continue;
            };
            let of_all = self.by_key(&key).await?;
            found.extend(
                of_all
                    .into_iter()
                    .filter(|(key, _)| key.connection == *connection),
            );
        }
        Ok(newest_first(found))
    }

    async fn by_key(&mut self, key: &LookupKey) -> Result<Found, StoreError> {
        let args = args![&self.tenant, key.kind.as_str(), &key.value, LOOKUP_ROWS_MAX];
        let rows = self.conn.all(BY_KEY, args).await?;
        rows.iter()
            .map(|row| {
                let record = stored(row)?;
                Ok((record.key.clone(), (row.opt_instant("placed_at")?, record)))
            })
            .collect()
    }

    /// One record.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record(
        &mut self,
        connection: &ConnectionId,
        target: &RecordRef,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let args = args![
            &self.tenant,
            connection,
            target.kind.as_str(),
            &target.source_id
        ];
        let row = self.conn.first(BY_RECORD, args).await?;
        row.as_ref().map(stored).transpose()
    }

    /// Records that lie in orders, such as returns with a life of their own: of all those orders together, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn children(
        &mut self,
        orders: impl Iterator<Item = (&ConnectionId, &str)>,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let orders: Vec<[&str; 2]> = orders.map(|(shop, id)| [shop.as_str(), id]).collect();
        if orders.is_empty() {
            return Ok(Vec::new());
        }
        let orders = serde_json::to_string(&orders)
            .map_err(|error| StoreError::refused(error.to_string()))?;
        let args = args![
            orders,
            &self.tenant,
            Kind::Order.as_str(),
            CHILDREN_ROWS_MAX
        ];
        self.conn
            .all(CHILDREN, args)
            .await?
            .iter()
            .map(stored)
            .collect()
    }

    /// How many records of each kind a connection has; deleted ones are not counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counts(
        &mut self,
        connection: &ConnectionId,
    ) -> Result<BTreeMap<Kind, u64>, StoreError> {
        let rows = self
            .conn
            .all(COUNT, args![&self.tenant, connection])
            .await?;
        rows.iter()
            .map(|row| Ok((Kind::from_text(&row.text("kind")?), row.count("n")?)))
            .collect()
    }

    /// Records of a kind in the order of their ids, after a given one: a keyset page.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn after(
        &mut self,
        connection: &ConnectionId,
        kind: Kind,
        source_id: &str,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let args = args![
            &self.tenant,
            connection,
            kind.as_str(),
            source_id,
            LOOKUP_ROWS_MAX
        ];
        self.conn
            .all(AFTER, args)
            .await?
            .iter()
            .map(stored)
            .collect()
    }

    async fn by_typed(
        &mut self,
        kinds: &[KeyKind],
        typed: &str,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let mut found = Found::new();
        for key in kinds.iter().filter_map(|kind| LookupKey::new(*kind, typed)) {
            found.extend(self.by_key(&key).await?);
        }
        Ok(newest_first(found))
    }
}

/// Newest first; at the same moment by key, so that the order never wavers. Records without a time last.
fn newest_first(found: Found) -> Vec<StoredRecord> {
    let mut records: Vec<_> = found.into_values().collect();
    records.sort_by_key(|(placed, _)| std::cmp::Reverse(*placed));
    records.into_iter().map(|(_, record)| record).collect()
}
