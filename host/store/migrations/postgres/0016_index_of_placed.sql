-- No query goes by it; and where PostgreSQL knows little of a shop, it read the whole shop through it to find a record.
DROP INDEX records_by_placed;
