//! Installing into a Zendesk account: the compiled-in bundle made for this desk and host, the installer
//! of the Zendesk crate run over it, and what it learnt kept with the desk.

use ordercase_store::{Desk, Owner};
use ordercase_zendesk::{
    Secret,
    install::{InstallReport, InstallRequest, install},
};
use ordercase_zis::Bundle;
use serde_json::{Value, json};

use super::desks::EVENT_TOKEN;
use crate::{
    app::App,
    http::problem::{Kind, Problem},
};

/// Installs, and reports what was there, what changed and what was read back.
///
/// # Errors
/// When the bundle cannot be made, or the account refuses.
pub async fn run(app: &App, desk: &Desk, bundle: Option<Value>) -> Result<Value, Problem> {
    let integration = integration(desk);
    let host = app.public_url.domain().to_owned();
    let bundle = made_for(bundle, &integration, &host)?;
    let owner = Owner::Desk(desk.key.desk.clone());
    let token = app
        .store
        .secret(&desk.key.tenant, &owner, EVENT_TOKEN)
        .await?;
    let token = token.ok_or_else(|| {
        Problem::new(
            Kind::Internal,
            "the desk's event token is not kept; add the desk again",
        )
    })?;
    let request = InstallRequest {
        integration,
        public_host: host,
        desk_token: Secret::new(token.expose()),
        bundle,
        // The first time, whatever stands there is from somebody else.
        replace_token: desk.settings.get("fields").is_none(),
    };
    let client = app.desks.client(&desk.key.tenant, &desk.key.desk).await?;
    let report = install(&client, &request).await?;
    keep(app, desk, &report).await?;
    if let Some(account) = report.account_id {
        fix_account(app, desk, account).await?;
    }
    serde_json::to_value(&report).map_err(|error| {
        Problem::new(Kind::Internal, "the report could not be written").because(error)
    })
}

/// One integration per desk; the name is unique over all Zendesk accounts.
fn integration(desk: &Desk) -> String {
    let kept = desk.settings.get("integration").and_then(Value::as_str);
    kept.map_or_else(|| format!("ordercase_{}", desk.subdomain), str::to_owned)
}

fn made_for(bundle: Option<Value>, integration: &str, host: &str) -> Result<Value, Problem> {
    let wrong = |error: &dyn std::fmt::Display| {
        Problem::new(
            Kind::BadSettings,
            format!("the bundle cannot be installed: {error}"),
        )
        .at("bundle")
    };
    let template = match bundle {
        None => ordercase_zis::ours::template(),
        Some(bundle) => Bundle::from_value(bundle),
    };
    let bundle = template
        .map_err(|error| wrong(&error))?
        .rekey(integration, host)
        .map_err(|error| wrong(&error))?;
    Ok(bundle.document().clone())
}

/// Field ids that the desk writes to. The settings are read again: somebody may have changed them while
/// the account was being asked.
async fn keep(app: &App, desk: &Desk, report: &InstallReport) -> Result<(), Problem> {
    let found = app.store.desk(&desk.key).await?;
    let mut settings = found.map_or_else(|| desk.settings.clone(), |desk| desk.settings);
    if let Some(settings) = settings.as_object_mut() {
        settings.insert("fields".to_owned(), json!(report.fields));
        settings.insert("writer_id".to_owned(), json!(report.user_id));
        settings.insert("integration".to_owned(), json!(integration(desk)));
    }
    Ok(app
        .store
        .set_desk_settings(&desk.key, &settings, app.clock.now())
        .await?)
}

async fn fix_account(app: &App, desk: &Desk, account: u64) -> Result<(), Problem> {
    let account = account.to_string();
    match &desk.account_id {
        Some(known) if *known == account => Ok(()),
        Some(known) => Err(Problem::new(
            Kind::OtherAccount,
            format!("the desk is for account {known}, but its credentials open account {account}"),
        )),
        None => Ok(app
            .store
            .set_desk_account(&desk.key, &account, app.clock.now())
            .await?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_bundle_is_made_for_desk_and_host() {
        let made = made_for(None, "ordercase_acme", "orders.example.com")
            .unwrap()
            .to_string();
        assert!(made.contains("https://orders.example.com/v1/events/zendesk"));
        assert!(made.contains("zis:ordercase_acme:flow:"));
        assert!(!made.contains("{{integration}}") && !made.contains("{{host}}"));
    }

    #[test]
    fn another_file_is_refused_with_a_reason() {
        let problem = made_for(Some(json!({"x": 1})), "i", "orders.example.com").unwrap_err();
        assert_eq!(problem.document(None).path.as_deref(), Some("bundle"));
    }
}
