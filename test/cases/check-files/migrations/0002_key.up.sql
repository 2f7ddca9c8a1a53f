-- revision: b1
-- parent: a1

CREATE TABLE keys (id int, name text, upper text GENERATED ALWAYS AS (upper(name)) VIRTUAL);
