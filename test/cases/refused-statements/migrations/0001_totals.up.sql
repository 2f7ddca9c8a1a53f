-- revision: a1
-- parent: none
-- irreversible: an example

CREATE TABLE totals (day date, total numeric);
SELECT pg_advisory_lock(42);
INSERT INTO totals VALUES ('2024-03-01', 0);
SELECT pg_advisory_unlock_all();
