//! The data directory: what lies where, and who may read it.
//!
//! | File | What | Mode |
//! |---|---|---|
//! | `ordercase.db` | the store | 0600 through the umask of the directory, 0700 |
//! | `admin-token` | bearer of the admin API, made at first start | 0600 |
//! | `master.key` | encrypts secrets at rest; made when no reference is given | 0600 |
//! | `plugins/<digest>.wasm` | admitted plugins, named by what they are | |
//! | `plugins/<digest>.compiled` | their compiled code, with a MAC under a key of the master key; can be deleted | 0600 |
//! | `server.json` | address of the server that last started here | |
//!
//! The store locks its own file, so one process uses the directory at a time.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ordercase_runtime::package::Artifacts;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use url::Url;
use zeroize::Zeroizing;

use crate::{
    ids,
    secret::{Secret, SecretRef},
};

/// Bytes of the master key.
pub const MASTER_KEY_BYTES: usize = 32;

/// Paths below one data directory.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

/// What a server leaves for the verbs that look for it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServerFile {
    /// Where it listens.
    pub address: String,
    /// Where others reach it.
    pub public_url: String,
}

impl DataDir {
    /// Names the paths; touches nothing.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// Makes the directory.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn prepare(&self) -> anyhow::Result<()> {
        private_folder(&self.root)?;
        private_folder(&self.plugins())
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.root.join("ordercase.db")
    }

    /// Admitted plugins.
    #[must_use]
    pub fn plugins(&self) -> PathBuf {
        self.root.join("plugins")
    }

    /// Where a plugin of that digest lies.
    #[must_use]
    pub fn plugin(&self, digest: &str) -> PathBuf {
        self.plugins().join(format!("{digest}.wasm"))
    }

    /// Where compiled plugins are kept, vouched for with a key that only who has the master key can derive.
    ///
    /// # Errors
    /// When the master key cannot be read.
    pub fn artifacts(&self, master_key: Option<&SecretRef>) -> anyhow::Result<Artifacts> {
        let master = self.master_key(master_key)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(master.as_slice())
            .map_err(|error| anyhow::anyhow!("master key: {error}"))?;
        mac.update(b"compiled plugins");
        Ok(Artifacts::new(
            self.plugins(),
            mac.finalize().into_bytes().into(),
        ))
    }

    /// Keeps a plugin under its digest; whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_plugin(&self, digest: &str, wasm: &[u8]) -> anyhow::Result<()> {
        let path = self.plugin(digest);
        if path.exists() {
            return Ok(());
        }
        write_whole(&path, wasm).with_context(|| format!("cannot keep {}", path.display()))
    }

    /// Reads the admin token that a server made here.
    ///
    /// # Errors
    /// When there is none.
    pub fn admin_token(&self) -> anyhow::Result<Secret> {
        let path = self.root.join("admin-token");
        SecretRef::File(path).resolve().context(
            "no admin token: name the server's data directory with --data, or start a server there",
        )
    }

    /// Reads the admin token, making it first where there is none.
    ///
    /// # Errors
    /// When it can neither be read nor written.
    pub fn ensure_admin_token(&self) -> anyhow::Result<Secret> {
        let path = self.root.join("admin-token");
        if !path.exists() {
            let token = ids::token("oca");
            write_first(&path, token.expose().as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        self.admin_token()
    }

    /// The key that encrypts secrets at rest: by reference, else from a file made at first start.
    ///
    /// # Errors
    /// When it cannot be read or has another length than 32 bytes in hex.
    pub fn master_key(
        &self,
        reference: Option<&SecretRef>,
    ) -> anyhow::Result<Zeroizing<[u8; MASTER_KEY_BYTES]>> {
        let own = SecretRef::File(self.root.join("master.key"));
        let reference = match reference {
            Some(reference) => reference,
            None => {
                self.ensure_master_key()?;
                &own
            }
        };
        let text = reference.resolve().context("master key")?;
        let mut key = Zeroizing::new([0; MASTER_KEY_BYTES]);
        hex::decode_to_slice(text.expose().trim(), key.as_mut_slice()).map_err(|_| {
            anyhow::anyhow!("the master key must be {MASTER_KEY_BYTES} bytes, written in hex")
        })?;
        Ok(key)
    }

    /// Makes a key only in a directory without a database: a lost key must not be replaced in
    /// silence, because what it encrypted cannot be read any more.
    fn ensure_master_key(&self) -> anyhow::Result<()> {
        let path = self.root.join("master.key");
        if path.exists() {
            return Ok(());
        }
        if self.database().exists() {
            bail!(
                "{} is missing, but the database beside it holds secrets encrypted with it: \
                 restore the file, or name the key with --master-key",
                path.display()
            );
        }
        let text = Zeroizing::new(hex::encode(ids::key()));
        write_whole(&path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Tells the verbs where this server is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn announce(&self, server: &ServerFile) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(server)?;
        write_whole(&self.root.join("server.json"), &text).context("cannot write server.json")
    }

    /// What the last server left, whether or not it still runs.
    #[must_use]
    pub fn announced(&self) -> Option<ServerFile> {
        let text = fs::read(self.root.join("server.json")).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Address of the server that last started here.
    #[must_use]
    pub fn running_server(&self) -> Option<Url> {
        self.announced()?.address.parse().ok()
    }
}

fn private_folder(path: &Path) -> anyhow::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .with_context(|| format!("cannot make {}", path.display()))
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes beside, syncs, renames: a reader sees the old file or the new one, never half of it. Replicas that
/// share the directory may do so at the same time; the last one wins.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = write_beside(path, bytes)?;
    fs::rename(&beside, path)
}

/// The same, but whoever comes first wins: of replicas that start together, all use one token.
fn write_first(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = write_beside(path, bytes)?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

/// A file beside that is this process's own.
fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private_file(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(beside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> (tempfile::TempDir, DataDir) {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::at(&folder.path().join("data"));
        (folder, data)
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_readable_by_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, data) = fresh();
        data.prepare().unwrap();
        let token = data.ensure_admin_token().unwrap();
        data.master_key(None).unwrap();
        for name in ["admin-token", "master.key"] {
            let mode = fs::metadata(data.root.join(name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert_eq!(data.ensure_admin_token().unwrap().expose(), token.expose());
    }

    #[test]
    fn a_token_that_another_replica_made_first_is_kept() {
        let (_folder, data) = fresh();
        data.prepare().unwrap();
        let path = data.root.join("admin-token");
        write_first(&path, b"first").unwrap();
        write_first(&path, b"second").unwrap();
        assert_eq!(data.ensure_admin_token().unwrap().expose(), "first");
        let left: Vec<_> = fs::read_dir(&data.root).unwrap().collect();
        assert_eq!(left.len(), 2, "the token and the plugins' folder: {left:?}");
    }

    #[test]
    fn a_lost_master_key_is_not_replaced() {
        let (_folder, data) = fresh();
        data.prepare().unwrap();
        let first = data.master_key(None).unwrap();
        assert_eq!(data.master_key(None).unwrap(), first);
        fs::write(data.database(), b"x").unwrap();
        fs::remove_file(data.root.join("master.key")).unwrap();
        assert!(
            data.master_key(None)
                .unwrap_err()
                .to_string()
                .contains("--master-key")
        );
    }

    #[test]
    fn a_short_master_key_is_refused_without_repeating_it() {
        let (folder, data) = fresh();
        let path = folder.path().join("key");
        fs::write(&path, "c0ffee").unwrap();
        let error = data.master_key(Some(&SecretRef::File(path))).unwrap_err();
        assert!(error.to_string().contains("32 bytes"));
        assert!(!format!("{error:#}").contains("c0ffee"));
    }
}
