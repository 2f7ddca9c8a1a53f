-- revision: b1
-- parent: none

CREATE TABLE keys (id int, name text, upper text GENERATED ALWAYS AS (upper(name)) VIRTUAL);
