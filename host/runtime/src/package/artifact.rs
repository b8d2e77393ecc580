//! Compiled code, kept on disk: compiling a plugin takes a second, loading what was compiled a few milliseconds.
//!
//! Loading compiled code runs it, so a file is only loaded after its MAC was checked: it is made with a key that the
//! host derives from its master key, over the component's digest and the code. A file that is damaged, of another key
//! or of another engine is left alone, compiled anew and replaced. A plugin's admission is the same either way.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wasmtime::{Engine, component::Component};
use zeroize::Zeroizing;

/// Bytes of the MAC, which stands before the code.
const MAC_BYTES: usize = 32;
/// Longest file that is read.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Where compiled code is kept, and the key that vouches for it.
#[derive(Clone)]
pub struct Artifacts {
    folder: PathBuf,
    key: Zeroizing<[u8; MAC_BYTES]>,
}

impl Artifacts {
    /// Kept in a folder that nobody else can write to. The key must be the host's own: whoever has it can run code.
    #[must_use]
    pub fn new(folder: PathBuf, key: [u8; MAC_BYTES]) -> Self {
        Self {
            folder,
            key: Zeroizing::new(key),
        }
    }

    /// The code of a component that was compiled before, for this engine; `None` when there is none to be trusted.
    pub(crate) fn load(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let path = self.path(digest)?;
        let size = fs::metadata(&path).ok()?.len();
        let file = (size <= FILE_BYTES_MAX).then(|| fs::read(&path).ok())??;
        let (mac, code) = file.split_at_checked(MAC_BYTES)?;
        if self.mac(digest, code)?.verify_slice(mac).is_err() {
            tracing::warn!(
                plugin.digest = digest,
                "compiled code was not made by this host: compiling anew"
            );
            return None;
        }
        #[expect(unsafe_code, reason = "the MAC says that this host compiled it")]
        #[expect(clippy::disallowed_methods, reason = "the one place that may")]
        // SAFETY: the bytes are what `Component::serialize` gave to this host, says the MAC; the engine itself refuses
        // those of another version or other settings.
        let component = unsafe { Component::deserialize(engine, code) };
        component.ok()
    }

    /// Keeps the code of a component. What cannot be kept is compiled again next time.
    pub(crate) fn keep(&self, digest: &str, component: &Component) {
        if let Err(problem) = self.try_keep(digest, component) {
            tracing::warn!(
                plugin.digest = digest,
                problem,
                "compiled code could not be kept"
            );
        }
    }

    fn try_keep(&self, digest: &str, component: &Component) -> Result<(), String> {
        let path = self.path(digest).ok_or("no digest")?;
        let code = component
            .serialize()
            .map_err(|error| format!("{error:#}"))?;
        let mac = self.mac(digest, &code).ok_or("no key")?.finalize();
        write(&path, &[mac.into_bytes().as_slice(), &code]).map_err(|error| error.to_string())
    }

    /// A digest is hexadecimal, so it can never lead out of the folder.
    fn path(&self, digest: &str) -> Option<PathBuf> {
        let plain = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        plain.then(|| self.folder.join(format!("{digest}.compiled")))
    }

    fn mac(&self, digest: &str, code: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_slice()).ok()?;
        mac.update(digest.as_bytes());
        mac.update(code);
        Some(mac)
    }
}

impl std::fmt::Debug for Artifacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Artifacts")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// Writes beside and renames: a reader sees the old file or the new one, never half of it.
fn write(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    for part in parts {
        file.write_all(part)?;
    }
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn component(engine: &Engine) -> Component {
        Component::new(engine, wat::parse_str("(component)").unwrap()).unwrap()
    }

    #[test]
    fn what_was_kept_is_loaded_for_its_digest_alone() {
        let (folder, engine) = (tempfile::tempdir().unwrap(), Engine::default());
        let artifacts = Artifacts::new(folder.path().to_owned(), [7; 32]);
        assert!(artifacts.load(&engine, DIGEST).is_none());
        artifacts.keep(DIGEST, &component(&engine));
        assert!(artifacts.load(&engine, DIGEST).is_some());
        let other = DIGEST.replace('0', "1");
        fs::copy(
            artifacts.path(DIGEST).unwrap(),
            artifacts.path(&other).unwrap(),
        )
        .unwrap();
        assert!(
            artifacts.load(&engine, &other).is_none(),
            "another plugin's code"
        );
        assert!(artifacts.path("../x").is_none());
    }

    #[test]
    fn a_changed_file_and_another_key_are_never_run() {
        let (folder, engine) = (tempfile::tempdir().unwrap(), Engine::default());
        let artifacts = Artifacts::new(folder.path().to_owned(), [7; 32]);
        artifacts.keep(DIGEST, &component(&engine));
        let strange = Artifacts::new(folder.path().to_owned(), [8; 32]);
        assert!(strange.load(&engine, DIGEST).is_none());
        let path = artifacts.path(DIGEST).unwrap();
        let whole = fs::read(&path).unwrap();
        for at in [0, MAC_BYTES, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
            assert!(artifacts.load(&engine, DIGEST).is_none(), "byte {at}");
        }
        fs::write(&path, &whole[..10]).unwrap();
        assert!(artifacts.load(&engine, DIGEST).is_none());
        assert!(!format!("{artifacts:?}").contains("7, 7"));
    }
}
