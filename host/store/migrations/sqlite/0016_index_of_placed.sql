-- No query goes by it, and every record was written into it.
DROP INDEX records_by_placed;
