-- revision: b2
-- parent: a1
-- irreversible: an example

SET client_encoding = 'LATIN1';
CREATE TABLE cities (name text);
INSERT INTO cities VALUES ('Köln');
