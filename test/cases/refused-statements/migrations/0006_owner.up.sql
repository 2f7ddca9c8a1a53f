-- revision: f6
-- parent: e5
-- irreversible: an example

ALTER TABLE cities OWNER TO :owner;
