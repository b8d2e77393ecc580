//! The only source of randomness of the host: ids, bearer tokens, keys.
//!
//! Ids are `<prefix>_` and 26 characters of base 32: safe in URLs, logs and shells, told apart at a
//! glance. Tokens are 256 random bits behind a prefix that secret scanners can recognise.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::secret::Secret;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A fresh id such as `ten_3f...`.
#[must_use]
pub fn id(prefix: &str) -> String {
    let mut bits: u128 = rand::random();
    let mut text = String::with_capacity(prefix.len() + 27);
    text.push_str(prefix);
    text.push('_');
    for _ in 0..26 {
        let place = usize::try_from(bits & 31).unwrap_or_default();
        text.push(char::from(ALPHABET.get(place).copied().unwrap_or(b'0')));
        bits >>= 5;
    }
    text
}

/// A fresh bearer token such as `ocd_...`; shown once, kept as [`token_hash`].
#[must_use]
pub fn token(prefix: &str) -> Secret {
    let bits: [u8; 32] = rand::random();
    Secret::new(format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(bits)))
}

/// What is kept of a token. The token has 256 random bits, so a plain digest cannot be guessed, and a
/// look-up by digest tells an attacker who measures time nothing about the token.
#[must_use]
pub fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// 256 random bits for a key file.
#[must_use]
pub fn key() -> [u8; 32] {
    rand::random()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_tokens_do_not_repeat_and_keep_their_prefix() {
        let (first, second) = (id("ten"), id("ten"));
        assert_ne!(first, second);
        assert!(first.starts_with("ten_") && first.len() == 30);
        assert_ne!(token("ocd").expose(), token("ocd").expose());
        assert_eq!(token("ocd").expose().len(), 4 + 43);
        assert_eq!(token_hash("a").len(), 64);
    }
}
