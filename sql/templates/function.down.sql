-- For a new version: the CREATE OR REPLACE of the old one.
DROP FUNCTION some_function(bigint);
