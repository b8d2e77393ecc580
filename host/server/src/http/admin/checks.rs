//! What `ordercase doctor` asks a running server: each check says what it found and what to do.

use std::sync::Arc;

use axum::{Json, extract::State};
use ordercase_store::{
    Activity, Condition, Connection, EffectState, Owner, ReceiptState, TrackState,
};
use ordercase_zendesk::auth::LEGACY_TOKEN_END;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Operator;
use crate::{
    app::App,
    cli::doctor::{bad, good},
    http::problem::{Document, Problem},
    wiring::desks,
};

/// Findings.
#[derive(Serialize, ToSchema)]
pub(super) struct Checks {
    /// `{"check", "ok", "found", "do"}` each.
    checks: Vec<Value>,
}

/// Looks at everything that commonly goes wrong; changes nothing.
#[utoipa::path(
    get, path = "/admin/v1/checks", tag = "admin", security(("admin" = [])),
    responses(
        (status = 200, body = Checks),
        (status = 401, body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn run(_: Operator, State(app): State<Arc<App>>) -> Result<Json<Checks>, Problem> {
    let mut checks = vec![engine(&app)];
    connections(&app, &mut checks).await?;
    desks(&app, &mut checks).await?;
    checks.push(accounts(&app).await?);
    checks.push(dead_letters(&app).await?);
    Ok(Json(Checks { checks }))
}

fn engine(app: &App) -> Value {
    match (app.engine_runs(), app.tasks.restarts()) {
        (false, _) => bad("engine", "does not run", "start `ordercase serve`"),
        (true, 0) => good("engine", "runs"),
        (true, n) => bad(
            "engine",
            format!("runs, but tasks had to be started again {n} times"),
            "look for `starts again` in the server's log and report it",
        ),
    }
}

async fn connections(app: &App, checks: &mut Vec<Value>) -> Result<(), Problem> {
    for connection in app.store.connections(None).await? {
        let name = format!(
            "connection `{}` ({})",
            connection.name, connection.key.connection
        );
        if connection.activity == Activity::Left {
            continue;
        }
        if connection.activity == Activity::Leaving {
            let found = format!("{name} is being disconnected: its webhooks are being removed");
            checks.push(good("connection", found));
            continue;
        }
        if let Activity::Paused(reason) = &connection.activity {
            checks.push(bad(
                "connection",
                format!("{name} is paused: {reason}"),
                &resume(&connection),
            ));
            continue;
        }
        if let Err(error) = app.plugins.get(&connection.plugin_digest).await {
            let found = format!("{name}: {error}");
            checks.push(bad(
                "connection",
                found,
                "put the plugin's file back, or connect the shop again",
            ));
            continue;
        }
        checks.extend(webhooks(app, &connection, &name).await?);
        checks.extend(mappings(app, &connection, &name).await?);
        let tracks = app.store.streams(&connection.key).await?;
        let parked = tracks
            .iter()
            .find(|track| track.state == TrackState::Parked);
        checks.push(match parked {
            None => good("connection", format!("{name} is active")),
            Some(track) => bad(
                "connection",
                format!(
                    "{name}: stream `{}` is parked: {}",
                    track.stream,
                    track.last_error.as_deref().unwrap_or("no reason kept")
                ),
                &format!("mend what the reason names, then {}", resume(&connection)),
            ),
        });
    }
    Ok(())
}

/// What is amiss with the webhooks of a connection.
async fn webhooks(
    app: &App,
    connection: &Connection,
    name: &str,
) -> Result<Option<Value>, Problem> {
    let check = app.store.subscription_check(&connection.key).await?;
    let Some(check) = check else {
        return Ok(None);
    };
    let why = check.last_error.as_deref().unwrap_or("no reason kept");
    let id = &connection.key.connection;
    let see =
        format!("see `ordercase connection webhooks {id}`; changes come by polling meanwhile");
    Ok(match check.condition {
        Condition::Unchecked | Condition::Registered | Condition::Forwarder => None,
        Condition::NoAddress => Some(bad(
            "webhooks",
            format!(
                "{name} has no webhooks: the host does not know under which address it is reached"
            ),
            "start `ordercase serve` with --public-url https://HOST, the address that the platform reaches",
        )),
        Condition::Incomplete => {
            let found = format!("{name}: some webhooks could not be registered: {why}");
            Some(bad("webhooks", found, &see))
        }
        Condition::Failing => {
            let found = format!("{name}: the platform could not be asked for its webhooks: {why}");
            Some(bad("webhooks", found, &see))
        }
    })
}

/// What waits for a mapping of a connection.
async fn mappings(
    app: &App,
    connection: &Connection,
    name: &str,
) -> Result<Option<Value>, Problem> {
    let waiting = app.store.waiting_for_mappings(&connection.key).await?;
    let Some(first) = waiting.first() else {
        return Ok(None);
    };
    let letters: u64 = waiting.iter().map(|one| one.letters).sum();
    let id = &connection.key.connection;
    let (names, mapping) = (waiting.len(), &first.mapping);
    let found = format!(
        "{name}: {letters} dead letters wait for {names} mappings, the first is `{mapping}`"
    );
    let command = map_command(id.as_str(), mapping.as_str());
    let see = format!(
        "say what the word means with `{command}`; `ordercase connection mappings {id}` shows all of them"
    );
    Ok(Some(bad("mappings", found, &see)))
}

/// The shop chose the word: a shell reads it as one and does not run it. A name has no NUL, which is all that cannot be
/// quoted.
fn map_command(connection: &str, mapping: &str) -> String {
    let mapping = shlex::try_quote(mapping).unwrap_or_default();
    format!("ordercase connection map {connection} {mapping} AXIS=CANONICAL")
}

fn resume(connection: &Connection) -> String {
    format!(
        "run `ordercase connection resume {}`, with `--secret SLOT=env:V` for a credential that is new",
        connection.key.connection
    )
}

async fn desks(app: &App, checks: &mut Vec<Value>) -> Result<(), Problem> {
    for desk in app.store.desks(None).await? {
        let name = format!("desk `{}` ({})", desk.subdomain, desk.key.desk);
        if let Activity::Paused(reason) = &desk.activity {
            checks.push(bad(
                "desk",
                format!("{name} is paused: {reason}"),
                &format!(
                    "run `ordercase desk resume {} {}`, with `--secret SLOT=env:V` for a credential that is new",
                    desk.key.tenant, desk.key.desk
                ),
            ));
        }
        let installed = desk.settings.get("fields").and_then(Value::as_object);
        if installed.is_none_or(serde_json::Map::is_empty) {
            let verb = format!(
                "run `ordercase desk install {} {}`",
                desk.key.tenant, desk.key.desk
            );
            checks.push(bad("desk", format!("{name} has nothing installed"), &verb));
        } else {
            checks.push(good("desk", format!("{name} is installed")));
        }
        let owner = Owner::Desk(desk.key.desk.clone());
        let slots = app.store.secret_slots(&desk.key.tenant, &owner).await?;
        if !slots.iter().any(|slot| slot == desks::OAUTH_TOKEN) {
            checks.push(bad(
                "legacy_token",
                format!("{name} uses an old API token; Zendesk ends them on {LEGACY_TOKEN_END}"),
                "give the desk an `oauth_token`",
            ));
        }
    }
    Ok(())
}

async fn accounts(app: &App) -> Result<Value, Problem> {
    if app.store.accounts_add_up(None).await? {
        return Ok(good("accounts", "add up"));
    }
    Ok(bad(
        "accounts",
        "do not add up: something was dropped or counted twice",
        "see the lines with `ordercase accounts`, keep the database and report it",
    ))
}

async fn dead_letters(app: &App) -> Result<Value, Problem> {
    let mut dead = 0;
    for tenant in app.store.tenants().await? {
        dead += app
            .store
            .receipts(&tenant.id, ReceiptState::Dead)
            .await?
            .len();
        dead += app
            .store
            .effects_in(&tenant.id, EffectState::Dead)
            .await?
            .len();
    }
    if dead == 0 {
        return Ok(good("dead_letters", "none"));
    }
    Ok(bad(
        "dead_letters",
        format!("{dead} need a person"),
        "see why with `ordercase dead-letters list`",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shops_word_stays_one_word_of_a_shell() {
        for mapping in ["state=On Hold", "state=x'; echo $(id) '", "state=\"`id`\""] {
            let words = shlex::split(&map_command("con_1", mapping)).unwrap();
            let proposed = [
                "ordercase",
                "connection",
                "map",
                "con_1",
                mapping,
                "AXIS=CANONICAL",
            ];
            assert_eq!(words, proposed);
        }
    }
}
