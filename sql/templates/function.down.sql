-- For a new version: its CREATE OR REPLACE as it was before.
DROP FUNCTION some_function(bigint);
