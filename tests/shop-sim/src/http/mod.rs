//! The two doors: the Admin API as clients see it, and `/_sim/` for whoever plays the world.

mod admin;
mod api;
mod faults;
mod log;
mod throttle;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::graphql::Schema;
use crate::shop::Shop;
use crate::webhook::{Delivery, Outbox, run_deliveries};
use crate::{DevConnect, Facts, Handle, Options, SimError, limits};
use faults::Faults;
use log::RequestLog;
use throttle::Throttle;

/// The one API version that is served.
pub(crate) const VERSION: &str = "2026-10";

/// Everything that requests share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) domain: String,
    pub(crate) client: reqwest::Client,
    pub(crate) wake: Notify,
    pub(crate) stop: CancellationToken,
    pub(crate) webhook_retry_ms: u64,
    facts: Facts,
    schema: Option<Arc<Schema>>,
    shop: Mutex<Shop>,
    outbox: Mutex<Outbox>,
    faults: Mutex<Faults>,
    throttle: Mutex<Throttle>,
    log: Mutex<RequestLog>,
    dev_connect: Mutex<Vec<DevConnect>>,
}

impl World {
    fn with_shop<T>(&self, work: impl FnOnce(&mut Shop) -> T) -> T {
        work(&mut self.shop.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn with_outbox<T>(&self, work: impl FnOnce(&mut Outbox) -> T) -> T {
        work(&mut self.outbox.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with_faults<T>(&self, work: impl FnOnce(&mut Faults) -> T) -> T {
        work(&mut self.faults.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with_throttle<T>(&self, work: impl FnOnce(&mut Throttle) -> T) -> T {
        work(&mut self.throttle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with_log<T>(&self, work: impl FnOnce(&mut RequestLog) -> T) -> T {
        work(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes the snapshot. A full disk is told on stderr and changes nothing for clients.
    pub(crate) fn save(&self) {
        // Locked in the same order everywhere: shop, then outbox.
        let saved = self.with_shop(|shop| {
            if !shop.is_kept() {
                return Ok(());
            }
            let (deliveries, made) = self.with_outbox(|outbox| (outbox.saved(), outbox.made));
            shop.save(deliveries, made)
        });
        if let Err(error) = saved {
            tracing::error!(%error, "the snapshot could not be written");
        }
    }

    /// Where an address is dialled, and its real host name for the `Host` header.
    pub(crate) fn dial(&self, address: &str) -> Result<(url::Url, String), String> {
        let mut url = url::Url::parse(address).map_err(|error| error.to_string())?;
        let host = url.host_str().unwrap_or("").to_ascii_lowercase();
        let known = self
            .dev_connect
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let target = known
            .iter()
            .find(|one| one.host == host)
            .map(|one| one.target)
            .ok_or_else(|| format!("no --dev-connect for {host}; nothing else is ever dialled"))?;
        let unusable = |()| "the address cannot be dialled".to_owned();
        url.set_scheme("http").map_err(unusable)?;
        url.set_ip_host(target.ip()).map_err(unusable)?;
        url.set_port(Some(target.port())).map_err(unusable)?;
        Ok((url, host))
    }

    pub(crate) fn webhook_secret(&self, wrong: bool) -> String {
        if wrong {
            "not the secret".to_owned()
        } else {
            self.facts.webhook_secret.clone()
        }
    }

    /// Ends the subscription that a delivery was given up for.
    pub(crate) fn forget(&self, topic: &str, address: &str) {
        let topic = crate::shop::constant(topic);
        self.with_shop(|shop| shop.lose_subscriptions(Some(&topic), Some(address)));
    }

    /// Queues a webhook of a change, with whatever the webhook faults do to it.
    fn announce(&self, topic: &str, body: &Value, order: Option<&str>) {
        for address in self.with_shop(|shop| shop.receivers(topic)) {
            self.announce_to(&address, topic, body, order);
        }
    }

    fn announce_to(&self, address: &str, topic: &str, body: &Value, order: Option<&str>) {
        let seed = self.facts.seed;
        let unique = || format!("{seed:08x}-{:08x}", self.with_outbox(Outbox::name));
        let mut deliveries = vec![Outbox::new_delivery(topic, address, body, order, &unique())];
        let other = unique();
        self.with_faults(|faults| faults.disturb(&mut deliveries, &other));
        self.with_outbox(|outbox| {
            // Held back: goes out behind whatever comes next.
            let held: Vec<Delivery> = outbox
                .all
                .iter()
                .filter(|one| one.state == "held")
                .cloned()
                .collect();
            outbox.all.retain(|one| one.state != "held");
            let releases = deliveries.iter().any(|one| one.state == "waiting");
            deliveries.into_iter().for_each(|one| outbox.push(one));
            for mut one in held {
                if releases {
                    "waiting".clone_into(&mut one.state);
                }
                outbox.push(one);
            }
        });
        self.wake.notify_one();
    }
}

/// Builds the world, binds the port, serves.
pub(crate) async fn serve(options: Options) -> Result<Handle, SimError> {
    check(&options)?;
    let schema = Schema::load(&options.schema)?;
    let (shop, snapshot) = Shop::open(&options)?;
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let address = listener.local_addr()?;
    let facts = facts(&shop, address, schema.as_ref().err());
    let world = Arc::new(World {
        domain: shop.domain.clone(),
        client: client()?,
        wake: Notify::new(),
        stop: CancellationToken::new(),
        webhook_retry_ms: options.webhook_retry_ms,
        facts: facts.clone(),
        schema: schema.ok(),
        throttle: Mutex::new(Throttle::of(options.plan)),
        shop: Mutex::new(shop),
        outbox: Mutex::new(Outbox::restore(
            &snapshot.deliveries,
            snapshot.deliveries_made,
        )),
        faults: Mutex::new(Faults::default()),
        log: Mutex::new(RequestLog::default()),
        dev_connect: Mutex::new(options.dev_connect),
    });
    world.save();
    let stop = world.stop.clone();
    let app = router(Arc::clone(&world));
    let serving = tokio::spawn(async move {
        let deliveries = tokio::spawn(run_deliveries(Arc::clone(&world)));
        let stopped = world.stop.clone().cancelled_owned();
        let served = axum::serve(listener, app)
            .with_graceful_shutdown(stopped)
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "the server ended");
        }
        world.stop.cancel();
        if deliveries.await.is_err() {
            tracing::error!("the delivery task panicked");
        }
    });
    Ok(Handle {
        address,
        facts,
        stop,
        serving,
    })
}

fn check(options: &Options) -> Result<(), SimError> {
    if options.orders > limits::ORDERS_MAX {
        return Err(SimError::Option(format!(
            "at most {} orders",
            limits::ORDERS_MAX
        )));
    }
    let label = &options.shop;
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if label.is_empty() || !label.chars().all(plain) {
        return Err(SimError::Option(format!(
            "'{label}' is not a host name's label"
        )));
    }
    Ok(())
}

fn facts(shop: &Shop, address: SocketAddr, unchecked: Option<&String>) -> Facts {
    Facts {
        ready: true,
        address: format!("http://{address}"),
        shop_domain: shop.domain.clone(),
        access_token: shop.access_token.clone(),
        webhook_secret: shop.webhook_secret.clone(),
        orders: shop.order_count(),
        seed: shop.origin.seed,
        schema: unchecked.map_or_else(
            || "validated".to_owned(),
            |why| format!("not validated: {why}"),
        ),
    }
}

fn client() -> Result<reqwest::Client, SimError> {
    // A provider must be there although only plain loopback HTTP is spoken; another shop of this
    // process may have installed it already.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(Duration::from_millis(limits::WEBHOOK_CONNECT_MS))
        .timeout(Duration::from_millis(limits::WEBHOOK_TIMEOUT_MS))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|error| SimError::Option(format!("HTTP client: {error}")))
}

fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/admin/api/{version}/graphql.json", post(api::graphql))
        .route("/_sim/info", get(admin::info))
        .route("/_sim/orders", get(admin::orders).post(admin::place))
        .route("/_sim/orders/{id}", get(admin::order))
        .route("/_sim/orders/{id}/{verb}", post(admin::change))
        .route("/_sim/customers", get(admin::customers))
        .route("/_sim/customers/{id}/patch", post(admin::patch_customer))
        .route(
            "/_sim/faults",
            get(admin::faults)
                .post(admin::add_faults)
                .delete(admin::clear_faults),
        )
        .route("/_sim/weather", post(admin::weather))
        .route(
            "/_sim/webhooks",
            get(admin::webhooks).post(admin::set_webhooks),
        )
        .route(
            "/_sim/subscriptions",
            get(admin::subscriptions).post(admin::change_subscriptions),
        )
        .route(
            "/_sim/requests",
            get(admin::requests).delete(admin::clear_requests),
        )
        .fallback(api::not_found)
        .layer(axum::extract::DefaultBodyLimit::max(
            limits::REQUEST_BYTES_MAX,
        ))
        .with_state(world)
}
