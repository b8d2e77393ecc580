//! Many rows in one statement.
//!
//! A statement costs a message to the database and back, on SQLite to its thread; a row costs little more than
//! its bytes. So a batch is cut into a few statements of fixed sizes, each prepared once. Rows are bound value
//! by value: a batch in one JSON argument took four times as much on SQLite, because whole bodies are then
//! written, escaped and parsed once more (decision 5).

use std::sync::OnceLock;

use super::{Arg, Conn, Row, Sql};
use crate::StoreError;

/// Rows of one statement, largest first. 256 rows of 33 columns stay below what either database binds.
const SIZES: [usize; 5] = [256, 64, 16, 4, 1];

/// `head VALUES (...), (...) tail` for any number of rows. On SQLite the places have no numbers: a number is a name
/// there, and names are looked for in a list, so that binding thousands of them took a quarter of a backfill.
pub(crate) struct Many {
    head: &'static str,
    width: usize,
    tail: &'static str,
    texts: OnceLock<Vec<(usize, Sql)>>,
}

impl Many {
    /// `width` is the number of columns, all of them bound.
    pub(crate) const fn new(head: &'static str, width: usize, tail: &'static str) -> Self {
        Self {
            head,
            width,
            tail,
            texts: OnceLock::new(),
        }
    }

    /// The statement by its number of rows. A text is built once and kept for as long as the process lives.
    pub(crate) fn texts(&self) -> &[(usize, Sql)] {
        self.texts.get_or_init(|| {
            let text = |rows: usize, place: fn(usize) -> String| -> &'static str {
                let row = |at: usize| {
                    let from = at * self.width;
                    let places: Vec<String> = (1..=self.width).map(|n| place(from + n)).collect();
                    format!("({})", places.join(", "))
                };
                let rows: Vec<String> = (0..rows).map(row).collect();
                format!("{} VALUES {} {}", self.head, rows.join(", "), self.tail).leak()
            };
            SIZES
                .map(|rows| {
                    let sql = Sql {
                        sqlite: text(rows, |_| "?".to_owned()),
                        postgres: text(rows, |n| format!("${n}")),
                    };
                    (rows, sql)
                })
                .to_vec()
        })
    }

    /// Writes rows, given as one list of their values. No row may stand in it twice.
    pub(crate) async fn run(&self, conn: &mut Conn, values: Vec<Arg>) -> Result<(), StoreError> {
        self.rows(conn, values).await.map(drop)
    }

    /// The same; what the statement returns of them, in whichever order.
    pub(crate) async fn rows(
        &self,
        conn: &mut Conn,
        values: Vec<Arg>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut returned = Vec::new();
        let mut left = values.len() / self.width;
        let mut values = values.into_iter();
        for (rows, sql) in self.texts() {
            while left >= *rows {
                let args = values.by_ref().take(rows * self.width).collect();
                returned.extend(conn.all(*sql, args).await?);
                left -= rows;
            }
        }
        Ok(returned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_through_all_rows() {
        let many = Many::new("INSERT INTO t (a, b)", 2, "ON CONFLICT DO NOTHING");
        let four = many.texts().iter().find(|(rows, _)| *rows == 4).unwrap().1;
        assert_eq!(
            (four.sqlite, four.postgres),
            (
                "INSERT INTO t (a, b) VALUES (?, ?), (?, ?), (?, ?), (?, ?) ON CONFLICT DO NOTHING",
                "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8) ON CONFLICT DO NOTHING"
            )
        );
    }

    #[test]
    fn any_number_of_rows_is_cut_into_few_statements() {
        for rows in [0_usize, 1, 100, 500, 1_000] {
            let mut left = rows;
            let mut statements = 0;
            for size in SIZES {
                statements += left / size;
                left %= size;
            }
            assert_eq!(left, 0);
            assert!(statements <= 14, "{rows} rows took {statements}");
        }
    }
}
