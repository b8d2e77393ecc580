//! Guests: WebAssembly text, wrapped into a component of the contract.

use std::path::{Path, PathBuf};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The contract's directory.
pub(crate) fn contract() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/wit")
}

/// A manifest with those exports and one origin.
pub(crate) fn manifest(exports: &[&str]) -> String {
    let webhooks = if exports.contains(&"receive") {
        "[webhooks]\nscheme = \"none\"\ntopic-header = \"x-topic\"\n[webhooks.topics]\nt = \"hint\"\n"
    } else {
        ""
    };
    let exports: Vec<String> = exports.iter().map(|e| format!("\"{e}\"")).collect();
    format!(
        r#"
[plugin]
id = "guest"
name = "Guest"
version = "0.1.0"
wit = "ordercase:source@0.1.0"
api-version = "1"
exports = [{}]
licence = "Apache-2.0"
contact = "https://ordercase.example"

[[origins]]
alias = "api"
url = "https://{{host}}"
methods = ["POST"]
path-prefixes = ["/api/"]
content-types = ["application/json"]
auth = {{ scheme = "header", header = "x-token", slot = "token" }}

[settings.host]
type = "string"
title = "Host"
required = true

[secrets.token]
title = "Token"
required = true

[streams.orders]
kind = "order"
version = "instant"
page-limit = 50

{webhooks}"#,
        exports.join(", ")
    )
}

/// A component of that world of the contract around a core module, with its manifest.
pub(crate) fn component(world: &str, core: &str, exports: &[&str]) -> Vec<u8> {
    component_of(&contract(), world, core, exports)
}

/// The same against another copy of the contract.
pub(crate) fn component_of(wit: &Path, world: &str, core: &str, exports: &[&str]) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit).unwrap();
    let greedy = resolve
        .push_str(
            "greedy.wit",
            "package test:greedy;
             world greedy-receiver {
                 import ordercase:source/http@0.1.0;
                 import ordercase:source/log@0.1.0;
                 export ordercase:source/receive@0.1.0;
             }",
        )
        .unwrap();
    let package = if world == "greedy-receiver" {
        greedy
    } else {
        package
    };
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut module = wat::parse_str(core).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let component = ComponentEncoder::default()
        .module(&module)
        .unwrap()
        .validate(true)
        .encode()
        .unwrap();
    ordercase_runtime::package::embed(&component, &manifest(exports)).unwrap()
}

/// Functions that every guest has: memory, requests, log lines, and the two ways to return.
///
/// `$ask` sends `POST` to a path and returns what `probe` returns: the body on success, else
/// `upstream(<number of the http-error's case>, <its text>)`, so that a test sees what it was told.
const PRELUDE: &str = r#"
  (memory (export "memory") 4)
  (global $top (mut i32) (i32.const 65536))
  (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
    (global.set $top (i32.add (local.get $at) (local.get 3)))
    (block $enough
      (loop $more
        (br_if $enough (i32.le_u (global.get $top) (i32.shl (memory.size) (i32.const 16))))
        (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))
        unreachable))
    (local.get $at))
  (func $fine (result i32)
    (i32.store8 (i32.const 2048) (i32.const 0))
    (i32.store (i32.const 2056) (i32.const 512))
    (i32.store (i32.const 2060) (i32.const 2))
    (i32.const 2048))
  (data (i32.const 512) "{}")
  (data (i32.const 520) "orders")
  (data (i32.const 600) "panicked at src/map.rs:7: no lines for ann@shop.example")
"#;

const SEND: &str = r#"
  (import "ordercase:source/http@0.1.0" "send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
"#;

const EMIT: &str = r#"
  (import "ordercase:source/log@0.1.0" "emit" (func $emit (param i32 i32 i32 i32 i32)))
"#;

const ASK: &str = r#"
  (func $ask (param $path i32) (param $len i32) (result i32)
    (call $send
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2)
      (local.get $path) (local.get $len)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 520) (i32.const 6) (i32.const 1024))
    (if (i32.eqz (i32.load8_u (i32.const 1024)))
      (then
        (i32.store8 (i32.const 2048) (i32.const 0))
        (i32.store (i32.const 2056) (i32.load (i32.const 1044)))
        (i32.store (i32.const 2060) (i32.load (i32.const 1048))))
      (else
        (i32.store8 (i32.const 2048) (i32.const 1))
        (i32.store8 (i32.const 2056) (i32.const 5))
        (i32.store16 (i32.const 2064) (i32.load8_u (i32.const 1032)))
        (i32.store (i32.const 2068) (i32.const 0))
        (i32.store (i32.const 2072) (i32.const 0))
        (if (i32.and (i32.const 0x71) (i32.shl (i32.const 1) (i32.load8_u (i32.const 1032))))
          (then
            (i32.store (i32.const 2068) (i32.load (i32.const 1040)))
            (i32.store (i32.const 2072) (i32.load (i32.const 1044)))))))
    (i32.const 2048))
"#;

/// Texts of the cases of `http-error`, by number, as `$ask` reports them.
pub(crate) const DENIED: u16 = 0;
pub(crate) const TOO_LARGE: u16 = 3;
pub(crate) const DNS: u16 = 5;
pub(crate) const CONNECTION: u16 = 6;
pub(crate) const BUDGET_SPENT: u16 = 7;

/// A prober whose `probe` has that body. `$send`, `$emit`, `$ask`, `$fine` are at its service.
pub(crate) fn prober(body: &str) -> String {
    format!(
        r#"(module {SEND} {EMIT} {PRELUDE} {ASK}
          (func $oops unreachable)
          (func $map_order (call $oops))
          (func $probe (export "ordercase:source/probe@0.1.0#probe")
            (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (local $n i32)
            {body})
        )"#
    )
}

/// A prober that asks for one path.
pub(crate) fn asker(path: &str) -> Vec<u8> {
    let escaped: String = path.bytes().map(|b| format!("\\{b:02x}")).collect();
    let len = path.len();
    let body = format!("(call $ask (i32.const 700) (i32.const {len}))");
    let core = prober(&body).replacen(
        "(func $oops",
        &format!("(data (i32.const 700) \"{escaped}\") (func $oops"),
        1,
    );
    component("prober", &core, &["probe"])
}

/// A receiver that tries to reach out from a webhook, although `receive` is pure.
pub(crate) fn greedy_receiver() -> Vec<u8> {
    let core = format!(
        r#"(module {SEND} {EMIT} {PRELUDE} {ASK}
          (data (i32.const 700) "/api/x")
          (func (export "ordercase:source/receive@0.1.0#receive")
            (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
            (call $ask (i32.const 700) (i32.const 6)))
        )"#
    );
    component("greedy-receiver", &core, &["receive"])
}

/// A prober with no import at all whose context has one field more than the contract's.
pub(crate) fn prober_of_ten_words() -> String {
    format!(
        r#"(module {PRELUDE}
          (func (export "ordercase:source/probe@0.1.0#probe")
            (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (call $fine)))"#
    )
}

/// A prober with no import at all.
pub(crate) fn plain_prober() -> String {
    format!(
        r#"(module {PRELUDE}
          (func (export "ordercase:source/probe@0.1.0#probe")
            (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (call $fine)))"#
    )
}
