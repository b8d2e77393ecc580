//! Addresses: do they resolve, do they agree on one integration, is anything unused.

use std::collections::BTreeSet;

use super::{Findings, LintOptions, states};
use crate::address::{Address, AddressKind, BuiltIn};
use crate::event::{SUPPORT, TICKET_EVENTS};
use crate::finding::child;
use crate::model::{Bundle, JobSpec, Machine, StateKind};

/// The part of an address that names the integration, also of one that does not parse.
fn integration(address: &str) -> Option<&str> {
    address.strip_prefix("zis:")?.split(':').next()
}

/// An address with the place that names it.
type Named = (String, String);

pub(super) fn lint(bundle: &Bundle, options: &LintOptions, findings: &mut Findings) {
    let mut calls = Vec::new();
    for flow in bundle.flows() {
        let place = format!("{}.properties.definition", child("$.resources", &flow.key));
        collect(&flow.machine, &place, &mut calls);
    }
    let jobs = bundle.job_specs().map(|job| {
        let path = format!("{}.properties.flow_name", child("$.resources", &job.key));
        (job.flow_name.clone(), path)
    });
    let jobs: Vec<Named> = jobs.collect();
    one_integration(calls.iter().chain(&jobs), options, findings);
    let used_actions = resolve(&calls, AddressKind::Action, findings, |name| {
        bundle.action(name).is_some()
    });
    let used_flows = resolve(&jobs, AddressKind::Flow, findings, |name| {
        bundle.flow(name).is_some()
    });
    let actions = bundle
        .actions()
        .map(|action| (&action.key, &action.name, &used_actions));
    let flows = bundle
        .flows()
        .map(|flow| (&flow.key, &flow.name, &used_flows));
    for (key, name, used) in actions.chain(flows) {
        if !used.contains(name) {
            let what = format!("nothing uses \"{name}\"");
            findings.info(
                "A05",
                &child("$.resources", key),
                what,
                "remove it or use it",
            );
        }
    }
    for job in bundle.job_specs() {
        event(job, findings);
    }
}

fn collect(machine: &Machine, place: &str, calls: &mut Vec<Named>) {
    for (_, state, path) in states(machine, place) {
        match &state.kind {
            StateKind::Action(action) => {
                calls.push((action.action_name.clone(), format!("{path}.ActionName")));
            }
            StateKind::Map(map) => collect(&map.iterator, &format!("{path}.Iterator"), calls),
            _ => {}
        }
    }
}

fn one_integration<'n>(
    named: impl Iterator<Item = &'n Named>,
    options: &LintOptions,
    findings: &mut Findings,
) {
    let mut wanted = options.integration.clone();
    for (address, path) in named {
        let Some(found) = integration(address).filter(|found| *found != "common") else {
            continue;
        };
        let wanted = wanted.get_or_insert_with(|| found.to_owned());
        if found != wanted {
            let what = format!("the address names the integration \"{found}\", not \"{wanted}\"");
            findings.error(
                "A02",
                path,
                what,
                "re-key the whole bundle to one integration",
            );
        }
    }
}

/// Checks that addresses lead to resources of this bundle; the names that do.
fn resolve(
    named: &[Named],
    kind: AddressKind,
    findings: &mut Findings,
    exists: impl Fn(&str) -> bool,
) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (address, path) in named {
        let word = kind.as_str();
        match Address::parse(address) {
            _ if kind == AddressKind::Action && BuiltIn::of(address).is_some() => {}
            Some(parsed) if parsed.kind == kind && !parsed.is_common() => {
                if exists(&parsed.name) {
                    used.insert(parsed.name);
                } else {
                    let rule = if kind == AddressKind::Flow {
                        "A04"
                    } else {
                        "A03"
                    };
                    let what = format!("this bundle has no {word} \"{}\"", parsed.name);
                    findings.error(rule, path, what, "name a resource's properties.name");
                }
            }
            _ => {
                let what = format!("\"{address}\" is no address of a{} {word}", article(word));
                findings.error("A01", path, what, "write zis:{integration}:{kind}:{name}");
            }
        }
    }
    used
}

fn article(word: &str) -> &'static str {
    if word.starts_with('a') { "n" } else { "" }
}

fn event(job: &JobSpec, findings: &mut Findings) {
    let path = format!("{}.properties.event_type", child("$.resources", &job.key));
    match job.event_source.as_str() {
        SUPPORT => {
            let Some(name) = job.event_type.strip_prefix("ticket.") else {
                let family = job.event_type.split('.').next().unwrap_or_default();
                if !["user", "organization", "customobject"].contains(&family) {
                    let what = format!("support has no event \"{}\"", job.event_type);
                    findings.error("J01", &path, what, "see the trigger events of Zendesk");
                }
                return;
            };
            if !TICKET_EVENTS.contains(&name) {
                let what = format!("support has no event \"{}\"", job.event_type);
                let near = TICKET_EVENTS.iter().find(|event| near(event, name));
                let fix = near.map_or_else(
                    || "see the ticket events of Zendesk".to_owned(),
                    |near| format!("did you mean ticket.{near}?"),
                );
                findings.error("J01", &path, what, &fix);
            }
        }
        "sunshine" => {}
        source => {
            let what = format!("the source \"{source}\" is not Zendesk's");
            let fix = "create an inbound webhook with the same source and type";
            findings.info("J02", &path, what, fix);
        }
    }
}

/// `Created` is near `TicketCreated`; letter case does not matter.
fn near(event: &str, name: &str) -> bool {
    let (event, name) = (
        event.to_ascii_lowercase(),
        name.to_ascii_lowercase().replace('_', ""),
    );
    !name.is_empty() && (event.ends_with(&name) || name.ends_with(&event))
}
