//! The plugin as the host runs it: built into a component by the kit, admitted, connected.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use ordercase_runtime::{
    CallScope, CredentialError, Credentials, DevConnect, Lane, Plugin, Runtime, RuntimeConfig,
    SecretText,
};
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

/// Builds the component with the kit of this checkout; the second time cargo has nothing to do.
fn component() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "--package",
            "ordercase-kit",
            "--",
            "build",
        ])
        .arg(folder)
        .current_dir(folder)
        .output()
        .unwrap();
    let told = String::from_utf8(built.stdout).unwrap();
    let complaint = String::from_utf8(built.stderr).unwrap();
    assert!(built.status.success(), "{complaint}");
    let built: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    std::fs::read(built.pointer("/path").unwrap().as_str().unwrap()).unwrap()
}
