-- template: an index built while the table is in use; keep it alone in its migration

-- Alone in its migration, which therefore runs outside a transaction; others can read and write the table.
-- No IF NOT EXISTS, which would accept the invalid index of a failed build.
CREATE INDEX CONCURRENTLY some_table_some_column_idx ON some_table (some_column);
