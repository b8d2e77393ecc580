//! The plugin as the host runs it: a component that the kit built, admitted, connected.

use std::sync::Arc;

use async_trait::async_trait;
use ordercase_runtime::{
    CallScope, CredentialError, Credentials, DevConnect, Lane, Plugin, Runtime, RuntimeConfig,
    SecretText,
};
use ordercase_world::Binaries;
use serde_json::{Value, json};

const HOST: &str = "vendure.example";

/// A runtime with the plugin and one connection.
pub(crate) struct Desk {
    pub(crate) runtime: Runtime,
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) scope: CallScope,
}

struct Key(String);

#[async_trait]
impl Credentials for Key {
    async fn secret(&self, slot: &str) -> Result<SecretText, CredentialError> {
        match slot {
            "api_key" => Ok(SecretText::new(self.0.clone())),
            other => Err(CredentialError::Missing {
                slot: other.to_owned(),
            }),
        }
    }
}

impl Desk {
    pub(crate) async fn of(address: &str, key: &Value) -> Self {
        let target = address.trim_start_matches("http://").parse().unwrap();
        let mut config = RuntimeConfig::new(Arc::new(|| jiff::Timestamp::now().into()));
        config.dev_connect = vec![DevConnect::new(HOST, target).unwrap()];
        let runtime = Runtime::new(config).unwrap();
        let plugin = runtime.admit(component()).await.unwrap();
        let scope = CallScope {
            tenant_id: "test".to_owned(),
            connection_id: key.as_str().unwrap().chars().take(8).collect(),
            settings: json!({ "shop_host": HOST, "money_decimals": 2, "addresses_are_verified": false }),
            shop: json!({}),
            overrides: json!({}),
            credentials: Arc::new(Key(key.as_str().unwrap().to_owned())),
            lane: Lane::default(),
        };
        Self {
            runtime,
            plugin,
            scope,
        }
    }
}

/// The component that `cargo xtask build` left beside the test.
fn component() -> Vec<u8> {
    std::fs::read(Binaries::find().unwrap().plugin("vendure")).unwrap()
}
