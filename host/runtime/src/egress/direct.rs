//! The production door: resolve once, dial only what was resolved, follow nothing, keep no cookie.
//!
//! One client per shop, so that neither open connections nor TLS sessions are shared between
//! merchants. The resolver hands the client only global addresses and the client dials exactly
//! those, so a name that changes between check and use gains nothing.

mod client;
mod failure;
mod resolver;

use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use http::{HeaderValue, header::HOST};
use reqwest::Client;
use url::{Host, Url};

use self::{client::Clients, failure::classify};
use super::{OutboundAnswer, OutboundRequest, Transport, TransportError};
use crate::{DevConnect, RuntimeError};

/// Dials the shops themselves.
pub(crate) struct Direct {
    clients: Clients,
    dev: Vec<DevConnect>,
    dev_client: Client,
}

impl Direct {
    pub(crate) fn new(dev: Vec<DevConnect>) -> Result<Self, RuntimeError> {
        // Another part of the process may have chosen one already, which is as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        for pair in &dev {
            tracing::warn!(
                host = pair.host(),
                target = %pair.target(),
                "DEVELOPMENT: this shop is dialled on loopback, without TLS"
            );
        }
        Ok(Self {
            clients: Clients::default(),
            dev,
            dev_client: client::loopback()?,
        })
    }

    /// The client and the URL to dial; with a stand-in, the real name goes into the `Host` header.
    fn dial(&self, request: &mut OutboundRequest) -> Result<(Client, Url), TransportError> {
        let Some(Host::Domain(host)) = request.url.host() else {
            return Err(TransportError::Denied(
                "a shop is reached by name only".to_owned(),
            ));
        };
        let Some(pair) = self.dev.iter().find(|pair| pair.host() == host) else {
            let client = self
                .clients
                .of(&request.tenant_id, &request.connection_id)?;
            return Ok((client, request.url.clone()));
        };
        let name = match request.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let name = HeaderValue::from_str(&name)
            .map_err(|_| TransportError::Denied("the host's name is none".to_owned()))?;
        let broken = |()| TransportError::Denied("the address cannot be redirected".to_owned());
        let mut url = request.url.clone();
        url.set_scheme("http").map_err(broken)?;
        url.set_ip_host(pair.target().ip()).map_err(broken)?;
        url.set_port(Some(pair.target().port())).map_err(broken)?;
        request.headers.insert(HOST, name);
        Ok((self.dev_client.clone(), url))
    }

    async fn exchange(
        &self,
        mut request: OutboundRequest,
    ) -> Result<OutboundAnswer, TransportError> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let (client, url) = self.dial(&mut request)?;
        let mut builder = client.request(request.method, url).headers(request.headers);
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        let fail = |error: reqwest::Error| classify(&host, &error);
        let mut response = builder.send().await.map_err(fail)?;
        let bytes_max = request.response_bytes_max;
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(fail)? {
            if body.len() + chunk.len() > bytes_max {
                return Err(TransportError::TooLarge { bytes_max });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(OutboundAnswer {
            status: response.status(),
            headers: response.headers().clone(),
            body: body.freeze(),
        })
    }
}

#[async_trait]
impl Transport for Direct {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundAnswer, TransportError> {
        let timeout = request.timeout.max(Duration::from_millis(1));
        match tokio::time::timeout(timeout, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(TransportError::Timeout),
        }
    }
}

#[cfg(test)]
mod tests;
