//! What is not run, and why.

use std::fs;

use ordercase_runtime::{AdmissionError, ManifestError, package::embed};

use super::{
    guest::{component, component_of, contract, manifest, plain_prober, prober_of_ten_words},
    world::quiet,
};

async fn refusal(component: Vec<u8>) -> AdmissionError {
    quiet().admit(component).await.err().unwrap()
}

#[tokio::test]
async fn a_sound_component_is_admitted_with_its_digests() {
    let bytes = component("prober", &plain_prober(), &["probe"]);
    let plugin = quiet().admit(bytes.clone()).await.unwrap();
    assert_eq!(plugin.manifest.plugin.id, "guest");
    assert_eq!(plugin.digest.len(), 64);
    assert_eq!(plugin.lock.component, plugin.digest);
    assert_eq!(plugin.digest, quiet().admit(bytes).await.unwrap().digest);
}

#[tokio::test]
async fn wasi_is_refused_by_name() {
    let text = r#"(component (import "wasi:cli/environment@0.2.0" (instance)))"#;
    let bytes = embed(&wat::parse_str(text).unwrap(), &manifest(&["probe"])).unwrap();
    let error = refusal(bytes).await;
    assert!(
        matches!(&error, AdmissionError::Import { name } if name == "wasi:cli/environment@0.2.0")
    );
}

#[tokio::test]
async fn exports_equal_the_manifests_claim_both_ways() {
    let bytes = component("prober", &plain_prober(), &["probe", "search"]);
    assert!(matches!(refusal(bytes).await,
        AdmissionError::Exports { undeclared, absent } if undeclared.is_empty() && absent == ["search"]));
    let bytes = component("prober", &plain_prober(), &["fetch"]);
    assert!(matches!(refusal(bytes).await,
        AdmissionError::Exports { undeclared, absent } if undeclared == ["probe"] && absent == ["fetch"]));
}

#[tokio::test]
async fn another_record_shape_is_found_before_the_first_call() {
    // The same names and versions, but `context` has one field more.
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(contract()).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace(
            "api-version: string,\n    }\n}",
            "api-version: string,\n extra: string,\n    }\n}",
        );
        fs::write(copy.path().join(path.file_name().unwrap()), text).unwrap();
    }
    let bytes = component_of(copy.path(), "prober", &prober_of_ten_words(), &["probe"]);
    let error = refusal(bytes).await;
    assert!(matches!(&error, AdmissionError::Contract(_)), "{error}");
    assert!(
        error.to_string().contains("probe") || error.to_string().contains("record"),
        "{error}"
    );
}

#[tokio::test]
async fn damaged_bytes_are_refused_before_they_are_compiled() {
    let good = component("prober", &plain_prober(), &["probe"]);
    let truncated = good.get(..good.len() / 2).unwrap().to_vec();
    assert!(matches!(
        refusal(truncated).await,
        AdmissionError::Manifest(_)
    ));
    assert!(matches!(
        refusal(b"\0asm\x0d\0\x01\0".to_vec()).await,
        AdmissionError::Manifest(ManifestError::Absent)
    ));
    assert!(matches!(
        refusal(vec![0; 25 << 20]).await,
        AdmissionError::TooLarge { .. }
    ));
    // A byte in the code: the section still parses, the code does not validate.
    let mut refused = 0;
    for at in (60..200).step_by(7) {
        let mut bytes = good.clone();
        *bytes.get_mut(at).unwrap() ^= 0x5a;
        refused += u32::from(quiet().admit(bytes).await.is_err());
    }
    assert!(refused > 0);
}

#[tokio::test]
async fn too_much_memory_from_the_start_is_refused() {
    let core = plain_prober().replace(
        "(memory (export \"memory\") 4)",
        "(memory (export \"memory\") 65)",
    );
    let error = refusal(component("prober", &core, &["probe"])).await;
    assert!(
        matches!(&error, AdmissionError::Resources { max, .. } if *max == 4 << 20),
        "{error}"
    );
}

#[tokio::test]
async fn a_start_that_never_ends_is_stopped() {
    let core = plain_prober().replacen(
        "(func $fine",
        "(func $spin (loop $again (br $again))) (start $spin) (func $fine",
        1,
    );
    let error = refusal(component("prober", &core, &["probe"])).await;
    assert!(matches!(&error, AdmissionError::Contract(_)), "{error}");
}
