//! Rows, read by column name into our types. What cannot be read names its column.

use std::str::FromStr;

use ordercase_model::Instant;
use serde::de::DeserializeOwned;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};

use crate::StoreError;

/// One row of an answer.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

fn corrupt(column: &'static str, reason: &impl ToString) -> StoreError {
    StoreError::Corrupt {
        column,
        reason: reason.to_string(),
    }
}

impl Row {
    fn get<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite>,
        T: for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
        .map_err(|error| corrupt(column, &error))
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.get(column)
    }

    pub(crate) fn opt_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.get(column)
    }

    pub(crate) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.get(column)
    }

    pub(crate) fn opt_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.get(column)
    }

    /// A count or a number that is never negative.
    pub(crate) fn count(&self, column: &'static str) -> Result<u64, StoreError> {
        u64::try_from(self.int(column)?).map_err(|e| corrupt(column, &e))
    }

    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    pub(crate) fn instant(&self, column: &'static str) -> Result<Instant, StoreError> {
        Instant::from_micros(self.int(column)?)
            .ok_or_else(|| corrupt(column, &"outside the calendar"))
    }

    pub(crate) fn opt_instant(&self, column: &'static str) -> Result<Option<Instant>, StoreError> {
        self.opt_int(column)?
            .map(|micros| {
                Instant::from_micros(micros).ok_or_else(|| corrupt(column, &"outside the calendar"))
            })
            .transpose()
    }

    /// An id or another type with a text form.
    pub(crate) fn parse<T: FromStr>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T::Err: ToString,
    {
        self.text(column)?
            .parse()
            .map_err(|e: T::Err| corrupt(column, &e.to_string()))
    }

    /// The same of a column that may be NULL.
    pub(crate) fn opt_parse<T: FromStr>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError>
    where
        T::Err: ToString,
    {
        self.opt_text(column)?
            .map(|text| text.parse())
            .transpose()
            .map_err(|e: T::Err| corrupt(column, &e.to_string()))
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|e| corrupt(column, &e))
    }
}
