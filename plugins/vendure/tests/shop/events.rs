//! Takes the events that the shop posts, and checks them as the host's door does.

use bytes::Bytes;
use ordercase_runtime::{Manifest, SecretText, WebhookDelivery, webhook};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Signs the events.
pub(crate) const SECRET: &str = "signs events";

/// Deliveries kept until a test looks at them.
const KEPT: usize = 1_000;

/// After this long without any event the test has failed; it decides nothing else.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

type Delivery = (http::HeaderMap, Bytes);

/// A receiver on loopback.
pub(crate) struct Taken {
    pub(crate) address: String,
    deliveries: mpsc::Receiver<Delivery>,
}

pub(crate) async fn listen() -> Taken {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/v1/webhooks/test", listener.local_addr().unwrap());
    let (sender, deliveries) = mpsc::channel(KEPT);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let delivery = take(stream).await;
                sender.send(delivery).await
            });
        }
    });
    Taken {
        address,
        deliveries,
    }
}

/// One request of HTTP/1.1 with a length, answered 200.
async fn take(stream: TcpStream) -> Delivery {
    let mut reader = BufReader::new(stream);
    let mut headers = http::HeaderMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).await.unwrap();
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ") {
            let name: http::HeaderName = name.parse().unwrap();
            headers.insert(name, value.parse().unwrap());
        }
    }
    let length: usize = headers
        .get("content-length")
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.unwrap();
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    reader.write_all(answer).await.unwrap();
    (headers, body.into())
}

impl Taken {
    /// Drops what came so far.
    pub(crate) fn forget(&mut self) {
        while self.deliveries.try_recv().is_ok() {}
    }

    /// The next delivery of that topic, verified by the manifest's recipe; a forged one is refused.
    pub(crate) async fn verified(&mut self, manifest: &Manifest, topic: &str) -> WebhookDelivery {
        let recipe = manifest.webhooks.as_ref().unwrap();
        loop {
            let next = tokio::time::timeout(PATIENCE, self.deliveries.recv()).await;
            let (headers, body) = next.expect("no such event came").unwrap();
            assert_eq!(headers.get("host").unwrap(), "ordercase.example");
            let forged = webhook::verify(recipe, Some(&SecretText::from("other")), &headers, &body);
            assert!(forged.is_err());
            let real =
                webhook::verify(recipe, Some(&SecretText::from(SECRET)), &headers, &body).unwrap();
            if real.topic == topic {
                return WebhookDelivery {
                    topic: real.topic,
                    headers: Vec::new(),
                    body,
                    received_at: jiff::Timestamp::now().into(),
                };
            }
        }
    }
}
