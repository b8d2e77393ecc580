//! A secret is planted; then everything that leaves the runtime is searched for it.

use http::HeaderValue;
use ordercase_runtime::egress::TransportError;

use super::{
    guest::asker,
    world::{CANARY, admit, canned, json_answer, runtime, scope},
};

/// The part of the canary that no escaping changes.
const TRACE: &str = "canary-0123456789";

#[tokio::test]
async fn a_secret_that_the_shop_echoes_reaches_neither_plugin_nor_tape() {
    let shop = canned(|request| {
        // The shop sends back whatever it was sent, in a header, in the body, and inside JSON text.
        let token = request
            .headers
            .get("x-token")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(token, CANARY);
        let quoted = serde_json::to_string(&token).unwrap();
        let mut answer = json_answer(&format!("{{\"name\":{quoted},\"plan\":\"p\"}}"));
        answer
            .headers
            .insert("x-echo", HeaderValue::from_str(&token).unwrap());
        answer
            .headers
            .insert("set-cookie", HeaderValue::from_static("sid=1"));
        Ok(answer)
    });
    let runtime = runtime(shop.clone());
    let plugin = admit(&runtime, asker("/api/x")).await;
    let called = runtime.probe(&plugin, &scope("t")).await.unwrap();
    // The guest returned what it saw.
    assert_eq!(called.value.name.as_deref(), Some("[token]"));
    let everything = format!("{called:?} {plugin:?} {:?}", scope("t"));
    assert!(!everything.contains(TRACE), "{everything}");
    let exchange = called.exchanges.first().unwrap();
    assert_eq!(exchange.headers.len(), 1, "{:?}", exchange.headers);
    let tape = format!(
        "{:?}{}",
        exchange.request,
        String::from_utf8_lossy(&exchange.body)
    );
    assert!(!tape.contains(TRACE), "{tape}");
    let request = format!("{:?}", shop.asked.lock().unwrap());
    assert!(!request.contains(TRACE), "{request}");
}

#[tokio::test]
async fn errors_do_not_carry_it_either() {
    let shop = canned(|_| Err(TransportError::Connection("reset".to_owned())));
    let runtime = runtime(shop);
    let plugin = admit(&runtime, asker("/api/x")).await;
    let error = runtime.probe(&plugin, &scope("t")).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(TRACE));
}
