-- Makes the rows of the ledger consistent, with the rows of applied as the truth: state has their
-- tally, and no step is under way that they show as done. It uses no procedure of the ledger,
-- since these may have been changed. Where the guard before it found nothing that does not fit, as
-- in a script that is run twice, it does nothing.

DO $body$
DECLARE
  -- run or script.
  how CONSTANT pg_catalog.text := 'script';
  wrong CONSTANT pg_catalog.text := pg_catalog.current_setting('retort_ledger.inconsistent');
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF wrong = '' THEN
    RETURN;
  END IF;
  DELETE FROM retort.intent AS i WHERE (i.direction = 'up')
    = EXISTS (SELECT FROM retort.applied AS a WHERE a.revision = i.revision);
  DELETE FROM retort.state;
  INSERT INTO retort.state (format, revisions, digest)
    SELECT 2, count(*), coalesce(sum(('x' || left(encode(sha256(convert_to(a.revision, 'UTF8')),
      'hex'), 15))::bit(60)::bigint), 0)
    FROM retort.applied AS a;
  INSERT INTO retort.log (at, by, event, how, detail)
    VALUES (clock_timestamp(), SESSION_USER, 'repair', how, wrong);
END
$body$;
