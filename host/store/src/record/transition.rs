//! A step that an order does not usually take (SB-129, SB-130). A webhook that tells of one is doubted, for it may be
//! old and look new: two events of one second have one version. A read that tells of one is the truth, and noted.

use ordercase_model::{FulfilmentState, Kind, OrderState, PaymentState};
use serde::Deserialize;
use serde_json::json;

use super::held::Held;
use crate::{ConnectionKey, NewAudit, mutation::mutated};

/// The machines of an order, as its body has them.
#[derive(Deserialize)]
struct States {
    order_state: Option<State<OrderState>>,
    payment_state: Option<State<PaymentState>>,
    fulfilment_state: Option<State<FulfilmentState>>,
}

#[derive(Deserialize)]
struct State<S> {
    canonical: S,
}

/// The first unusual step between two bodies of a record, such as `order_state completed -> open`; none where a body
/// does not say where it stands.
pub(super) fn unusual(before: &Held, after: &Held) -> Option<String> {
    if after.kind != Kind::Order || before.body == after.body {
        return None;
    }
    let states = |held: &Held| -> Option<States> { serde_json::from_str(held.body.as_ref()?).ok() };
    let (before, after) = (states(before)?, states(after)?);
    macro_rules! step {
        ($machine:ident) => {
            before
                .$machine
                .as_ref()
                .zip(after.$machine.as_ref())
                .map(|(before, after)| (before.canonical, after.canonical))
                .filter(|(before, after)| !after.may_follow(*before))
                .map(|(before, after)| format!("{} {before} -> {after}", stringify!($machine)))
        };
    }
    step!(order_state)
        .or_else(|| step!(payment_state))
        .or_else(|| step!(fulfilment_state))
}

/// Whether what tells of such a step is doubted.
pub(super) fn is_doubted(is_read: bool) -> bool {
    !is_read && !mutated!(UnusualStep)
}

/// What is noted when the source was asked and says so.
pub(super) fn noted(connection: &ConnectionKey, held: &Held, step: &str) -> NewAudit {
    NewAudit {
        actor: "engine".to_owned(),
        action: "record.stepped_back".to_owned(),
        subject: format!("{}/{}/{}", connection.connection, held.kind, held.source_id),
        detail: json!({ "step": step }),
    }
}
