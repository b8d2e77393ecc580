//! What a plugin may use up, and what remains of its crash.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use ordercase_runtime::{
    CallError, Export, MapInput, PluginError, Runtime, RuntimeConfig, TimeLimit, WebhookDelivery,
};

use super::{
    guest::{BUDGET_SPENT, DENIED, asker, component, greedy_receiver, plain_prober, prober},
    world::{admit, canned, config, json_answer, probe, quiet, runtime, scope, told},
};

const SPIN: &str = "(loop $again (br $again)) (call $fine)";

fn guest(body: &str) -> Vec<u8> {
    component("prober", &prober(body), &["probe"])
}

#[tokio::test]
async fn a_call_returns_what_the_plugin_says() {
    let shop = canned(|_| Ok(json_answer(r#"{"name":"Ann's","currency":"EUR"}"#)));
    let called = probe(&runtime(shop), asker("/api/x")).await.unwrap();
    assert_eq!(called.value.name.as_deref(), Some("Ann's"));
    assert_eq!(called.exchanges.len(), 1);
    assert_eq!(
        (called.stats.requests, called.exchanges[0].status),
        (1, 200)
    );
    assert_eq!(called.exchanges[0].role, "orders");
    assert!(called.stats.memory_bytes_peak >= 4 * 65_536);
}

#[tokio::test]
async fn an_endless_loop_is_stopped_by_its_limit_for_computing() {
    let error = probe(&quiet(), guest(SPIN)).await.unwrap_err();
    assert!(
        matches!(&error, CallError::TimedOut { plugin, export: Export::Probe, limit: TimeLimit::Computing(_) } if plugin == "guest"),
        "{error}"
    );
}

#[tokio::test]
async fn a_gibibyte_is_not_to_be_had() {
    let body = "(if (i32.eq (memory.grow (i32.const 16384)) (i32.const -1)) (then unreachable)) (call $fine)";
    let error = probe(&quiet(), guest(body)).await.unwrap_err();
    assert!(
        matches!(&error, CallError::MemoryLimit { bytes_max, .. } if *bytes_max == 64 << 20),
        "{error}"
    );
    // A plugin that does without is not punished for having asked.
    let body = "(drop (memory.grow (i32.const 16384))) (call $fine)";
    assert!(probe(&quiet(), guest(body)).await.is_ok());
}

#[tokio::test]
async fn a_crash_has_its_last_words_and_the_names_of_its_functions() {
    let body =
        "(call $emit (i32.const 0) (i32.const 600) (i32.const 55) (i32.const 0) (i32.const 0))
                (call $map_order) (call $fine)";
    let error = probe(&quiet(), guest(body)).await.unwrap_err();
    let CallError::Trap {
        plugin,
        export,
        reason,
        frames,
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((plugin.as_str(), *export), ("guest", Export::Probe));
    assert!(
        reason.contains("panicked at src/map.rs:7") && reason.contains("unreachable"),
        "{reason}"
    );
    assert!(!reason.contains("ann@"), "{reason}");
    assert_eq!(frames.get(..3).unwrap(), ["oops", "map_order", "probe"]);
    assert!(error.to_string().contains("map_order"), "{error}");
}

#[tokio::test]
async fn a_flood_of_log_lines_is_counted_and_cut() {
    let body = "(loop $again
        (call $emit (i32.const 2) (i32.const 600) (i32.const 55) (i32.const 0) (i32.const 0))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const 5000))))
        (call $fine)";
    let called = probe(&quiet(), guest(body)).await.unwrap();
    assert_eq!((called.log.len(), called.stats.log_lines), (100, 5000));
    assert!(called.log.iter().all(|line| !line.message.contains('@')));
}

#[tokio::test]
async fn a_log_line_of_a_gibibyte_never_reaches_the_host() {
    let body = "(drop (memory.grow (i32.const 700)))
        (call $emit (i32.const 2) (i32.const 0) (i32.const 40000000) (i32.const 0) (i32.const 0)) (call $fine)";
    let error = probe(&quiet(), guest(body)).await.unwrap_err();
    assert!(matches!(error, CallError::Trap { .. }), "{error}");
}

#[tokio::test]
async fn requests_end_with_the_calls_budget() {
    let body = "(loop $again
        (drop (call $ask (i32.const 520) (i32.const 6)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const 20))))
        (call $ask (i32.const 520) (i32.const 6))";
    let core = prober(body).replace("\"orders\"", "\"/api/x\"");
    let shop = canned(|_| Ok(json_answer("{}")));
    let outcome = probe(
        &runtime(shop.clone()),
        component("prober", &core, &["probe"]),
    )
    .await;
    assert_eq!(told(outcome).0, BUDGET_SPENT);
    assert_eq!(shop.asked.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn a_webhook_reaches_nobody() {
    let shop = canned(|_| Ok(json_answer("{}")));
    let runtime = runtime(shop.clone());
    let plugin = admit(&runtime, greedy_receiver()).await;
    let delivery = WebhookDelivery {
        topic: "t".to_owned(),
        headers: Vec::new(),
        body: Bytes::new(),
        received_at: "2026-01-31T09:05:00Z".parse().unwrap(),
    };
    let (case, text) = told(runtime.receive(&plugin, &scope("t"), &delivery).await);
    assert_eq!(case, DENIED);
    assert!(text.contains("pure"), "{text}");
    assert!(shop.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_exported_is_not_called() {
    let runtime = quiet();
    let plugin = admit(&runtime, component("prober", &plain_prober(), &["probe"])).await;
    let inputs: [MapInput; 0] = [];
    let error = runtime
        .map(&plugin, &scope("t"), "orders", &inputs)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            CallError::NotExported {
                export: Export::Map,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn facts_that_are_no_facts_are_refused_with_their_place() {
    for body in ["[]", "{\"name\":", "{\"name\":7}", &"[".repeat(100_000)] {
        let answer = json_answer(body);
        let shop = canned(move |_| Ok(answer.clone()));
        let error = probe(&runtime(shop), asker("/api/x")).await.unwrap_err();
        assert!(
            matches!(&error, CallError::OutputInvalid { path, .. } if path == "facts"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_missing_credential_is_named_whatever_the_plugin_makes_of_it() {
    let runtime = quiet();
    let plugin = admit(&runtime, asker("/api/x")).await;
    let mut scope = scope("t");
    scope.credentials = Arc::new(ordercase_runtime::NoCredentials);
    let error = runtime.probe(&plugin, &scope).await.unwrap_err();
    assert!(
        matches!(error.plugin_error(), Some(PluginError::AuthExpired(text)) if text.contains("token")),
        "{error}"
    );
}

/// One thread for everything: whoever does not give way blocks the others for good.
#[tokio::test(flavor = "current_thread")]
async fn while_one_tenant_spins_another_tenants_calls_finish() {
    let runtime = quiet();
    let spinner = admit(&runtime, guest(SPIN)).await;
    let honest = admit(&runtime, component("prober", &plain_prober(), &["probe"])).await;
    let spinning: Vec<_> = (0..8)
        .map(|_| {
            let (runtime, spinner) = (runtime.clone(), Arc::clone(&spinner));
            tokio::spawn(async move { runtime.probe(&spinner, &scope("greedy")).await })
        })
        .collect();
    tokio::task::yield_now().await;
    for _ in 0..20 {
        runtime.probe(&honest, &scope("honest")).await.unwrap();
    }
    // The spinners had more work queued than twenty calls take: none of it stood in the way.
    assert!(spinning.iter().any(|task| !task.is_finished()));
    for task in spinning {
        let error = task.await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::TimedOut { .. }), "{error}");
    }
}

#[tokio::test]
async fn fuel_makes_a_calls_cost_repeatable() {
    let runtime = Runtime::new(RuntimeConfig {
        fuel: Some(1_000_000),
        transport: Some(canned(|_| Ok(json_answer("{}")))),
        ..config()
    })
    .unwrap();
    let plugin = admit(&runtime, asker("/api/x")).await;
    let fuel = async || {
        runtime
            .probe(&plugin, &scope("t"))
            .await
            .unwrap()
            .stats
            .fuel
            .unwrap()
    };
    let first = fuel().await;
    assert!(first > 0);
    assert_eq!(first, fuel().await);
    let spinner = admit(&runtime, guest(SPIN)).await;
    let error = runtime.probe(&spinner, &scope("t")).await.unwrap_err();
    assert!(
        matches!(&error, CallError::Trap { reason, .. } if reason.contains("fuel")),
        "{error}"
    );
}

#[tokio::test]
async fn a_source_that_never_answers_ends_with_the_calls_wall_time() {
    struct Silent;
    #[async_trait::async_trait]
    impl ordercase_runtime::egress::Transport for Silent {
        async fn send(
            &self,
            _: ordercase_runtime::egress::OutboundRequest,
        ) -> Result<
            ordercase_runtime::egress::OutboundAnswer,
            ordercase_runtime::egress::TransportError,
        > {
            std::future::pending().await
        }
    }
    let runtime = runtime(Arc::new(Silent));
    let plugin = admit(&runtime, asker("/api/x")).await;
    tokio::time::pause();
    let error = runtime.probe(&plugin, &scope("t")).await.unwrap_err();
    let wall = Duration::from_secs(30);
    assert!(
        matches!(&error, CallError::TimedOut { limit: TimeLimit::Wall(limit), .. } if *limit == wall),
        "{error}"
    );
}
