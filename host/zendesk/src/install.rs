//! The installer: makes one account ready for Ordercase, and can say beforehand what it would do.
//!
//! Order matters: fields (harmless), the integration (its OAuth client gives the token for what
//! follows), the connection, the bundle, then **every** job spec. An upload orphans what was
//! installed before while the registry goes on listing it as installed, so job specs are installed
//! on every run, also when nothing else changed. Then all of it is read back; what a POST answered
//! proves little.
//!
//! A second run on a ready account changes nothing. Between upload and installation of the job specs
//! no event fires; the export makes up for it.

mod bundle;
mod error;
mod fields;
mod registry;
mod report;

use serde_json::Value;

pub use error::InstallError;
pub use fields::FIELDS;
pub use report::{Action, Change, InstallReport, Item, UninstallReport};

use crate::auth::LEGACY_TOKEN_END;
use crate::budget::Lane;
use crate::client::Client;
use crate::secret::Secret;
use bundle::BundleFacts;
use registry::Registry;
use report::Step;

/// What to install.
#[derive(Clone, Debug)]
pub struct InstallRequest {
    /// Name of the integration; unique over all Zendesk accounts.
    pub integration: String,
    /// Host of this Ordercase as Zendesk reaches it, such as `orders.example.com`.
    pub public_host: String,
    /// The desk's token, which its flows send.
    pub desk_token: Secret,
    /// The bundle, already made for this integration and host.
    pub bundle: Value,
    /// Whether to put the token in even where a connection stands: nothing shows what it holds.
    pub replace_token: bool,
}

/// Installs, or changes what differs, and reads everything back.
///
/// # Errors
/// [`InstallError`], by what a person does next. What was made until then stays; run it again.
pub async fn install(
    client: &Client,
    request: &InstallRequest,
) -> Result<InstallReport, InstallError> {
    run(client, request, false).await
}

/// Says what [`install`] would do, and changes nothing.
///
/// # Errors
/// As [`install`].
pub async fn preview(
    client: &Client,
    request: &InstallRequest,
) -> Result<InstallReport, InstallError> {
    run(client, request, true).await
}

async fn run(
    client: &Client,
    request: &InstallRequest,
    dry: bool,
) -> Result<InstallReport, InstallError> {
    let client = client.lane(Lane::Background);
    let facts = BundleFacts::read(&request.bundle)?;
    let me = client.me().await?;
    if me.role.as_deref() != Some("admin") {
        return Err(InstallError::NotAdmin);
    }
    let mut report = InstallReport {
        dry_run: dry,
        subdomain: client.subdomain().to_owned(),
        integration: request.integration.clone(),
        user_id: me.id.unwrap_or_default(),
        legacy_token: client.auth().is_legacy(),
        ..InstallReport::default()
    };
    if report.legacy_token {
        report.legacy_token_ends = Some(LEGACY_TOKEN_END.to_owned());
        report.warnings.push(format!(
            "this desk uses an API token; every API token stops working on {LEGACY_TOKEN_END}, so \
             connect it by OAuth before"
        ));
    }
    fields::ensure(&client, dry, &mut report).await?;
    let step = Step {
        client: &client,
        request,
        facts: &facts,
        dry,
    };
    step.zis(&mut report).await?;
    report.requests_per_minute = client.known_limit();
    Ok(report)
}

impl Step<'_> {
    /// Everything that ZIS keeps, with a token of the integration that is given back at the end.
    async fn zis(&self, report: &mut InstallReport) -> Result<(), InstallError> {
        let found = Registry::find(self.client, &self.request.integration).await?;
        let Some(client_id) = (match found {
            Some(id) => {
                report.note(
                    Item::Integration,
                    &self.request.integration,
                    Action::Unchanged,
                );
                Some(id)
            }
            None => self.register(report).await?,
        }) else {
            self.everything_is_missing(report);
            return Ok(());
        };
        let registry = Registry::open(self.client, &self.request.integration, client_id).await?;
        let done = self.inside(&registry, report).await;
        // The token would expire by itself in half an hour; failing to revoke it is no failure.
        registry.close().await;
        done
    }

    async fn register(&self, report: &mut InstallReport) -> Result<Option<u64>, InstallError> {
        report.note(
            Item::Integration,
            &self.request.integration,
            Action::Created,
        );
        if self.dry {
            return Ok(None);
        }
        Registry::register(self.client, &self.request.integration)
            .await
            .map(Some)
    }

    fn everything_is_missing(&self, report: &mut InstallReport) {
        report.note(Item::Connection, &self.facts.connection, Action::Created);
        report.note(Item::Bundle, &self.facts.name, Action::Created);
        for spec in &self.facts.job_specs {
            report.note(Item::JobSpec, spec, Action::Created);
        }
    }

    async fn inside(
        &self,
        registry: &Registry,
        report: &mut InstallReport,
    ) -> Result<(), InstallError> {
        self.connection(registry, report).await?;
        self.bundle(registry, report).await?;
        self.job_specs(registry, report).await?;
        if !self.dry {
            self.verify(registry, report).await?;
        }
        Ok(())
    }

    async fn connection(
        &self,
        registry: &Registry,
        report: &mut InstallReport,
    ) -> Result<(), InstallError> {
        let name = &self.facts.connection;
        let host = &self.request.public_host;
        let standing = registry.connection(name).await?;
        let action = match &standing {
            None => Action::Created,
            Some(found) if found.allowed_domain != *host || found.kind != "bearer_token" => {
                Action::Replaced
            }
            Some(_) if self.request.replace_token => Action::Replaced,
            Some(_) => Action::Unchanged,
        };
        report.note(Item::Connection, name, action);
        if self.dry || action == Action::Unchanged {
            return Ok(());
        }
        // A connection's domain and token cannot be changed, only given anew.
        if let Some(found) = &standing {
            registry.delete_connection(&found.kind, name).await?;
        }
        registry
            .create_connection(name, host, &self.request.desk_token)
            .await
    }

    async fn bundle(
        &self,
        registry: &Registry,
        report: &mut InstallReport,
    ) -> Result<(), InstallError> {
        let standing = registry.bundles().await?;
        let same = standing.iter().any(|found| self.facts.equals(found));
        let action = match (same, standing.is_empty()) {
            (true, _) => Action::Unchanged,
            (false, true) => Action::Created,
            (false, false) => Action::Replaced,
        };
        report.note(Item::Bundle, &self.facts.name, action);
        if !self.dry && action != Action::Unchanged {
            registry.upload(self.client, &self.request.bundle).await?;
        }
        Ok(())
    }

    async fn job_specs(
        &self,
        registry: &Registry,
        report: &mut InstallReport,
    ) -> Result<(), InstallError> {
        let standing = registry.job_specs().await?;
        let installed = |name: &String| {
            standing
                .iter()
                .any(|spec| spec.installed && spec.name == *name)
        };
        for name in &self.facts.job_specs {
            let action = if installed(name) {
                Action::Unchanged
            } else {
                Action::Created
            };
            report.note(Item::JobSpec, name, action);
            // Also when it is listed as installed: it may be an orphan of an earlier upload.
            if !self.dry {
                registry.install(name).await?;
            }
        }
        let stale = standing
            .iter()
            .filter(|spec| spec.installed && !self.facts.job_specs.contains(&spec.name));
        for spec in stale {
            report.note(Item::JobSpec, &spec.name, Action::Removed);
            if !self.dry {
                registry.uninstall(&spec.name).await?;
            }
        }
        Ok(())
    }

    /// Reads back what must stand now; anything else is an error with its name.
    async fn verify(
        &self,
        registry: &Registry,
        report: &mut InstallReport,
    ) -> Result<(), InstallError> {
        let mut missing = Vec::new();
        let connection = registry.connection(&self.facts.connection).await?;
        if connection.is_none_or(|found| found.allowed_domain != self.request.public_host) {
            missing.push(format!("connection {}", self.facts.connection));
        }
        let bundles = registry.bundles().await?;
        match bundles.iter().find(|found| self.facts.equals(found)) {
            None => missing.push(format!("bundle {}", self.facts.name)),
            Some(found) => {
                report.account_id = found.get("zendesk_account_id").and_then(Value::as_u64);
            }
        }
        let specs = registry.job_specs().await?;
        for name in &self.facts.job_specs {
            if !specs
                .iter()
                .any(|spec| spec.installed && spec.name == *name)
            {
                missing.push(format!("job spec {name}"));
            }
        }
        if missing.is_empty() {
            report.verified = true;
            return Ok(());
        }
        Err(InstallError::NotThere { missing })
    }
}

/// Takes out what [`install`] made. Fields, and the values that tickets hold, stay unless asked for.
///
/// # Errors
/// As [`install`]; what is gone already is no error.
pub async fn uninstall(
    client: &Client,
    integration: &str,
    remove_fields: bool,
) -> Result<UninstallReport, InstallError> {
    let client = client.lane(Lane::Background);
    let mut report = UninstallReport::default();
    if let Some(id) = Registry::find(&client, integration).await? {
        let registry = Registry::open(&client, integration, id).await?;
        let done = registry.empty(&mut report).await;
        registry.close().await;
        done?;
    }
    if remove_fields {
        fields::remove(&client, &mut report).await?;
    }
    Ok(report)
}
