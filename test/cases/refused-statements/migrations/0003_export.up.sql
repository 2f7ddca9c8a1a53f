-- revision: c3
-- parent: b2
-- irreversible: an example

COPY cities TO STDOUT WITH (FORMAT csv);
