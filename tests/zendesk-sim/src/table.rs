//! Tables in memory with an append-only log on disk.
//!
//! Every answered write is one line of the log, `[[table, key, row or null], ...]`, so a kill leaves
//! either all of a change or none of it. At start the log is read, cut behind its last whole line,
//! and written anew with the living rows only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One changed row: table, key, row.
pub(crate) type Row = (String, String, Value);

/// Rows by key, with the keys changed since the last line of the log.
#[derive(Debug)]
pub(crate) struct Table<K, V> {
    name: &'static str,
    rows: BTreeMap<K, V>,
    changed: BTreeSet<K>,
}

impl<K, V> Table<K, V>
where
    K: Clone + Ord + std::fmt::Display + std::str::FromStr,
    V: Serialize + DeserializeOwned,
{
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            rows: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key)
    }

    /// A row to change; counts as changed.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let row = self.rows.get_mut(key)?;
        self.changed.insert(key.clone());
        Some(row)
    }

    pub(crate) fn insert(&mut self, key: K, row: V) {
        self.changed.insert(key.clone());
        self.rows.insert(key, row);
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let row = self.rows.remove(key)?;
        self.changed.insert(key.clone());
        Some(row)
    }

    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.rows.values()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes a row of the log if it belongs here.
    pub(crate) fn load(&mut self, row: &Row) -> anyhow::Result<bool> {
        let (table, key, value) = row;
        if table != self.name {
            return Ok(false);
        }
        let key = key
            .parse()
            .map_err(|_| anyhow::anyhow!("table {table} has no key `{key}`"))?;
        if value.is_null() {
            self.rows.remove(&key);
        } else {
            let row =
                serde_json::from_value(value.clone()).with_context(|| format!("in {table}"))?;
            self.rows.insert(key, row);
        }
        Ok(true)
    }

    /// Moves what changed since the last call into `rows`.
    pub(crate) fn drain(&mut self, rows: &mut Vec<Row>) -> anyhow::Result<()> {
        for key in std::mem::take(&mut self.changed) {
            let row = self.rows.get(&key).map(serde_json::to_value).transpose()?;
            rows.push((
                self.name.to_owned(),
                key.to_string(),
                row.unwrap_or(Value::Null),
            ));
        }
        Ok(())
    }

    /// Counts every row as changed, to write the log anew.
    pub(crate) fn mark_all(&mut self) {
        self.changed = self.rows.keys().cloned().collect();
    }
}

/// The log of one data directory, or nothing where state is not kept.
#[derive(Debug, Default)]
pub(crate) struct Log {
    file: Option<File>,
}

impl Log {
    fn path(directory: &Path) -> PathBuf {
        directory.join("zendesk.log")
    }

    /// Whole lines of the log, oldest first.
    pub(crate) fn read(directory: &Path) -> anyhow::Result<Vec<Vec<Row>>> {
        let path = Self::path(directory);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let mut lines = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            // A line without its end was being written when the process died.
            let Some(line) = line.strip_suffix(b"\n") else {
                break;
            };
            lines.push(serde_json::from_slice(line).context("a line of the log is damaged")?);
        }
        Ok(lines)
    }

    /// Starts the log anew with these rows.
    pub(crate) fn begin(directory: &Path, rows: &[Row]) -> anyhow::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let path = Self::path(directory);
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh)?;
        write_line(&mut file, rows)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        Ok(Self { file: Some(file) })
    }

    /// Appends one change.
    pub(crate) fn append(&mut self, rows: &[Row]) -> anyhow::Result<()> {
        match &mut self.file {
            Some(file) if !rows.is_empty() => write_line(file, rows),
            _ => Ok(()),
        }
    }
}

fn write_line(file: &mut File, rows: &[Row]) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(rows)?;
    line.push(b'\n');
    file.write_all(&line)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_dropped_and_the_rest_stays() {
        let directory = tempfile::tempdir().unwrap();
        let mut table: Table<u64, String> = Table::new("t");
        table.insert(1, "one".to_owned());
        let mut rows = Vec::new();
        table.drain(&mut rows).unwrap();
        let mut log = Log::begin(directory.path(), &rows).unwrap();
        log.append(&[("t".to_owned(), "2".to_owned(), Value::from("two"))])
            .unwrap();
        let path = Log::path(directory.path());
        let mut text = std::fs::read(&path).unwrap();
        text.extend_from_slice(b"[[\"t\",\"3\",\"thr");
        std::fs::write(&path, text).unwrap();

        let mut again: Table<u64, String> = Table::new("t");
        for row in Log::read(directory.path()).unwrap().iter().flatten() {
            assert!(again.load(row).unwrap());
        }
        assert_eq!(again.values().cloned().collect::<Vec<_>>(), ["one", "two"]);
    }
}
