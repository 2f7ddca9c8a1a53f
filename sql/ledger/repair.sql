-- Makes the rows of the ledger consistent, with the rows of applied as the truth: state has their
-- tally, and no step is under way that they show as done. It uses no procedure of the ledger,
-- since these may have been changed. What it writes in the log needs the sequence of that, which is
-- set first where the guard before it found it to be behind. Where that found nothing that does not
-- fit, as in a script that is run twice, it does nothing.

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
  IF current_setting('retort_ledger.behind', true) <> '' THEN
    PERFORM setval(pg_get_serial_sequence('retort.log', 'id'), max(l.id)) FROM retort.log AS l;
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
EXCEPTION WHEN unique_violation THEN
  -- The guard has not seen it where this role may not read the sequence.
  RAISE EXCEPTION USING ERRCODE = 'RT003',
    MESSAGE = 'retort: the sequence of retort.log is behind its rows',
    HINT = concat('Nothing was changed. As the owner of the ledger, run: ',
      concat_ws(' ', 'migrate', nullif(current_setting('retort_script.flags', true), '')),
      ' repair --database URL; or the script that it writes with --sql.');
END
$body$;
