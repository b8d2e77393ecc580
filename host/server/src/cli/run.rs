//! From a parsed command line to an exit status.
//!
//! A verb is one or two calls to the admin API and the document that they answer. Documents go to
//! standard output, words for people to standard error.

use std::{io::Write as _, process::ExitCode};

use anyhow::{Context as _, bail};
use http::Method;
use serde_json::{Map, Value, json};

use super::{
    CaseSet, CaseVerb, Cli, Command, Connect, ConnectionVerb, DeskAdd, DeskInstall, DeskSet,
    DeskVerb, Host, SecretArg, StreamVerb, TenantRetention, TenantVerb, TicketVerb, dead_letters,
    mappings, sync, transport::Admin,
};
use crate::limits;

/// What a verb found.
pub(super) struct Answer {
    pub(super) document: Value,
    /// Whether the document says that all is well; decides between exit 0 and 1.
    pub(super) good: bool,
}

impl From<Value> for Answer {
    fn from(document: Value) -> Self {
        Self {
            document,
            good: true,
        }
    }
}

/// Runs the command line: 0 done, 1 failed. (2, wrong usage, is clap's.)
#[must_use]
pub fn main(cli: Cli) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::new(error).context("cannot start threads")),
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Serve(serve) => crate::serve::run(cli.host, serve).await.map(|()| None),
            command => verb(&cli.host, command).await.map(Some),
        }
    });
    match outcome {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(answer)) => print(&answer),
        Err(error) => fail(&error),
    }
}

fn print(answer: &Answer) -> ExitCode {
    let text = serde_json::to_string_pretty(&answer.document).unwrap_or_default();
    let written = writeln!(std::io::stdout().lock(), "{text}");
    if written.is_ok() && answer.good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    // Nothing can be done when standard error is closed as well.
    let _ = writeln!(std::io::stderr().lock(), "error: {error:#}");
    ExitCode::FAILURE
}

async fn verb(host: &Host, command: Command) -> anyhow::Result<Answer> {
    if matches!(command, Command::Doctor) {
        let report = super::doctor::examine(host).await;
        let good = report.get("ok").and_then(Value::as_bool).unwrap_or(false);
        return Ok(Answer {
            document: report,
            good,
        });
    }
    let admin = Admin::open(host).await?;
    let answer = dispatch(&admin, command).await;
    admin.close().await;
    answer
}

async fn dispatch(admin: &Admin, command: Command) -> anyhow::Result<Answer> {
    match command {
        Command::Serve(_) | Command::Doctor => bail!("not a verb of the admin API"),
        Command::Tenant(TenantVerb::Add { name }) => {
            let body = json!({ "name": name });
            admin.call(Method::POST, "/admin/v1/tenants", body).await
        }
        Command::Tenant(TenantVerb::List) => admin.get("/admin/v1/tenants").await,
        Command::Tenant(TenantVerb::Retention(set)) => retention(admin, &set).await,
        Command::Desk(DeskVerb::Add(add)) => desk_add(admin, add).await,
        Command::Desk(DeskVerb::Install(install)) => desk_install(admin, install).await,
        Command::Desk(DeskVerb::Set(set)) => desk_set(admin, &set).await,
        Command::Desk(DeskVerb::List { tenant }) => {
            let path = format!("/admin/v1/tenants/{}/desks", segment(&tenant)?);
            admin.get(&path).await
        }
        Command::Desk(DeskVerb::Resume(resume)) => {
            let (tenant, desk) = (segment(&resume.tenant)?, segment(&resume.desk)?);
            let path = format!("/admin/v1/tenants/{tenant}/desks/{desk}/resume");
            let body = json!({ "secrets": secrets(&resume.secrets)? });
            admin.call(Method::POST, &path, body).await
        }
        Command::Connect(args) => connect(admin, args).await,
        Command::Connection(ConnectionVerb::Show { connection }) => {
            let path = format!("/admin/v1/connections/{}", segment(&connection)?);
            admin.get(&path).await
        }
        Command::Connection(ConnectionVerb::List { tenant }) => {
            let path = format!("/admin/v1/tenants/{}/connections", segment(&tenant)?);
            admin.get(&path).await
        }
        Command::Connection(ConnectionVerb::Webhooks { connection }) => {
            let path = format!("/admin/v1/connections/{}/webhooks", segment(&connection)?);
            admin.get(&path).await
        }
        Command::Connection(ConnectionVerb::Mappings { connection }) => {
            mappings::show(admin, &connection).await
        }
        Command::Connection(ConnectionVerb::Map(which)) => mappings::map(admin, &which).await,
        Command::Connection(ConnectionVerb::Unmap(which)) => mappings::unmap(admin, &which).await,
        Command::Connection(ConnectionVerb::Require(which)) => {
            mappings::require(admin, &which).await
        }
        Command::Connection(ConnectionVerb::Disconnect { connection }) => {
            let path = format!("/admin/v1/connections/{}", segment(&connection)?);
            admin.delete(&path).await
        }
        Command::Connection(ConnectionVerb::Resume(resume)) => {
            let connection = segment(&resume.connection)?;
            let path = format!("/admin/v1/connections/{connection}/resume");
            let body = json!({ "secrets": secrets(&resume.secrets)? });
            admin.call(Method::POST, &path, body).await
        }
        Command::Case(CaseVerb::Set(set)) => case_set(admin, set).await,
        Command::Ticket(TicketVerb::Show { desk, ticket }) => {
            let path = format!("/admin/v1/desks/{}/tickets/{ticket}", segment(&desk)?);
            admin.get(&path).await
        }
        Command::Accounts => return accounts(admin).await,
        Command::Certificate(which) => return sync::certificate(admin, &which).await,
        Command::Run(verb) => sync::run(admin, verb).await,
        Command::Stream(StreamVerb::Set(set)) => sync::stream_set(admin, &set).await,
        Command::DeadLetters(verb) => return dead_letters::verb(admin, verb).await,
        Command::Replay(which) => return dead_letters::replay(admin, &which).await,
    }
    .map(Answer::from)
}

async fn accounts(admin: &Admin) -> anyhow::Result<Answer> {
    let document = admin.get("/admin/v1/accounts").await?;
    let good = document.get("adds_up").and_then(Value::as_bool) == Some(true);
    Ok(Answer { document, good })
}

async fn desk_add(admin: &Admin, add: DeskAdd) -> anyhow::Result<Value> {
    let path = format!("/admin/v1/tenants/{}/desks", segment(&add.tenant)?);
    let body = json!({
        "subdomain": add.subdomain,
        "account_id": add.account_id,
        "note_rule": add.note_rule.is_on(),
        "plan": add.plan,
        "secrets": secrets(&add.secrets)?,
    });
    admin.call(Method::POST, &path, body).await
}

async fn desk_set(admin: &Admin, set: &DeskSet) -> anyhow::Result<Value> {
    let (tenant, desk) = (segment(&set.tenant)?, segment(&set.desk)?);
    let path = format!("/admin/v1/tenants/{tenant}/desks/{desk}");
    let body = json!({ "note_rule": set.note_rule.is_on() });
    admin.call(Method::PATCH, &path, body).await
}

async fn desk_install(admin: &Admin, install: DeskInstall) -> anyhow::Result<Value> {
    let (tenant, desk) = (segment(&install.tenant)?, segment(&install.desk)?);
    let path = format!("/admin/v1/tenants/{tenant}/desks/{desk}/install");
    let bundle = match install.bundle {
        None => Value::Null,
        Some(file) => {
            let bytes = read_bounded(&file, limits::ADMIN_BODY_BYTES_MAX)?;
            serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is not JSON", file.display()))?
        }
    };
    admin
        .call(Method::POST, &path, json!({ "bundle": bundle }))
        .await
}

/// Two steps, so that a plugin is kept once and can be connected to many shops.
async fn connect(admin: &Admin, args: Connect) -> anyhow::Result<Value> {
    let wasm = read_bounded(&args.plugin, limits::PLUGIN_BYTES_MAX)?;
    let secrets = secrets(&args.secrets)?;
    let plugin = admin.upload("/admin/v1/plugins", wasm).await?;
    let digest = plugin
        .get("digest")
        .and_then(Value::as_str)
        .context("the server did not answer with the plugin's digest")?;
    let settings: Map<String, Value> = args
        .settings
        .into_iter()
        .map(|setting| (setting.key, Value::String(setting.value)))
        .collect();
    let path = format!("/admin/v1/tenants/{}/connections", segment(&args.tenant)?);
    let body = json!({
        "plugin_digest": digest,
        "name": args.name,
        "settings": settings,
        "secrets": secrets,
    });
    admin.call(Method::POST, &path, body).await
}

async fn case_set(admin: &Admin, set: CaseSet) -> anyhow::Result<Value> {
    let path = format!("/admin/v1/cases/{}", segment(&set.case)?);
    let body = json!({
        "status": set.status,
        "priority": set.priority,
        "comment": set.comment,
    });
    admin.call(Method::PATCH, &path, body).await
}

/// Follows the references here: the server never reads this shell's variables or files.
fn secrets(args: &[SecretArg]) -> anyhow::Result<Map<String, Value>> {
    let mut found = Map::new();
    for arg in args {
        let secret = arg
            .reference
            .resolve()
            .with_context(|| format!("secret `{}`", arg.slot))?;
        let text = Value::String(secret.expose().to_owned());
        if found.insert(arg.slot.clone(), text).is_some() {
            bail!("secret `{}` is given twice", arg.slot);
        }
    }
    Ok(found)
}

fn read_bounded(path: &std::path::Path, bytes_max: usize) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let size = std::fs::metadata(path)
        .with_context(|| format!("cannot read {shown}"))?
        .len();
    if usize::try_from(size).is_ok_and(|size| size > bytes_max) {
        bail!("{shown} has {size} bytes, more than the {bytes_max} that are accepted");
    }
    std::fs::read(path).with_context(|| format!("cannot read {shown}"))
}

/// Shows how long a merchant's finished things are kept, or sets what is given and leaves the rest.
async fn retention(admin: &Admin, set: &TenantRetention) -> anyhow::Result<Value> {
    let path = format!("/admin/v1/tenants/{}/retention", segment(&set.tenant)?);
    if set.default {
        return admin.call(Method::PUT, &path, json!({})).await;
    }
    let given = [
        ("receipts_days", set.receipts_days),
        ("raw_days", set.raw_days),
        ("effects_days", set.effects_days),
        ("runs_days", set.runs_days),
        ("audit_days", set.audit_days),
    ];
    let mut days = admin.get(&path).await?;
    if given.iter().all(|(_, days)| days.is_none()) {
        return Ok(days);
    }
    let policy = days.as_object_mut().context("the host named no days")?;
    for (name, given) in given {
        if let Some(given) = given {
            policy.insert(name.to_owned(), given.into());
        }
    }
    admin.call(Method::PUT, &path, days).await
}

/// An id as one path segment; refuses what could not be one.
pub(super) fn segment(id: &str) -> anyhow::Result<&str> {
    let good = !id.is_empty()
        && id.len() <= limits::ID_CHARS_MAX
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !good {
        bail!(
            "`{id}` is not an id; ids look like ten_1a2b and are printed by the verb that made them"
        );
    }
    Ok(id)
}
