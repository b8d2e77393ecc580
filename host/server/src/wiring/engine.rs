//! The engine: what works off inbox, streams and outbox, started under the supervisor.

use std::sync::Arc;

use async_trait::async_trait;
use ordercase_model::Instant;
use ordercase_store::HolderId;
use ordercase_sync::{Engine, EngineOptions};

use super::{executor::TicketWriter, handler::TicketDesk};
use crate::{app::App, clock::Clock};

/// Starts it.
pub fn start(app: &Arc<App>) {
    let engine = Arc::new(Engine::new(
        app.store.clone(),
        Arc::clone(&app.source) as _,
        Arc::new(TicketWriter::new(Arc::clone(&app.desks))),
        Arc::new(TicketDesk::new(app.desk.clone(), Arc::clone(&app.clock))),
        Arc::new(EngineClock(Arc::clone(&app.clock))),
        EngineOptions {
            poll_interval_seconds: app.poll_seconds,
            ..EngineOptions::new(HolderId::mint(rand::random()))
        },
    ));
    app.tasks.keep("engine", move |stop| {
        let engine = Arc::clone(&engine);
        async move { engine.run(stop).await }
    });
}

/// The host's clock in the engine's words.
pub struct EngineClock(pub Arc<dyn Clock>);

#[async_trait]
impl ordercase_sync::Clock for EngineClock {
    fn now(&self) -> Instant {
        self.0.now()
    }

    async fn sleep_until(&self, at: Instant) {
        let micros = at.micros().saturating_sub(self.0.now().micros());
        let micros = u64::try_from(micros).unwrap_or_default();
        tokio::time::sleep(std::time::Duration::from_micros(micros)).await;
    }
}
