//! One look at a ticket, decided: everything in, one commit out. No I/O, no clock.

use std::collections::BTreeSet;

use ordercase_cases::{Audit, EchoView, Outgoing, TicketStatus, echo};
use ordercase_context::{CaseView, MATCH_TAG_PREFIX, Material, SupportContext, build};
use ordercase_identity::{Resolution, resolve};
use ordercase_model::{Instant, Kind};
use ordercase_store::{
    ChangedRecord, CommentWrite, TicketCommit, TicketKey, TicketState, limits::SHOWN_PER_TICKET_MAX,
};

use crate::{
    DeskError, DeskSettings, Handled, TicketSnapshot,
    case::{CaseDocument, Followed, comment_writes, follow},
    claims::claims,
    effect::{self, Planned, Update},
    gather::{Gathered, changed_record, watched},
    mirror::{Asked, MIRROR_SCHEMA, Mirror, Sent, TicketFacts},
    project::Showing,
};

/// What was known before, decoded.
pub(crate) struct Before {
    pub(crate) state: Option<TicketState>,
    pub(crate) mirror: Mirror,
    pub(crate) case: Option<CaseDocument>,
}

impl Before {
    pub(crate) fn read(state: Option<TicketState>) -> Result<Self, DeskError> {
        let mirror = match &state {
            Some(state) => Mirror::read(&state.mirror.body, state.mirror.ticket.ticket_id)?,
            None => Mirror::default(),
        };
        let case = state.as_ref().and_then(|state| state.case.as_ref());
        let case = case.map(CaseDocument::read).transpose()?;
        Ok(Self {
            state,
            mirror,
            case,
        })
    }

    fn revision(&self) -> u64 {
        self.state.as_ref().map_or(0, |state| state.mirror.revision)
    }
}

/// All that a decision follows from.
pub(crate) struct Look<'a> {
    pub(crate) ticket: &'a TicketKey,
    pub(crate) settings: &'a DeskSettings,
    pub(crate) before: Before,
    /// What the ticket claims now.
    pub(crate) asked: Asked,
    /// The ticket as just read; absent when a record changed.
    pub(crate) fresh: Option<&'a TicketSnapshot>,
    pub(crate) gathered: &'a Gathered,
    pub(crate) now: Instant,
}

/// A commit and what it means.
pub(crate) struct Decision {
    pub(crate) commit: TicketCommit,
    pub(crate) handled: Handled,
}

/// Who is writing, from what was gathered.
pub(crate) fn resolution(
    asked: &Asked,
    gathered: &Gathered,
    mirror: &Mirror,
    settings: &DeskSettings,
) -> Resolution {
    let claims = claims(
        asked,
        &gathered.quoted,
        &mirror.confirmed,
        settings.shared(),
    );
    resolve(&claims, &gathered.faces)
}

/// The context of a ticket for an audience.
pub(crate) fn context(
    look: &Look<'_>,
    resolution: &Resolution,
    policy: ordercase_context::FieldPolicy,
    case: Option<CaseView>,
) -> SupportContext {
    let ticket_at = look
        .fresh
        .and_then(|ticket| ticket.created_at)
        .or(look.before.mirror.ticket.created_at)
        .unwrap_or(look.now);
    build(&Material {
        now: look.now,
        ticket_id: look.ticket.ticket_id,
        ticket_at,
        resolution,
        customers: &look.gathered.customers,
        orders: &look.gathered.orders,
        quotes: &look.asked.quotes,
        stores: &look.gathered.stores,
        more: look.gathered.cut,
        policy,
        case,
    })
}

/// How the case appears in contexts.
pub(crate) fn case_view(ticket: &TicketKey, case: Option<&CaseDocument>) -> Option<CaseView> {
    case.map(|case| CaseView {
        id: ticket.case_id().to_string(),
        status: case.fields.status.to_string(),
        priority: case.fields.priority.map(|priority| priority.to_string()),
    })
}

/// Decides.
pub(crate) fn decide(look: &Look<'_>) -> Result<Decision, DeskError> {
    let mut mirror = look.before.mirror.clone();
    mirror.schema = MIRROR_SCHEMA.to_owned();
    mirror.asked = look.asked.clone();
    let mut effects = Vec::new();
    let mut case = look.before.case.clone();
    let mut comments = Vec::new();
    let mut echoed = EchoView::Others;
    if let Some(ticket) = look.fresh {
        echoed = look_at_history(&look.before.mirror, ticket);
        mirror.ticket = facts(ticket, look.settings);
        mirror.seen_audit = ticket
            .audits
            .iter()
            .map(|audit| audit.id)
            .max()
            .or(mirror.seen_audit);
        let (followed, told) = follow_ticket(look, &mut mirror, ticket);
        effects.extend(told);
        case = Some(followed.document);
        comments = comment_writes(known_comments(&look.before), ticket, &mirror);
    }

    let resolution = resolution(&look.asked, look.gathered, &mirror, look.settings);
    let view = case_view(look.ticket, case.as_ref());
    let context = context(look, &resolution, look.settings.ticket_policy, view);
    let projection = Showing {
        ticket: look.ticket,
        settings: look.settings,
        mirror: &mirror,
        context: &context,
        fresh: look.fresh,
    }
    .plan();
    mirror.projected = projection.projected;
    mirror.noted.extend(projection.noted);
    mirror.note_ops.extend(projection.note_op);
    effects.extend(projection.effects);
    for planned in &effects {
        mirror.remember(&planned.op_id);
    }
    commit(look, &mirror, case, comments, effects, &resolution, echoed)
}

fn known_comments(before: &Before) -> &[ordercase_store::CommentRow] {
    before.state.as_ref().map_or(&[], |state| &state.comments)
}

fn look_at_history(mirror: &Mirror, ticket: &TicketSnapshot) -> EchoView {
    let audits: Vec<Audit<'_>> = ticket
        .audits
        .iter()
        .map(|audit| Audit {
            id: audit.id,
            op_id: audit.op_id.as_deref(),
        })
        .collect();
    echo(mirror.seen_audit, &audits, |op_id| {
        mirror.ops.iter().any(|known| known == op_id)
    })
}

/// The ticket as read, as far as it is remembered: our own fields and tags only.
fn facts(ticket: &TicketSnapshot, settings: &DeskSettings) -> TicketFacts {
    let ours = |id: &String| settings.fields.values().any(|known| known == id);
    TicketFacts {
        status: ticket.status.clone(),
        created_at: ticket.created_at,
        updated_stamp: ticket.updated_stamp.clone(),
        external_id: ticket.external_id.clone(),
        channel: ticket.channel.clone(),
        fields: ticket
            .custom_fields
            .iter()
            .filter(|(id, value)| ours(id) && !value.is_null())
            .map(|(id, value)| (id.clone(), value.clone()))
            .collect(),
        tags: ticket
            .tags
            .iter()
            .filter(|tag| tag.starts_with(MATCH_TAG_PREFIX))
            .cloned()
            .collect(),
    }
}

/// The case after this reading; and what the ticket must still be told, unless that is on its way.
fn follow_ticket(
    look: &Look<'_>,
    mirror: &mut Mirror,
    ticket: &TicketSnapshot,
) -> (Followed, Option<Planned>) {
    let shown = |sent: &Sent| {
        ticket
            .audits
            .iter()
            .any(|audit| audit.op_id.as_deref() == Some(&sent.op_id))
    };
    let (landed, waiting): (Vec<Sent>, Vec<Sent>) = mirror.sent.drain(..).partition(shown);
    let followed = follow(
        look.before.case.as_ref(),
        ticket,
        &landed,
        look.settings.sync_policy,
    );
    let outgoing = Outgoing {
        // The help desk's client does not write subjects; the case keeps its own.
        subject: None,
        ..followed.merged.outgoing.clone()
    };
    if outgoing.is_empty() || !look.settings.two_way {
        return (followed, None);
    }
    let document = &followed.document;
    let stamp = mirror.ticket.updated_stamp.clone();
    let on_its_way = waiting
        .iter()
        .any(|sent| sent.case_revision == document.revision && sent.stamp == stamp);
    let won = followed
        .merged
        .contested
        .iter()
        .any(|contested| contested.local_won);
    mirror.sent = waiting;
    if on_its_way && !won {
        return (followed, None);
    }
    let intent = match &stamp {
        Some(stamp) => format!("{}-{stamp}", document.revision),
        None => document.revision.to_string(),
    };
    let key = effect::key(look.ticket, None, "case", &intent);
    let update = Update {
        outgoing: outgoing.clone(),
        stamp: stamp.clone(),
        ..Update::default()
    };
    let planned = update.planned(look.ticket, key);
    mirror.sent.push(Sent {
        op_id: planned.op_id.clone(),
        case_revision: document.revision,
        outgoing,
        case_status: document.fields.status,
        case_priority: document.fields.priority,
        stamp,
    });
    (followed, Some(planned))
}

fn commit(
    look: &Look<'_>,
    mirror: &Mirror,
    case: Option<CaseDocument>,
    comments: Vec<CommentWrite>,
    effects: Vec<Planned>,
    resolution: &Resolution,
    echoed: EchoView,
) -> Result<Decision, DeskError> {
    let case_changed = case != look.before.case;
    let told = |case: &Option<CaseDocument>| case.as_ref().map(|case| case.fields.clone());
    let class_before = look
        .before
        .state
        .as_ref()
        .map(|state| state.mirror.class.as_str());
    let class = resolution.class.as_str();
    let something = told(&case) != told(&look.before.case)
        || !comments.is_empty()
        || !effects.is_empty()
        || class_before != Some(class);
    let handled = match (echoed, something) {
        (EchoView::OnlyOurs, _) if effects.is_empty() => Handled::Echo,
        (_, true) => Handled::Applied,
        (_, false) => Handled::Unchanged,
    };
    let mut commit = TicketCommit::new(look.ticket.clone(), look.before.revision());
    commit.mirror = Some(mirror.write(class)?);
    if let Some(case) = case.filter(|_| case_changed) {
        let was = look
            .before
            .state
            .as_ref()
            .and_then(|state| state.case.as_ref());
        commit.case = Some(case.write(closed_at(&case, was, look.fresh, look.now))?);
    }
    commit.comments = comments;
    commit.effects = effects.into_iter().map(|planned| planned.effect).collect();
    commit.shown = Some(shown(look, mirror, resolution));
    commit.watched = Some(watched(&look.asked));
    commit.looked_at = Some(look.gathered.looked_at.clone());
    Ok(Decision { commit, handled })
}

/// The records that the ticket follows from now on, most important first, as many as the store keeps.
fn shown(look: &Look<'_>, mirror: &Mirror, resolution: &Resolution) -> Vec<ChangedRecord> {
    let order = mirror
        .projected
        .as_ref()
        .and_then(|projected| projected.order.as_ref());
    let quoted = look.gathered.quoted.iter().map(|quoted| &quoted.order);
    let people = resolution
        .candidates
        .iter()
        .flat_map(|person| &person.records);
    let (customers, orders): (Vec<_>, Vec<_>) = people
        .chain(look.gathered.links())
        .partition(|link| link.kind == Kind::Customer);
    let mut seen = BTreeSet::new();
    order
        .into_iter()
        .chain(quoted)
        .chain(customers)
        .chain(orders)
        .filter(|link| seen.insert((*link).clone()))
        .filter_map(changed_record)
        .take(SHOWN_PER_TICKET_MAX)
        .collect()
}

/// A case closes when its ticket does or when somebody closes it, and opens again.
pub(crate) fn closed_at(
    case: &CaseDocument,
    was: Option<&ordercase_store::CaseRow>,
    ticket: Option<&TicketSnapshot>,
    now: Instant,
) -> Option<Instant> {
    if case.fields.status != ordercase_cases::CaseStatus::Closed {
        return None;
    }
    was.and_then(|row| row.closed_at).or_else(|| {
        let at_ticket = ticket.filter(|t| t.status.parse() == Ok(TicketStatus::Closed));
        at_ticket.and_then(|ticket| ticket.updated_at).or(Some(now))
    })
}
