//! Which database the host works on. A PostgreSQL address holds a password, so it is named by reference.

use std::str::FromStr;

use anyhow::{Context as _, bail};
use ordercase_store::{MasterKey, Store, StoreOptions};

use crate::{
    data_dir::DataDir,
    secret::{SecretRef, SecretRefError},
};

/// `sqlite`, or where a PostgreSQL address lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Database {
    /// A file in the data directory, for one process.
    #[default]
    Sqlite,
    /// A database that replicas share.
    Postgres(SecretRef),
}

impl FromStr for Database {
    type Err = SecretRefError;

    fn from_str(text: &str) -> Result<Self, SecretRefError> {
        match text {
            "sqlite" => Ok(Self::Sqlite),
            reference => reference.parse().map(Self::Postgres),
        }
    }
}

impl Database {
    /// Opens it. Its secrets are sealed with the named key, or with the data directory's own.
    ///
    /// # Errors
    /// When key or database cannot be used; the message says what to do.
    pub async fn open(
        &self,
        data: &DataDir,
        master_key: Option<&SecretRef>,
    ) -> anyhow::Result<Store> {
        if matches!(self, Self::Postgres(_)) && master_key.is_none() {
            bail!(
                "--database names a shared database, so every replica needs the same key: name it with \
                 --master-key env:NAME or file:PATH (64 hexadecimal digits)"
            );
        }
        let options = StoreOptions {
            master_key: Some(MasterKey::new(*data.master_key(master_key)?)),
        };
        match self {
            Self::Sqlite => Store::open(data.database(), options).await,
            Self::Postgres(address) => {
                let address = address.resolve().context("--database")?;
                Store::connect(address.expose(), options).await
            }
        }
        .context("cannot open the store")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_named_and_never_written_out() {
        assert_eq!("sqlite".parse::<Database>().unwrap(), Database::Sqlite);
        let named = Database::Postgres(SecretRef::Env("DATABASE_URL".to_owned()));
        assert_eq!("env:DATABASE_URL".parse::<Database>().unwrap(), named);
        let error = "postgres://u:canary@h/d".parse::<Database>().unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
    }

    #[tokio::test]
    async fn a_shared_database_needs_a_key_that_replicas_share() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Database::Postgres(SecretRef::Env("UNSET".to_owned()));
        let error = shared.open(&DataDir::at(folder.path()), None).await;
        let error = error.err().unwrap().to_string();
        assert!(error.contains("--master-key"), "{error}");
    }
}
