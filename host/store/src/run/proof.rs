//! What the records of a window come to: their number and a digest, in all and per month. The digest is a sum, so it
//! does not depend on the order in which records are read, and a month's can be compared with the same month's of
//! another run.

use std::collections::BTreeMap;

use ordercase_model::{Instant, Kind};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    ConnectionKey, Store, StoreError,
    db::{args, statements},
    limits::PROVED_PER_READ,
};

/// What a window held when it was proven.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Records, without deleted ones.
    pub records: u64,
    /// Of their ids and bodies, 32 hexadecimal digits.
    pub digest: String,
    /// The same per month (UTC) in which they were placed, else changed, else first seen; oldest first.
    pub months: Vec<MonthProof>,
}

/// A month of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthProof {
    /// Such as `2026-11`.
    pub month: String,
    /// Records.
    pub records: u64,
    /// Of their ids and bodies.
    pub digest: String,
}

/// A sum over records, in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    records: u64,
    digest: u128,
}

impl Sum {
    fn add(&mut self, source_id: &str, body_hash: &str) {
        let mut hash = Sha256::new();
        hash.update((source_id.len() as u64).to_be_bytes());
        hash.update(source_id.as_bytes());
        hash.update(body_hash.as_bytes());
        let bytes = hash.finalize();
        let head = bytes.iter().take(16);
        let number = head.fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
        self.digest = self.digest.wrapping_add(number);
        self.records += 1;
    }

    fn digest(self) -> String {
        format!("{:032x}", self.digest)
    }
}

statements! {
    READ = "SELECT source_id, body_hash, COALESCE(placed_at, source_updated_at, first_seen_at) AS at FROM records
            WHERE tenant_id = $1 AND connection_id = $2 AND kind = $3 AND source_id > $4 AND deleted = 0
                AND (CAST($5 AS BIGINT) IS NULL OR COALESCE(source_updated_at, placed_at, first_seen_at) >= $5)
            ORDER BY source_id LIMIT $6";
}

impl Store {
    /// Sums up the records of a kind that the source changed since then; all of them where that is open. Reads
    /// in steps, so writes go on meanwhile: the proof is of the window as it is while it is read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prove(
        &self,
        connection: &ConnectionKey,
        kind: Kind,
        since: Option<Instant>,
    ) -> Result<Proof, StoreError> {
        let mut all = Sum::default();
        let mut months: BTreeMap<String, Sum> = BTreeMap::new();
        let mut after = String::new();
        loop {
            let args = args![
                &connection.tenant,
                &connection.connection,
                kind.as_str(),
                &after,
                since,
                PROVED_PER_READ
            ];
            let mut conn = self.reader(&connection.tenant).await?;
            let rows = conn.all(READ, args).await?;
            for row in &rows {
                let (id, hash) = (row.text("source_id")?, row.text("body_hash")?);
                all.add(&id, &hash);
                let month = row.instant("at")?.to_string();
                let month = month.get(..7).unwrap_or_default().to_owned();
                months.entry(month).or_default().add(&id, &hash);
                after = id;
            }
            if i64::try_from(rows.len()).unwrap_or(i64::MAX) < PROVED_PER_READ {
                break;
            }
        }
        Ok(Proof {
            records: all.records,
            digest: all.digest(),
            months: months
                .into_iter()
                .map(|(month, sum)| MonthProof {
                    month,
                    records: sum.records,
                    digest: sum.digest(),
                })
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_knows_no_order_but_every_record() {
        let sum = |records: &[(&str, &str)]| {
            let mut sum = Sum::default();
            for (id, hash) in records {
                sum.add(id, hash);
            }
            sum.digest()
        };
        let (a, b) = (("1", "x"), ("2", "y"));
        assert_eq!(sum(&[a, b]), sum(&[b, a]));
        assert_ne!(sum(&[a, b]), sum(&[a, b, b]));
        assert_ne!(sum(&[a, b]), sum(&[("1", "y"), ("2", "x")]));
        assert_ne!(sum(&[("1", "2x")]), sum(&[("12", "x")]));
        assert_eq!(sum(&[]), "0".repeat(32));
    }
}
