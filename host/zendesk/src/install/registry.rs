//! Calls to ZIS for one integration.
//!
//! Which credential Zendesk takes differs by call: the integration's own OAuth token for everything
//! here, except that a bundle is uploaded with the admin's credential. The token is made for one run
//! and revoked after it.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::report::UninstallReport;
use super::{InstallError, Item};
use crate::auth::Auth;
use crate::call::Call;
use crate::client::Client;
use crate::error::ZendeskError;
use crate::limits::LIST_PAGES_MAX;
use crate::page::Pages;
use crate::secret::Secret;

/// Scopes of the token; both spellings that integrators report contain these.
const SCOPES: [&str; 2] = ["read", "write"];

/// ZIS, for one integration.
pub(super) struct Registry {
    integration: String,
    admin: Client,
    zis: Client,
    token_id: u64,
}

/// A connection as listings show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    pub(super) kind: String,
    pub(super) allowed_domain: String,
}

/// A job spec as the registry lists it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct JobSpec {
    pub(super) name: String,
    #[serde(default)]
    pub(super) installed: bool,
}

#[derive(Deserialize)]
struct OAuthClient {
    id: u64,
    #[serde(default)]
    identifier: String,
}

impl Registry {
    /// The numeric id of the integration's OAuth client, where the integration exists here.
    pub(super) async fn find(client: &Client, name: &str) -> Result<Option<u64>, InstallError> {
        let mut pages = Pages::new(client, LIST_PAGES_MAX, || {
            Call::get("/api/v2/oauth/clients.json")
        });
        let wanted = format!("zis_{name}");
        while let Some(mut page) = pages.next().await? {
            let clients: Vec<OAuthClient> = page.rows("clients", "OAuth clients")?;
            if let Some(found) = clients.iter().find(|found| found.identifier == wanted) {
                return Ok(Some(found.id));
            }
        }
        Ok(None)
    }

    /// Registers the integration. Its client's secret, shown this once, is not needed.
    pub(super) async fn register(client: &Client, name: &str) -> Result<u64, InstallError> {
        #[derive(Deserialize)]
        struct Registered {
            zendesk_oauth_client: OAuthClient,
        }
        let path = format!("/api/services/zis/registry/{name}");
        let body = json!({ "description": "Ordercase: forwards ticket events to the host" });
        let call = Call::write(Method::POST, path, Some(body));
        match client.json::<Registered>(call).await {
            Ok(made) => Ok(made.zendesk_oauth_client.id),
            Err(ZendeskError::Forbidden { reason }) => Err(InstallError::NoZis { reason }),
            Err(ZendeskError::Refused { message, .. })
                if message.contains("not available for upsert") =>
            {
                Err(InstallError::NameTaken {
                    name: name.to_owned(),
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a token of the integration.
    pub(super) async fn open(
        admin: &Client,
        integration: &str,
        client_id: u64,
    ) -> Result<Self, InstallError> {
        #[derive(Deserialize)]
        struct Made {
            token: Token,
        }
        #[derive(Deserialize)]
        struct Token {
            id: u64,
            full_token: String,
        }
        let body = json!({ "token": { "client_id": client_id, "scopes": SCOPES } });
        let call = Call::write(Method::POST, "/api/v2/oauth/tokens.json", Some(body));
        let made: Made = admin.json(call).await?;
        let token = Secret::new(made.token.full_token);
        Ok(Self {
            integration: integration.to_owned(),
            admin: admin.clone(),
            zis: admin.with_auth(Auth::OAuth { token })?,
            token_id: made.token.id,
        })
    }

    /// Gives the token back.
    pub(super) async fn close(self) {
        let path = format!("/api/v2/oauth/tokens/{}.json", self.token_id);
        let call = Call::write(Method::DELETE, path, None).repeatable();
        if let Err(error) = self.admin.done(call).await {
            tracing::warn!(%error, "the installer's token was not revoked; it expires by itself");
        }
    }

    fn registry(&self, rest: &str) -> String {
        format!("/api/services/zis/registry/{}/{rest}", self.integration)
    }

    fn connections(&self, rest: &str) -> String {
        let integration = &self.integration;
        format!("/api/services/zis/integrations/{integration}/connections/{rest}")
    }

    /// The connection of that name, of whatever kind.
    pub(super) async fn connection(&self, name: &str) -> Result<Option<Connection>, InstallError> {
        Ok(self
            .all_connections()
            .await?
            .into_iter()
            .find(|(found, _)| found == name)
            .map(|(_, connection)| connection))
    }

    async fn all_connections(&self) -> Result<Vec<(String, Connection)>, InstallError> {
        #[derive(Deserialize)]
        struct Row {
            name: String,
            #[serde(default)]
            allowed_domain: String,
        }
        let path = self.connections("all");
        let mut pages = Pages::new(&self.zis, LIST_PAGES_MAX, || Call::get(path.clone()));
        let mut found = Vec::new();
        while let Some(mut page) = pages.next().await? {
            for kind in ["bearer_token", "basic_auth", "api_key", "oauth"] {
                for row in page.rows::<Row>(kind, "connections")? {
                    let connection = Connection {
                        kind: kind.to_owned(),
                        allowed_domain: row.allowed_domain,
                    };
                    found.push((row.name, connection));
                }
            }
        }
        Ok(found)
    }

    pub(super) async fn create_connection(
        &self,
        name: &str,
        allowed_domain: &str,
        token: &Secret,
    ) -> Result<(), InstallError> {
        let body = json!({
            "name": name, "token": token.expose(), "allowed_domain": allowed_domain,
        });
        let path = self.connections("bearer_token");
        Ok(self
            .zis
            .done(Call::write(Method::POST, path, Some(body)))
            .await?)
    }

    pub(super) async fn delete_connection(
        &self,
        kind: &str,
        name: &str,
    ) -> Result<(), InstallError> {
        let path = self.connections(&format!("{kind}/{name}"));
        gone_is_done(self.zis.done(Call::write(Method::DELETE, path, None)).await)
    }

    /// The integration's bundles, whole.
    pub(super) async fn bundles(&self) -> Result<Vec<Value>, InstallError> {
        #[derive(Deserialize)]
        struct Summary {
            uuid: String,
        }
        let path = self.registry("bundles");
        let mut pages = Pages::new(&self.zis, LIST_PAGES_MAX, || Call::get(path.clone()));
        let mut bundles = Vec::new();
        while let Some(mut page) = pages.next().await? {
            for summary in page.rows::<Summary>("bundles", "bundles")? {
                let path = self.registry(&format!("bundles/{}", summary.uuid));
                bundles.push(self.zis.json(Call::get(path)).await?);
            }
        }
        Ok(bundles)
    }

    /// Uploads with the admin's own credential: the only one that may.
    pub(super) async fn upload(&self, admin: &Client, bundle: &Value) -> Result<(), InstallError> {
        let call = Call::write(Method::POST, self.registry("bundles"), Some(bundle.clone()));
        match admin.done(call.repeatable()).await {
            Ok(()) => Ok(()),
            Err(ZendeskError::Credentials { .. }) if !admin.auth().is_legacy() => {
                Err(InstallError::UploadNeedsSession)
            }
            Err(ZendeskError::Refused { message, .. }) => {
                Err(InstallError::BundleRefused { reason: message })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// All job specs that the registry lists, stale ones too. Names come with or without address.
    pub(super) async fn job_specs(&self) -> Result<Vec<JobSpec>, InstallError> {
        let path = self.registry("job_specs");
        let prefix = format!("zis:{}:job_spec:", self.integration);
        let mut pages = Pages::new(&self.zis, LIST_PAGES_MAX, || Call::get(path.clone()));
        let mut specs = Vec::new();
        while let Some(mut page) = pages.next().await? {
            for spec in page.rows::<JobSpec>("job_specs", "job specs")? {
                let short = spec
                    .name
                    .strip_prefix(&prefix)
                    .unwrap_or(&spec.name)
                    .to_owned();
                specs.push(JobSpec {
                    name: short,
                    ..spec
                });
            }
        }
        Ok(specs)
    }

    pub(super) async fn install(&self, spec: &str) -> Result<(), InstallError> {
        Ok(self.zis.done(self.spec_call(Method::POST, spec)).await?)
    }

    pub(super) async fn uninstall(&self, spec: &str) -> Result<(), InstallError> {
        gone_is_done(self.zis.done(self.spec_call(Method::DELETE, spec)).await)
    }

    fn spec_call(&self, method: Method, spec: &str) -> Call {
        let address = format!("zis:{}:job_spec:{spec}", self.integration);
        Call::write(method, "/api/services/zis/registry/job_specs/install", None)
            .query("job_spec_name", address)
            .repeatable()
    }

    /// Removes job specs, connections and bundles, in the order in which nothing fires into a void.
    pub(super) async fn empty(&self, report: &mut UninstallReport) -> Result<(), InstallError> {
        for spec in self.job_specs().await?.iter().filter(|spec| spec.installed) {
            self.uninstall(&spec.name).await?;
            report.note(Item::JobSpec, &spec.name);
        }
        for (name, connection) in self.all_connections().await? {
            self.delete_connection(&connection.kind, &name).await?;
            report.note(Item::Connection, &name);
        }
        for bundle in self.bundles().await? {
            let text = |key: &str| bundle.get(key).and_then(Value::as_str).unwrap_or_default();
            let path = self.registry(&format!("bundles/{}", text("uuid")));
            let call = Call::write(Method::DELETE, path, None).repeatable();
            gone_is_done(self.zis.done(call).await)?;
            report.note(Item::Bundle, text("name"));
        }
        Ok(())
    }
}

fn gone_is_done(result: Result<(), ZendeskError>) -> Result<(), InstallError> {
    match result {
        Err(ZendeskError::Gone { .. }) => Ok(()),
        other => Ok(other?),
    }
}
