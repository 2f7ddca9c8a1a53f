-- revision: d
-- parent: c
-- transaction: none

BEGIN;
CREATE TABLE f ();
COMMIT;
