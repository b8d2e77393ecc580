//! Shop webhooks and desk events at the host's door.

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ordercase_world::{HOST_NAME, World, WorldOptions, until};
use reqwest::{Response, StatusCode};
use serde_json::json;
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{SOON, world};

pub(crate) async fn deliver(
    world: &World,
    body: &[u8],
    secret: &str,
    id: &str,
) -> anyhow::Result<Response> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
    mac.update(body);
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    let url = world
        .webhook_url()
        .replace(&format!("https://{HOST_NAME}"), &world.host_address());
    let request = world
        .http()
        .post(url)
        .header("x-shopify-topic", "orders/updated")
        .header("x-shopify-hmac-sha256", signature)
        .header("x-shopify-event-id", id)
        .header("x-shopify-webhook-id", id)
        .header("x-shopify-shop-domain", &world.shop.domain)
        .header("x-shopify-triggered-at", "2026-01-01T00:00:00Z")
        .header("content-type", "application/json")
        .body(body.to_vec());
    Ok(request.send().await?)
}

/// The first bytes of the answer to a delivery of that length, whose body never comes: what is too long is
/// refused before it is read.
async fn announce(world: &World, length: usize) -> anyhow::Result<String> {
    let address = world.host_address();
    let host = address.trim_start_matches("http://");
    let path = world.webhook_url();
    let path = path.trim_start_matches(&format!("https://{HOST_NAME}"));
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(host).await?;
    stream.write_all(head.as_bytes()).await?;
    let mut first = [0; 64];
    let read = stream.read(&mut first).await?;
    Ok(String::from_utf8_lossy(first.get(..read).unwrap_or_default()).into_owned())
}

#[tokio::test]
async fn webhooks_are_answered_as_the_contract_says() -> anyhow::Result<()> {
    let world = world(WorldOptions::default()).await?;
    let secret = world.shop.webhook_secret.clone();
    let order = world.shop.orders(1).await?.remove(0);
    let body = serde_json::to_vec(&json!({
        "id": order.id.parse::<u64>()?,
        "admin_graphql_api_id": format!("gid://shopify/Order/{}", order.id),
        "updated_at": "2026-01-01T00:00:00Z",
    }))?;

    assert_eq!(
        deliver(&world, &body, "wrong", "e1").await?.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        deliver(&world, &body, &secret, "e1").await?.status(),
        StatusCode::OK
    );
    assert_eq!(
        deliver(&world, &body, &secret, "e1").await?.status(),
        StatusCode::OK
    );
    let refused = announce(&world, 6 * 1024 * 1024).await?;
    assert!(refused.starts_with("HTTP/1.1 413"), "{refused}");
    let malformed = deliver(&world, b"{\"id\":", &secret, "e3").await?;
    assert_eq!(malformed.status(), StatusCode::ACCEPTED);

    until(
        "the malformed one lies among the dead letters",
        SOON,
        || async {
            let dead = world.cli.run(&["dead-letters", "list"]).await?;
            Ok(dead["dead_letters"]
                .as_array()
                .is_some_and(|all| all.len() == 1))
        },
    )
    .await?;
    world.settled().await?;
    world.stop().await
}

#[tokio::test]
async fn desk_events_are_answered_as_the_contract_says() -> anyhow::Result<()> {
    let world = world(WorldOptions::default()).await?;
    let url = format!("{}/v1/events/zendesk", world.host_address());
    let event = json!({
        "schema": "zis-event/1",
        "account_id": world.zendesk.account_id.to_string(),
        "subdomain": world.zendesk.subdomain,
        "event_type": "ticket.TicketCreated",
        "ticket_id": "1",
        "occurred_at": "2026-01-01T00:00:00Z",
        "sequence": { "id": "s1", "position": 1, "total": 1 },
    });
    let send = |token: &str, body: serde_json::Value| {
        let request = world.http().post(&url).bearer_auth(token).json(&body);
        async move { anyhow::Ok(request.send().await?.status()) }
    };
    assert_eq!(
        send("nonsense", event.clone()).await?,
        StatusCode::UNAUTHORIZED
    );

    let token = second_desk(&world).await?;
    assert_eq!(send(&token, event.clone()).await?, StatusCode::FORBIDDEN);
    let mut own = event.clone();
    own["account_id"] = json!("4242");
    own["subdomain"] = json!("second");
    assert_eq!(send(&token, own.clone()).await?, StatusCode::ACCEPTED);
    assert_eq!(
        send(&token, own.clone()).await?,
        StatusCode::ACCEPTED,
        "a repeat is fine"
    );
    own["ticket_id"] = json!({ "not": "a number" });
    assert_eq!(send(&token, own).await?, StatusCode::UNPROCESSABLE_ENTITY);
    world.stop().await
}

/// Another desk, so that its token is known here; the first desk's token went into Zendesk.
async fn second_desk(world: &World) -> anyhow::Result<String> {
    let added = world
        .cli
        .run(&[
            "desk",
            "add",
            world.tenant(),
            "--subdomain",
            "second",
            "--account-id",
            "4242",
            "--secret",
            "email=env:ZENDESK_EMAIL",
            "--secret",
            "api_token=env:ZENDESK_API_TOKEN",
        ])
        .await?;
    Ok(added["event_token"].as_str().unwrap_or_default().to_owned())
}
