//! Who is asking: the bearer token of a desk, a tenant or the operator.
//!
//! Tokens are kept as digests and looked up by digest, so no comparison runs over a token's text; the
//! admin's is compared in constant time. Each door takes its own kind: a desk's token opens nothing else.

use http::{HeaderMap, header};
use subtle::ConstantTimeEq as _;

use super::problem::{Kind, Problem};
use crate::{ids, limits, secret::Secret};

/// Prefix of a desk's token.
pub const DESK: &str = "ocd";
/// Prefix of a tenant's token.
pub const TENANT: &str = "oct";
/// Prefix of a webhook's token, for shops that cannot sign.
pub const WEBHOOK: &str = "ocw";

/// The bearer token of a request.
///
/// # Errors
/// [`Kind::UnknownToken`] without one.
pub fn bearer(headers: &HeaderMap) -> Result<Secret, Problem> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer")
                && !token.is_empty()
                && token.len() <= limits::TOKEN_BYTES_MAX
        })
        .map(|(_, token)| Secret::new(token.trim().to_owned()))
        .ok_or_else(|| {
            Problem::new(
                Kind::UnknownToken,
                "send `Authorization: Bearer TOKEN` with the token that was shown once",
            )
        })
}

/// The problem for a token that nobody has.
#[must_use]
pub fn unknown() -> Problem {
    Problem::new(
        Kind::UnknownToken,
        "no one has this token; it may have been replaced",
    )
}

/// The operator's token, kept as its digest.
#[derive(Clone, Debug)]
pub struct AdminToken(String);

impl AdminToken {
    /// Keeps the digest.
    #[must_use]
    pub fn new(token: &Secret) -> Self {
        Self(ids::token_hash(token.expose()))
    }

    /// Whether the request comes from the operator.
    ///
    /// # Errors
    /// [`Kind::UnknownToken`] where it does not.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let given = ids::token_hash(bearer(headers)?.expose());
        if bool::from(self.0.as_bytes().ct_eq(given.as_bytes())) {
            Ok(())
        } else {
            Err(unknown())
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn only_the_admins_own_token_opens() {
        let token = ids::token("oca");
        let admin = AdminToken::new(&token);
        let good = format!("Bearer {}", token.expose());
        assert!(admin.check(&headers(&good)).is_ok());
        assert!(admin.check(&headers("bearer wrong")).is_err());
        assert!(admin.check(&headers(&good[..good.len() - 1])).is_err());
        assert!(
            admin
                .check(&headers(&format!("Basic {}", token.expose())))
                .is_err()
        );
        assert!(admin.check(&HeaderMap::new()).is_err());
    }
}
