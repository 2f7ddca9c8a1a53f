-- A comment on a table.
COMMENT ON TABLE t IS '{{message}}';
