-- revision: c
-- parent: b

BEGIN;
CREATE TABLE d ();
COMMIT;
BEGIN;
CREATE TABLE e ();
COMMIT;
