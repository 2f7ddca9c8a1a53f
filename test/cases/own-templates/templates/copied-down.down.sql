-- irreversible: never
SELECT 1;
