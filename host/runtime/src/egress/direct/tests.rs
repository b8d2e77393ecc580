//! Over real sockets on loopback: what is dialled, what is sent, and what is refused.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use super::*;

/// Nine mebibytes of zeros, in nine kibibytes.
const ZEROS: &[u8] = include_bytes!("zeros.gz");

/// Serves one connection: reads a request's head and sends those bytes.
async fn serve(answer: Vec<u8>) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.windows(4).any(|w| w == b"\r\n\r\n") {
            let mut chunk = [0; 1024];
            let read = stream.read(&mut chunk).await.unwrap();
            assert!(read > 0);
            head.extend_from_slice(&chunk[..read]);
        }
        drop(stream.write_all(&answer).await);
        String::from_utf8(head).unwrap()
    });
    (address, serving)
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut out =
        format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")
            .into_bytes();
    out.extend_from_slice(body);
    out
}

fn request(url: &str) -> OutboundRequest {
    OutboundRequest {
        tenant_id: "t".to_owned(),
        connection_id: "c".to_owned(),
        method: Method::POST,
        url: Url::parse(url).unwrap(),
        headers: HeaderMap::new(),
        body: Some(Bytes::from_static(b"{}")),
        response_bytes_max: 8 << 20,
        timeout: Duration::from_secs(10),
    }
}

fn direct(pairs: &[(&str, SocketAddr)]) -> Direct {
    let pair = |(host, target): &(&str, SocketAddr)| DevConnect::new(host, *target).unwrap();
    Direct::new(pairs.iter().map(pair).collect()).unwrap()
}

#[tokio::test]
async fn a_stand_in_changes_where_is_dialled_and_nothing_else() {
    let (address, serving) = serve(answer(
        "200 OK\r\ncontent-type: application/json",
        b"{\"a\":1}",
    ))
    .await;
    let direct = direct(&[("shop.example", address)]);
    let got = direct
        .send(request("https://shop.example/api/x?y=1"))
        .await
        .unwrap();
    assert_eq!(
        (got.status.as_u16(), got.body.as_ref()),
        (200, b"{\"a\":1}".as_slice())
    );
    let head = serving.await.unwrap().to_lowercase();
    assert!(head.starts_with("post /api/x?y=1 http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nhost: shop.example\r\n"), "{head}");
    assert!(
        !head.contains("referer") && !head.contains("cookie"),
        "{head}"
    );
}

#[tokio::test]
async fn a_bomb_is_stopped_while_it_unpacks() {
    let bomb = answer("200 OK\r\ncontent-encoding: gzip", ZEROS);
    let (address, _serving) = serve(bomb).await;
    let outcome = direct(&[("shop.example", address)])
        .send(request("https://shop.example/"))
        .await;
    assert_eq!(
        outcome.unwrap_err(),
        TransportError::TooLarge { bytes_max: 8 << 20 }
    );
}

#[tokio::test]
async fn a_redirect_is_handed_back_and_not_followed() {
    let moved = answer("302 Found\r\nlocation: http://127.0.0.1:9/evil", b"");
    let (address, _serving) = serve(moved).await;
    let got = direct(&[("shop.example", address)])
        .send(request("https://shop.example/"))
        .await;
    assert_eq!(got.unwrap().status.as_u16(), 302);
}

#[tokio::test]
async fn private_names_and_addresses_are_not_dialled() {
    let direct = direct(&[]);
    let refused = direct
        .send(request("https://localhost/"))
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, TransportError::Dns(text) if text.contains("private")),
        "{refused}"
    );
    for literal in [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/",
    ] {
        let refused = direct.send(request(literal)).await.unwrap_err();
        assert!(
            matches!(refused, TransportError::Denied(_)),
            "{literal}: {refused}"
        );
    }
    // Without a stand-in nothing goes out in the clear.
    let (address, serving) = serve(answer("200 OK", b"")).await;
    drop(
        direct
            .send(request(&format!("http://localhost:{}/", address.port())))
            .await
            .unwrap_err(),
    );
    serving.abort();
}

#[tokio::test]
async fn failures_do_not_tell_the_query() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let direct = direct(&[("shop.example", closed)]);
    let error = direct
        .send(request("https://shop.example/x?key=canary"))
        .await
        .unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(matches!(error, TransportError::Connection(_)), "{text}");
    assert!(
        text.contains("shop.example") && !text.contains("canary"),
        "{text}"
    );
}

#[tokio::test]
async fn an_answer_that_stalls_ends_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut slow = request("https://shop.example/");
    slow.timeout = Duration::from_millis(50);
    let outcome = direct(&[("shop.example", address)]).send(slow).await;
    assert_eq!(outcome.unwrap_err(), TransportError::Timeout);
    drop(listener);
}
