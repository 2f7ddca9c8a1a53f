-- template: a new table, with a key, a reference and an index for it

CREATE TABLE new_table (
  new_table_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  other_id      bigint NOT NULL REFERENCES other_table,
  name          text NOT NULL CHECK (name <> ''),
  created_at    timestamptz NOT NULL DEFAULT now()
);

-- PostgreSQL creates none for a foreign key; without it each delete in other_table reads this whole table.
CREATE INDEX new_table_other_id_idx ON new_table (other_id);

COMMENT ON TABLE new_table IS 'What a row represents.';
