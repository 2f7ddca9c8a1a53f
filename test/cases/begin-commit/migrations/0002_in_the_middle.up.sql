-- revision: b
-- parent: 0a1b2c3d4e5f

CREATE TABLE b ();
BEGIN;
CREATE TABLE c ();
COMMIT;
