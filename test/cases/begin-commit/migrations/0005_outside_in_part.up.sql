-- revision: e
-- parent: d
-- transaction: none

CREATE TABLE g ();
BEGIN;
CREATE TABLE h ();
COMMIT;
