use clap::CommandFactory as _;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

fn refused(line: &str) -> ErrorKind {
    parse(line).map(|_| ()).unwrap_err().kind()
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_verbs_of_the_contract_parse() {
    for line in [
        "ordercase tenant add Acme",
        "ordercase desk add ten_1 --subdomain acme --secret api_token=env:V --secret email=file:P",
        "ordercase connect ten_1 --plugin p.wasm --name n --setting k=v --secret s=env:V --secret t=file:P",
        "ordercase case set cas_1 --status open --priority high --comment text",
        "ordercase ticket show dsk_1 35436",
        "ordercase accounts",
        "ordercase serve --data d --listen 127.0.0.1:0 --public-url https://o.example --dev-connect a.example=127.0.0.1:9",
        "ordercase desk install ten_1 dsk_1 --bundle b.json",
        "ordercase desk set ten_1 dsk_1 --note-rule on",
        "ordercase connection show con_1",
        "ordercase connection resume con_1 --secret access_token=env:V",
        "ordercase desk resume ten_1 dsk_1 --secret oauth_token=file:P",
        "ordercase connection list ten_1",
        "ordercase connection mappings con_1",
        "ordercase connection map con_1 state=On=Hold order=open payment=paid",
        "ordercase connection unmap con_1 state=OnHold",
        "ordercase connection require con_1 Return.status --not",
        "ordercase dead-letters list",
        "ordercase dead-letters list --tenant ten_1 --stream webhooks --class plugin --after c --limit 5",
        "ordercase dead-letters show rcp_1 --tenant ten_1",
        "ordercase dead-letters retry rcp_1 eff_2 --tenant ten_1",
        "ordercase dead-letters retry --tenant ten_1 --class transport --stream webhooks",
        "ordercase dead-letters discard rcp_1 --reason spam",
        "ordercase replay ten_1 con_1",
        "ordercase replay ten_1 con_1 --id rcp_1 --dry-run",
        "ordercase replay ten_1 con_1 --entity order:1 --dry-run --with-plugin d",
        "ordercase replay ten_1 con_1 --since 2026-01-01T00:00:00Z --until 2026-01-02T00:00:00Z --rate 5",
        "ordercase replay ten_1 con_1 --receipts --class plugin --after c",
        "ordercase replay ten_1 con_1 --plugin-digest d",
        "ordercase doctor --server http://127.0.0.1:1 --data d",
    ] {
        assert!(parse(line).is_ok(), "{line}: {:?}", parse(line).err());
    }
}

#[test]
fn wrong_usage_is_refused() {
    assert_eq!(
        refused("ordercase case set cas_1"),
        ErrorKind::MissingRequiredArgument
    );
    assert_eq!(
        refused("ordercase ticket show dsk_1 abc"),
        ErrorKind::ValueValidation
    );
    assert_eq!(
        refused("ordercase desk add ten_1 --subdomain a"),
        ErrorKind::MissingRequiredArgument
    );
    assert_eq!(
        refused("ordercase desk add ten_1 --subdomain a --secret api_token=plain"),
        ErrorKind::ValueValidation
    );
    assert_eq!(
        refused("ordercase serve --dev-connect a.example=10.0.0.1:80"),
        ErrorKind::ValueValidation
    );
}

#[test]
fn a_replay_or_a_retry_that_says_two_things_is_refused() {
    for line in [
        "ordercase replay ten_1 con_1 --id rcp_1 --class plugin",
        "ordercase replay ten_1 con_1 --entity order:1 --receipts",
        "ordercase dead-letters retry rcp_1 --class plugin",
    ] {
        assert_eq!(refused(line), ErrorKind::ArgumentConflict, "{line}");
    }
    for line in [
        "ordercase replay ten_1 con_1 --with-plugin d",
        "ordercase dead-letters retry",
        "ordercase dead-letters discard rcp_1",
    ] {
        assert_eq!(refused(line), ErrorKind::MissingRequiredArgument, "{line}");
    }
    for line in [
        "ordercase replay ten_1 con_1 --since yesterday",
        "ordercase replay ten_1 con_1 --rate 0",
    ] {
        assert_eq!(refused(line), ErrorKind::ValueValidation, "{line}");
    }
}

#[test]
fn a_secret_typed_by_mistake_is_not_repeated() {
    for line in [
        "ordercase desk add t --subdomain a --secret oauth_token=canary",
        "ordercase connect t --plugin p --name n --secret canary",
        "ordercase accounts --master-key canary",
    ] {
        let error = parse(line).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ValueValidation);
        assert!(!error.to_string().contains("canary"), "{error}");
        assert!(error.to_string().contains("env:NAME"), "{error}");
    }
}

#[test]
fn notes_are_off_unless_asked_for() {
    let cli = parse("ordercase desk add t --subdomain a --secret oauth_token=env:V").unwrap();
    let Command::Desk(DeskVerb::Add(add)) = cli.command else {
        panic!("another verb")
    };
    assert!(!add.note_rule.is_on());
}

#[test]
fn the_help_teaches() {
    let mut command = Cli::command().term_width(100);
    insta::assert_snapshot!("help", command.render_long_help().to_string());
    for path in [
        &["serve"][..],
        &["desk", "add"],
        &["connect"],
        &["connection", "map"],
        &["connection", "require"],
        &["case", "set"],
        &["dead-letters", "list"],
        &["dead-letters", "retry"],
        &["replay"],
    ] {
        let mut verb = &mut command;
        for name in path {
            verb = verb.find_subcommand_mut(name).unwrap();
        }
        insta::assert_snapshot!(
            format!("help_{}", path.join("_")),
            verb.render_long_help().to_string()
        );
    }
}

#[test]
fn the_help_of_map_names_every_axis() {
    let mut command = Cli::command();
    let map = command
        .find_subcommand_mut("connection")
        .and_then(|connection| connection.find_subcommand_mut("map"));
    let help = map.unwrap().render_long_help().to_string();
    let listed = help
        .split("Axes: ")
        .nth(1)
        .and_then(|rest| rest.split('.').next());
    let listed: Vec<&str> = listed.unwrap().split(',').map(str::trim).collect();
    assert_eq!(listed, ordercase_model::AXES);
}
