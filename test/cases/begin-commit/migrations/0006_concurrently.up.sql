-- revision: f
-- parent: e

begin;
CREATE INDEX CONCURRENTLY ON h (x);
COMMIT;
