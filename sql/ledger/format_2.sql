-- Upgrades the tables of a ledger of format 1 to format 2.

ALTER TABLE retort.applied
  ALTER COLUMN applied_at DROP DEFAULT,
  ALTER COLUMN applied_by DROP DEFAULT,
  DROP CONSTRAINT applied_how_check;
COMMENT ON TABLE retort.applied IS 'The applied revisions, one row each. Written by migrate.';

ALTER TABLE retort.state
  DROP CONSTRAINT state_format_check,
  DROP COLUMN step_began_at;
UPDATE retort.state SET format = 2;
COMMENT ON TABLE retort.state IS
  'One row: the format of the ledger, and the tally of applied. Written by migrate.';

CREATE TABLE retort.intent (
  revision text NOT NULL,
  direction text NOT NULL,
  statement integer NOT NULL,
  of integer NOT NULL,
  hash text NOT NULL,
  before text NOT NULL,
  started_at timestamptz NOT NULL,
  started_by text NOT NULL,
  kind text,
  names text[],
  path text,
  places oid[],
  place_names text[],
  present oid[],
  present_names text[],
  done boolean NOT NULL,
  found boolean NOT NULL,
  error text,
  PRIMARY KEY (revision)
);
COMMENT ON TABLE retort.intent IS
  'The step outside a transaction that is under way, if any. Written by migrate.';
INSERT INTO retort.intent
  SELECT revision, direction, statement, of, hash, before, started_at, started_by,
    'not known', NULL, NULL, NULL, NULL, NULL, NULL, false, true
  FROM retort.progress;
-- Whoever had privileges on the old one has them on the new one.
DO $body$
DECLARE
  granted record;
BEGIN
  FOR granted IN
    SELECT a.privilege_type AS privilege, a.is_grantable,
      CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END AS whom
    FROM pg_catalog.pg_class AS c
      CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a
      LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
    WHERE c.oid = pg_catalog.to_regclass('retort.progress')
  LOOP
    EXECUTE pg_catalog.format('GRANT %s ON retort.intent TO %s%s', granted.privilege, granted.whom,
      CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
  END LOOP;
END
$body$;
DROP TABLE retort.progress;

ALTER TABLE retort.log
  ALTER COLUMN at DROP DEFAULT,
  ALTER COLUMN by DROP DEFAULT;
COMMENT ON TABLE retort.log IS
  'What was done to this database, when, and by whom. Written by migrate; rows are only added.';
