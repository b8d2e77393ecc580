//! The description of the API, made from the code: `GET /openapi.json`, and a snapshot test that shows
//! every change of it in a diff.

use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::problem;

/// The parts that belong to no single route.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ordercase",
        description = "Joins a merchant's shops to its Zendesk. Errors are problem documents (RFC 9457) \
                       with a stable `type`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(problem::Document)),
    modifiers(&Tokens),
    tags(
        (name = "events", description = "What other systems tell the host"),
        (name = "context", description = "What agents see"),
        (name = "admin", description = "What the operator does; the command line calls these"),
        (name = "health", description = "Whether the host lives and works"),
    ),
)]
pub(super) struct Api;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut Document) {
        let bearer = |description: &str| {
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .description(Some(description))
                    .build(),
            )
        };
        let components = document.components.get_or_insert_with(Default::default);
        for (name, description) in [
            ("desk", "A desk's token, shown once by `ordercase desk add`"),
            (
                "tenant",
                "A tenant's token, shown once by `ordercase tenant add`",
            ),
            ("admin", "The operator's token, in the data directory"),
        ] {
            components.add_security_scheme(name, bearer(description));
        }
    }
}
