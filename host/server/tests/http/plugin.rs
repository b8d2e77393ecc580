//! The smallest plugin that takes signed webhooks: it is admitted for real and never called.

use std::path::Path;

use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, MemorySection, MemoryType,
    Module, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const MANIFEST: &str = r#"
[plugin]
id = "signed"
name = "Signed"
version = "0.1.0"
wit = "ordercase:source@0.1.0"
api-version = "1"
exports = ["receive"]
licence = "Apache-2.0"
contact = "https://ordercase.example/plugins/signed"

[secrets.webhook_secret]
title = "Signs webhooks"
required = true

[webhooks]
scheme = "hmac"
algorithm = "sha256"
encoding = "hex"
signature-header = "x-signature"
signed = "{body}"
slot = "webhook_secret"
topic-pointer = "/topic"
id-header = "x-event-id"
[webhooks.topics]
"orders/updated" = "hint"
[streams.orders]
kind = "order"
version = "instant"
page-limit = 50
"#;

/// The component with its manifest.
pub(crate) fn component() -> Vec<u8> {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/wit");
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit).unwrap();
    let world = resolve.select_world(&[package], Some("receiver")).unwrap();
    let mut module = module();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.validate(true).module(&module).unwrap();
    let component = encoder.encode().unwrap();
    ordercase_runtime::package::embed(&component, MANIFEST).unwrap()
}

/// A module whose `receive` traps: context and webhook flatten to sixteen words.
fn module() -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 16], [ValType::I32]);
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    let mut functions = FunctionSection::new();
    functions.function(0).function(1);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports.export(
        "ordercase:source/receive@0.1.0#receive",
        ExportKind::Func,
        0,
    );
    exports.export("cabi_realloc", ExportKind::Func, 1);
    exports.export("memory", ExportKind::Memory, 0);
    let mut code = CodeSection::new();
    for _ in 0..2 {
        let mut body = Function::new([]);
        body.instructions().unreachable().end();
        code.function(&body);
    }
    let mut module = Module::new();
    module
        .section(&types)
        .section(&functions)
        .section(&memories)
        .section(&exports)
        .section(&code);
    module.finish()
}
