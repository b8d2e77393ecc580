//! Keeping a secret that the other side echoes away from the plugin and from whatever is stored.

use bytes::Bytes;
use memchr::memmem;
use zeroize::Zeroizing;

use crate::limits;

/// The forms of the secrets of one request, to search its answer for.
#[derive(Default)]
pub(crate) struct Needles(Vec<Needle>);

struct Needle {
    mark: String,
    text: Zeroizing<String>,
}

impl Needles {
    /// Adds a form of the secret in that slot. Short ones are left out: they would match by chance.
    pub(super) fn add(&mut self, slot: &str, text: &str) {
        let known = self.0.iter().any(|n| n.text.as_str() == text);
        if text.len() >= limits::SECRET_BYTES_MIN && !known {
            self.0.push(Needle {
                mark: format!("[{slot}]"),
                text: Zeroizing::new(text.to_owned()),
            });
        }
    }

    #[cfg(test)]
    pub(super) fn of<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        let mut needles = Self::default();
        for (slot, text) in pairs {
            needles.add(slot, text);
        }
        needles
    }

    /// Whether one of them occurs.
    pub(super) fn are_in(&self, haystack: &[u8]) -> bool {
        let occurs = |n: &Needle| memmem::find(haystack, n.text.as_bytes()).is_some();
        self.0.iter().any(occurs)
    }

    /// The bytes with every occurrence replaced by the slot's name; the same bytes when there is none.
    pub(super) fn replace_in(&self, bytes: Bytes) -> Bytes {
        if !self.are_in(&bytes) {
            return bytes;
        }
        let mut out = bytes.to_vec();
        for needle in &self.0 {
            let mut next = Vec::with_capacity(out.len());
            let mut from = 0;
            for at in memmem::find_iter(&out, needle.text.as_bytes()) {
                next.extend_from_slice(out.get(from..at).unwrap_or_default());
                next.extend_from_slice(needle.mark.as_bytes());
                from = at + needle.text.len();
            }
            next.extend_from_slice(out.get(from..).unwrap_or_default());
            out = next;
        }
        out.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn echoes_become_the_name_of_their_slot() {
        let needles = Needles::of([("token", "canary-0123456789"), ("pin", "1234")]);
        let body =
            Bytes::from_static(b"{\"a\":\"canary-0123456789canary-0123456789\",\"pin\":1234}");
        assert_eq!(
            needles.replace_in(body),
            "{\"a\":\"[token][token]\",\"pin\":1234}"
        );
        let clean = Bytes::from_static(b"canary-012345678");
        assert_eq!(needles.replace_in(clean.clone()), clean);
    }
}
