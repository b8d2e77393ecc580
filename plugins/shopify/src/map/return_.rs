//! Returns: goods on their way back.

use ordercase_sdk::model::{Resolution, Return, ReturnLine, ReturnReason, ReturnReasonCode, Text};
use ordercase_sdk::{Context, DecimalText, time};

use super::ids::Unique;
use super::status::RETURN;
use crate::wire::order::{Order, ReturnLine as WireLine};
use crate::wire::{self, tail};

/// All returns of an order.
pub(super) fn returns(order: &Order<'_>, ctx: &Context) -> Vec<Return> {
    let mut ids = Unique::default();
    let nodes = order.returns.iter().flat_map(|returns| &returns.nodes);
    nodes
        .enumerate()
        .map(|(position, of)| one(of, ids.next(tail(&of.id), position), ctx))
        .collect()
}

fn one(of: &wire::order::Return<'_>, source_id: String, ctx: &Context) -> Return {
    let refunds: Vec<String> = of
        .refunds
        .nodes
        .iter()
        .filter_map(|refund| tail(&refund.id).map(str::to_owned))
        .collect();
    let resolution = if refunds.is_empty() {
        Resolution::Unknown
    } else {
        Resolution::Refund
    };
    let decline = of.decline.get();
    Return {
        source_id,
        number: of.name.owned(),
        state: RETURN.read(&ctx.overrides, of.status.get()),
        requested_at: time::zoned(of.created_at.get()),
        closed_at: time::zoned(of.closed_at.get()),
        lines: of
            .return_line_items
            .nodes
            .iter()
            .map(|wire| line(wire, resolution))
            .collect(),
        refund_source_ids: refunds,
        decline_reason: decline
            .and_then(|decline| decline.note.get().or_else(|| decline.reason.get()))
            .and_then(Text::non_empty),
        ..Return::default()
    }
}

fn line(line: &WireLine<'_>, resolution: Resolution) -> ReturnLine {
    let of_order = line.fulfillment_line_item.get();
    let id = of_order
        .and_then(|of| of.line_item.get())
        .and_then(|node| tail(&node.id));
    ReturnLine {
        line_source_id: id.unwrap_or_default().to_owned(),
        quantity: line.quantity.as_ref().and_then(DecimalText::magnitude),
        reason: reason(line),
        condition: None,
        resolution,
    }
}

/// Shopify's reasons are words of the shop since 2026; the older fixed list is spelled with `_`.
fn reason(line: &WireLine<'_>) -> ReturnReason {
    let definition = line.return_reason_definition.get();
    let raw = definition
        .and_then(|definition| definition.handle.get())
        .or_else(|| line.return_reason.get());
    let note = line
        .customer_note
        .get()
        .or_else(|| line.return_reason_note.get());
    let handle = raw
        .unwrap_or_default()
        .to_ascii_lowercase()
        .replace('_', "-");
    ReturnReason {
        canonical: match handle.as_str() {
            "defective" => ReturnReasonCode::Defective,
            "not-as-described" => ReturnReasonCode::NotAsDescribed,
            "wrong-item" => ReturnReasonCode::WrongItem,
            "size-too-small" | "size-too-large" | "size" => ReturnReasonCode::Size,
            "unwanted" | "changed-my-mind" | "color" | "style" => ReturnReasonCode::ChangedMind,
            "arrived-late" => ReturnReasonCode::ArrivedLate,
            "damaged-in-transit" | "damaged" => ReturnReasonCode::DamagedInTransit,
            "other" => ReturnReasonCode::Other,
            _ => ReturnReasonCode::Unknown,
        },
        raw: definition
            .and_then(|definition| definition.name.owned())
            .or_else(|| raw.map(str::to_owned)),
        text: note.and_then(Text::non_empty),
    }
}
