-- template: a PL/pgSQL function, or a new version of one

-- A new version keeps its arguments' names and its result type; otherwise drop the old function first.
CREATE OR REPLACE FUNCTION some_function(an_argument bigint)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, public
AS $$
BEGIN
  RETURN an_argument::text;
END
$$;
