//! The tenant of a run: a shop, a desk, a stream.

use ordercase_model::{Instant, Kind};
use ordercase_store::{
    ConnectionId, ConnectionKey, DeskId, DeskKey, HolderId, IdError, NewConnection, NewDesk,
    PluginRow, Store, StoreError, StreamSpec, TenantId, Track,
};
use serde_json::json;

use super::{
    PLUGIN,
    plan::POLL_INTERVAL_SECONDS,
    shop::{PAGE, Shop},
};

/// Who is there.
pub(super) struct Settled {
    pub(super) connection: ConnectionKey,
    pub(super) desk: DeskKey,
}

/// Empties the database and settles a tenant with its streams.
pub(super) async fn settle(
    store: &Store,
    shop: &Shop,
    poll_off: bool,
    now: Instant,
) -> Result<Settled, StoreError> {
    store.wipe().await?;
    let (tenant, connection, desk) = named(TenantId::new("merchant")).and_then(|tenant| {
        let connection = ConnectionKey {
            tenant: tenant.clone(),
            connection: named(ConnectionId::new("shop"))?,
        };
        let desk = DeskKey {
            tenant: tenant.clone(),
            desk: named(DeskId::new("desk"))?,
        };
        Ok((tenant, connection, desk))
    })?;
    store
        .add_tenant(&tenant, "merchant", &json!({}), now)
        .await?;
    let plugin = PluginRow {
        tenant,
        digest: PLUGIN.to_owned(),
        plugin_id: "simulated".to_owned(),
        version: "0.1.0".to_owned(),
        manifest: json!({}),
        admitted_at: now,
    };
    store.put_plugin(&plugin).await?;
    let first_poll_at = now.plus_seconds(POLL_INTERVAL_SECONDS);
    let spec = StreamSpec {
        stream: "orders".to_owned(),
        kind: Kind::Order,
        comparability: shop.comparability,
        page_limit: PAGE,
    };
    let new = NewConnection {
        key: connection.clone(),
        name: "Shop".to_owned(),
        plugin_id: "simulated".to_owned(),
        plugin_digest: PLUGIN.to_owned(),
        settings: json!({}),
        shop: json!({}),
        overrides: json!({}),
        streams: vec![spec],
        first_poll_at,
    };
    store.add_connection(new, now).await?;
    if poll_off {
        let next_at = now.plus_seconds(POLL_INTERVAL_SECONDS);
        let off = store.schedule_stream(&connection, "orders", Track::Poll, None, true, next_at);
        off.await?;
    }
    let new = NewDesk {
        key: desk.clone(),
        subdomain: "acme".to_owned(),
        account_id: None,
        settings: json!({}),
    };
    store.add_desk(new, now).await?;
    Ok(Settled { connection, desk })
}

fn named<T>(id: Result<T, IdError>) -> Result<T, StoreError> {
    id.map_err(|error| StoreError::Refused {
        reason: error.to_string(),
    })
}

/// A holder whose name cannot be wrong.
pub(super) fn nobody() -> HolderId {
    match HolderId::new("nobody") {
        Ok(holder) => holder,
        Err(_) => nobody(),
    }
}
