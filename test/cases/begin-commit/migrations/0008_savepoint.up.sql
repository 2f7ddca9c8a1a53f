-- revision: h
-- parent: g

BEGIN;
SAVEPOINT s;
CREATE TABLE i ();
COMMIT AND CHAIN;
