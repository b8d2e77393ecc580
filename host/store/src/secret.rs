//! Secrets at rest: XChaCha20-Poly1305 under the master key, a fresh random nonce each time. Tenant, owner
//! and slot are authenticated with the text, so a row that is changed, or copied to another owner, does
//! not open. The master key is handed in, never stored, and wiped when the store goes.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use ordercase_model::Instant;
use zeroize::Zeroizing;

use crate::{
    Owner, Store, StoreError, TenantId,
    db::{args, statements},
    limits::SECRET_BYTES_MAX,
};

/// The key that all secrets are sealed with. No display form; wiped when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// From 32 bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// From 64 hexadecimal digits, as in a key file; space around them does not matter.
    ///
    /// # Errors
    /// When they are not 64 hexadecimal digits; the text is not repeated in the error.
    pub fn from_hex(text: &str) -> Result<Self, StoreError> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).map_err(|_| {
            StoreError::refused("the master key must be 64 hexadecimal digits (32 bytes)")
        })?;
        Ok(Self(bytes))
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// A secret in the clear: no display form, wiped when dropped.
#[derive(Clone)]
pub struct SecretValue(Zeroizing<String>);

impl SecretValue {
    /// Takes a secret.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretValue(..)")
    }
}

statements! {
    PUT = "INSERT INTO secrets (tenant_id, owner_id, slot, nonce, ciphertext, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (tenant_id, owner_id, slot) DO UPDATE SET
               nonce = excluded.nonce, ciphertext = excluded.ciphertext, updated_at = excluded.updated_at";
    GET = "SELECT nonce, ciphertext FROM secrets WHERE tenant_id = $1 AND owner_id = $2 AND slot = $3";
    SLOTS = "SELECT slot FROM secrets WHERE tenant_id = $1 AND owner_id = $2 ORDER BY slot";
}

impl Store {
    /// Seals and stores a secret; an older one of the slot is replaced.
    ///
    /// # Errors
    /// When the store has no master key, or the secret is too large.
    pub async fn put_secret(
        &self,
        tenant: &TenantId,
        owner: &Owner,
        slot: &str,
        secret: &SecretValue,
        now: Instant,
    ) -> Result<(), StoreError> {
        if secret.expose().len() > SECRET_BYTES_MAX {
            return Err(StoreError::refused(format!(
                "the secret `{slot}` is larger than {SECRET_BYTES_MAX} bytes"
            )));
        }
        // A nonce must never repeat under one key, also across restarts and replays: real randomness.
        let mut nonce = [0_u8; 24];
        rand::fill(&mut nonce);
        let sealed = seal(
            self.master_key()?,
            &nonce,
            &place(tenant, owner, slot),
            secret,
        )?;
        let args = args![
            tenant,
            owner.id(),
            slot,
            hex::encode(nonce),
            hex::encode(sealed),
            now
        ];
        self.write_admission(tenant, move |tx| {
            Box::pin(async move {
                tx.conn.run(PUT, args).await?;
                Ok(())
            })
        })
        .await
    }

    /// Opens a secret; `None` when the slot is empty.
    ///
    /// # Errors
    /// [`StoreError::SecretSealed`] when it does not open under this master key.
    pub async fn secret(
        &self,
        tenant: &TenantId,
        owner: &Owner,
        slot: &str,
    ) -> Result<Option<SecretValue>, StoreError> {
        let key = self.master_key()?;
        let mut conn = self.reader(tenant).await?;
        let Some(row) = conn.first(GET, args![tenant, owner.id(), slot]).await? else {
            return Ok(None);
        };
        let sealed = || StoreError::SecretSealed {
            owner: owner.id().to_owned(),
            slot: slot.to_owned(),
        };
        let nonce = hex::decode(row.text("nonce")?).map_err(|_| sealed())?;
        let ciphertext = hex::decode(row.text("ciphertext")?).map_err(|_| sealed())?;
        open(key, &nonce, &place(tenant, owner, slot), &ciphertext)
            .map(Some)
            .ok_or_else(sealed)
    }

    /// Names of the filled slots.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn secret_slots(
        &self,
        tenant: &TenantId,
        owner: &Owner,
    ) -> Result<Vec<String>, StoreError> {
        let mut conn = self.reader(tenant).await?;
        let rows = conn.all(SLOTS, args![tenant, owner.id()]).await?;
        rows.iter().map(|row| row.text("slot")).collect()
    }
}

/// What is authenticated with a secret: where it belongs. Length-prefixed, so places never meet.
fn place(tenant: &TenantId, owner: &Owner, slot: &str) -> String {
    crate::id::digest(&[
        "ordercase secret/1",
        tenant.as_str(),
        owner.kind(),
        owner.id(),
        slot,
    ])
}

fn seal(
    key: &MasterKey,
    nonce: &[u8; 24],
    place: &str,
    secret: &SecretValue,
) -> Result<Vec<u8>, StoreError> {
    let payload = Payload {
        msg: secret.expose().as_bytes(),
        aad: place.as_bytes(),
    };
    XChaCha20Poly1305::new(&(*key.0).into())
        .encrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| StoreError::refused("the secret cannot be sealed"))
}

fn open(key: &MasterKey, nonce: &[u8], place: &str, sealed: &[u8]) -> Option<SecretValue> {
    let nonce: [u8; 24] = nonce.try_into().ok()?;
    let payload = Payload {
        msg: sealed,
        aad: place.as_bytes(),
    };
    let clear = XChaCha20Poly1305::new(&(*key.0).into())
        .decrypt(&XNonce::from(nonce), payload)
        .ok()?;
    String::from_utf8(clear).ok().map(SecretValue::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> MasterKey {
        MasterKey::new([byte; 32])
    }

    fn owner(id: &str) -> Owner {
        Owner::Connection(crate::ConnectionId::new(id).unwrap())
    }

    #[test]
    fn a_secret_opens_only_in_its_place_under_its_key_and_unchanged() {
        let tenant = TenantId::new("t1").unwrap();
        let here = place(&tenant, &owner("c1"), "token");
        let nonce = [7; 24];
        let sealed = seal(&key(1), &nonce, &here, &SecretValue::new("s3cret".into())).unwrap();
        assert_eq!(
            open(&key(1), &nonce, &here, &sealed).unwrap().expose(),
            "s3cret"
        );
        assert!(open(&key(2), &nonce, &here, &sealed).is_none(), "wrong key");
        for other in [
            place(&tenant, &owner("c2"), "token"),
            place(&tenant, &owner("c1"), "other"),
            place(&TenantId::new("t2").unwrap(), &owner("c1"), "token"),
        ] {
            assert!(open(&key(1), &nonce, &other, &sealed).is_none(), "moved");
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(
                open(&key(1), &nonce, &here, &changed).is_none(),
                "byte {at} changed"
            );
        }
        assert!(!sealed.windows(6).any(|window| window == b"s3cret"));
    }

    #[test]
    fn keys_and_secrets_have_no_debug_form() {
        let shown = format!("{:?} {:?}", key(0xab), SecretValue::new("s3cret".into()));
        assert!(
            !shown.contains("s3cret") && !shown.contains("171"),
            "{shown}"
        );
        assert!(MasterKey::from_hex(&"ab".repeat(32)).is_ok());
        let error = MasterKey::from_hex("abc").unwrap_err().to_string();
        assert!(!error.contains("abc`"), "{error}");
    }
}
