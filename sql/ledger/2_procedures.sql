-- The ledger's procedures: what runs before and after the author's SQL. They run with the rights
-- of the role that calls them. The session may have set anything, so each pins the search path
-- before its first expression, and names the types of its variables in full.

-- Resets the settings to those of the connection; names mean PostgreSQL's own objects, and text is
-- read as written. To its end the transaction keeps its lock_timeout: whoever waits for what the
-- author's SQL has locked does not wait for the ledger, too. What a script has set for the commands
-- in its errors is kept.
CREATE PROCEDURE retort.protect_session()
LANGUAGE plpgsql AS $body$
DECLARE
  time_limit CONSTANT pg_catalog.text := pg_catalog.current_setting('lock_timeout');
  flags CONSTANT pg_catalog.text := pg_catalog.current_setting('retort_script.flags', true);
BEGIN
  RESET ALL;
  IF flags OPERATOR(pg_catalog.<>) '' THEN
    PERFORM pg_catalog.set_config('retort_script.flags', flags, false);
  END IF;
  PERFORM pg_catalog.set_config('lock_timeout', time_limit, true);
  SET search_path = pg_catalog, pg_temp;
  SET client_encoding = 'UTF8';
  SET standard_conforming_strings = on;
END
$body$;

-- How a command begins that a hint proposes: with the flags that say which project a script is of,
-- such as -n prod, which it has set for its session.
CREATE FUNCTION retort.migrate() RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN concat_ws(' ', 'migrate', nullif(current_setting('retort_script.flags', true), ''));
END
$body$;

-- The number that one revision adds to state.digest: the first 60 bits of its SHA-256.
CREATE FUNCTION retort.digest_of(revision text) RETURNS bigint
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN ('x' || left(encode(sha256(convert_to(revision, 'UTF8')), 'hex'), 15))::bit(60)::bigint;
END
$body$;

-- The key of the advisory lock that a migrator of this ledger holds.
CREATE FUNCTION retort.lock_key() RETURNS bigint
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN ('x' || left(encode(sha256(convert_to('retort ledger retort.applied', 'UTF8')), 'hex'),
    16))::bit(64)::bigint;
END
$body$;

-- Releases the lock, however often it was taken.
CREATE PROCEDURE retort.unlock()
LANGUAGE plpgsql AS $body$
DECLARE
  held pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  LOOP
    held := (SELECT l.mode FROM pg_locks AS l
      WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.pid = pg_backend_pid()
        AND (l.classid::bigint << 32 | l.objid::bigint) = retort.lock_key() LIMIT 1);
    EXIT WHEN held IS NULL;
    PERFORM CASE held WHEN 'ShareLock' THEN pg_advisory_unlock_shared(retort.lock_key())
      ELSE pg_advisory_unlock(retort.lock_key()) END;
  END LOOP;
END
$body$;

-- Stops unless this session holds the lock of the ledger. A migrator holds it exclusively, and
-- twice more in shared mode: one of those is released and taken again, which shows the same as a
-- query of pg_locks in a twentieth of the time. PostgreSQL warns of a lock that is not held; the
-- error says it. Steps may have been committed before.
CREATE PROCEDURE retort.require_lock()
LANGUAGE plpgsql SET client_min_messages = error AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF NOT (pg_advisory_unlock_shared(retort.lock_key())
      AND pg_try_advisory_lock_shared(retort.lock_key())) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: this session does not hold the lock of the ledger',
      HINT = 'What was committed before this is kept. The lock belongs to the session that took '
        'it: if only a part of a script was run, run all of it, from its first line; if a pooler '
        'changed the session, connect directly; if a client went on after an error, correct that. '
        'Then run it again: where it cannot go on, it says what to do.';
  END IF;
END
$body$;

-- The step outside a transaction that is unfinished, unless it is one of half_done in that
-- direction; else null.
CREATE FUNCTION retort.unfinished(half_done text[] DEFAULT '{}', direction text DEFAULT 'up')
RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (SELECT format('%s at statement %s of %s%s', i.revision, i.statement, i.of,
      CASE WHEN i.done THEN ', which is done' END)
    FROM retort.intent AS i
    WHERE (i.revision = ANY (half_done) AND i.direction = unfinished.direction) IS NOT TRUE);
END
$body$;

-- The command that resumes the step that is unfinished. It names where that leads: typed again, it
-- takes back nothing more.
CREATE FUNCTION retort.resuming() RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (SELECT concat(retort.migrate(), ' ', CASE i.direction
      WHEN 'up' THEN 'upgrade ' || i.revision
      ELSE format('downgrade %s@%s', i.revision, coalesce((
        SELECT CASE WHEN a.parents = '{}' THEN 'base' ELSE p.revision END
        FROM retort.applied AS a LEFT JOIN retort.applied AS p ON p.revision = a.parents[1]
        WHERE a.revision = i.revision), '-1')) END)
    FROM retort.intent AS i);
END
$body$;

-- How messages name a step: upgrade to a1.
CREATE FUNCTION retort.step_name(revision text, direction text) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN concat(CASE direction WHEN 'up' THEN 'upgrade to ' ELSE 'downgrade of ' END, revision);
END
$body$;

-- What to say where a step outside a transaction is unfinished, and it is not its turn. Whoever
-- only looks, or is sent alone, does so without the lock: another session may be at the step.
CREATE FUNCTION retort.unfinished_hint() RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF EXISTS (SELECT FROM pg_locks AS l
      WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND l.mode = 'ExclusiveLock'
        AND l.pid IS DISTINCT FROM pg_backend_pid()
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        AND (l.classid::bigint << 32 | l.objid::bigint) = retort.lock_key()) THEN
    RETURN 'Another session holds the lock of the ledger, and may be at that step: wait until it '
      'is done.';
  END IF;
  RETURN (SELECT format('See: SELECT * FROM retort.intent; if it was begun by a file of a split '
      'script, run the one %s that statement; otherwise resume with: %s; or with a script '
      'written by --idempotent that contains the %s.',
      CASE WHEN i.done THEN 'after' ELSE 'of' END, retort.resuming(),
      retort.step_name(i.revision, i.direction))
    FROM retort.intent AS i);
END
$body$;

-- Before a step. Stops if a step outside a transaction was interrupted, or goes on in another file
-- of a split script: revision is its own, and it may be the one.
CREATE PROCEDURE retort.require_no_intent(revision text)
LANGUAGE plpgsql AS $body$
DECLARE
  step pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  step := retort.unfinished();
  IF step IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = concat('retort: a step outside a transaction is unfinished: ', step),
      HINT = concat(CASE WHEN EXISTS (SELECT FROM retort.intent AS i
          WHERE i.revision = require_no_intent.revision) THEN 'This step was begun before. '
        ELSE 'Nothing of this step was done. ' END, retort.unfinished_hint());
  END IF;
END
$body$;

-- Stops unless this step is under way, and this statement of it is next. The hint says where to go
-- on if no step is under way: this one is done, or not begun.
CREATE PROCEDURE retort.require_intent(revision text, statement integer, direction text)
LANGUAGE plpgsql AS $body$
DECLARE
  expected pg_catalog.text;
  under_way pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  expected := format('the %s at statement %s',
    retort.step_name(require_intent.revision, direction), require_intent.statement);
  under_way := (SELECT format('the %s at statement %s',
      retort.step_name(i.revision, i.direction), i.statement)
    FROM retort.intent AS i);
  IF under_way IS DISTINCT FROM expected THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: %s should be under way; %s', expected,
        coalesce('what is under way is ' || under_way, 'nothing is')),
      HINT = CASE WHEN under_way IS NOT NULL
        THEN concat('Nothing was changed. ', retort.unfinished_hint())
        WHEN retort.is_pending(require_intent.revision, require_intent.direction)
        THEN format('Nothing was changed. %s is %s: run all files of this step, from its first; '
          'before them those of earlier steps that are not done.',
          require_intent.revision,
          CASE direction WHEN 'up' THEN 'not applied' ELSE 'applied' END)
        ELSE format('Nothing was changed. %s is %s: go on with the first file of the next step.',
          require_intent.revision,
          CASE direction WHEN 'up' THEN 'applied already' ELSE 'not applied any more' END) END;
  END IF;
END
$body$;

-- Does an applied revision need one that is not?
CREATE FUNCTION retort.has_hole() RETURNS boolean
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN EXISTS (SELECT FROM retort.applied AS a, unnest(a.parents || a.depends_on) AS n (id)
    WHERE NOT EXISTS (SELECT FROM retort.applied AS b WHERE b.revision = n.id));
END
$body$;

-- That every step of a script is done, whatever is applied besides; else null. will_be are the rows
-- that a repair leaves.
CREATE FUNCTION retort.nothing_to_do(steps text[], direction text, will_be jsonb DEFAULT '{}')
RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN 'there is nothing to do for this script: ' || CASE
    WHEN will_be <> '{}' AND retort.changed_rows(will_be) = '{}'
      THEN 'its rows of the ledger are repaired already'
    WHEN steps <> '{}' AND NOT retort.has_hole() AND NOT EXISTS (
        SELECT FROM unnest(steps) AS s (id) WHERE retort.is_pending(s.id, direction))
      THEN CASE direction WHEN 'up' THEN 'all of its revisions are applied already'
        ELSE 'none of its revisions is applied' END END;
END
$body$;

-- Which steps of a script are still to be done, although later ones are done; else null. The rows
-- may have no hole where they do: a file was put between others after these were applied.
CREATE FUNCTION retort.passed_over(steps text[], direction text) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (WITH step AS (SELECT s.id, s.place, retort.is_pending(s.id, direction) AS is_pending
      FROM unnest(steps) WITH ORDINALITY AS s (id, place))
    SELECT string_agg(s.id, ', ' ORDER BY s.place) FROM step AS s
    WHERE s.is_pending
      AND s.place < (SELECT max(l.place) FROM step AS l WHERE NOT l.is_pending));
END
$body$;

-- What to do with a step that is unfinished, where a script that would discard it is not run; null:
-- there is none. A stamp of what is applied would be refused, or record more, where something is
-- missing below that.
CREATE FUNCTION retort.discard_hint() RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (SELECT format('The interruption of %s stays; to discard it: '
      'CALL retort.forget_intent();', i.revision)
    FROM retort.intent AS i);
END
$body$;

-- What to do where the ledger still names what squashed revisions of a script replace, or some of
-- it; else null. replaced says which, in order: {"s3": ["a1", "b2"]}. A stamp makes it name those.
CREATE FUNCTION retort.replaced_hint(replaced jsonb, heads text[]) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (SELECT CASE WHEN s.missing IS NOT NULL
      THEN format('Of the revisions that %1$s replaces, the database has %2$s, but not %3$s: with '
        'the files as they were before %1$s was written (an older commit), run: %5$s upgrade '
        '%4$s (as a script: add --sql --from-database); then go on with the new ones', s.id,
        left(s.present, 1000), left(s.missing, 1000), s.last, retort.migrate())
      WHEN NOT retort.has_hole()
      THEN format('The ledger still names replaced revisions; record the change first with: '
        '%s stamp %s (as a script: add --sql --from-database)', retort.migrate(),
        (SELECT string_agg(DISTINCT coalesce(r.key, h.id), ' ') FROM unnest(heads) AS h (id)
          LEFT JOIN jsonb_each(replaced) AS r ON r.value ? h.id)) END
    FROM (SELECT r.key AS id, r.value ->> -1 AS last,
        string_agg(m.id, ', ' ORDER BY m.n) FILTER (WHERE a.revision IS NOT NULL) AS present,
        string_agg(m.id, ', ' ORDER BY m.n) FILTER (WHERE a.revision IS NULL) AS missing
      FROM jsonb_each(replaced) AS r,
        jsonb_array_elements_text(r.value) WITH ORDINALITY AS m (id, n)
        LEFT JOIN retort.applied AS a ON a.revision = m.id
      GROUP BY r.key, r.value HAVING count(a.revision) > 0 ORDER BY missing, r.key LIMIT 1) AS s);
END
$body$;

-- How what is applied differs from all of must and what is in may, and which of the rows that are
-- there differ from were; null where nothing does.
CREATE FUNCTION retort.differences(must text[], may text[], were jsonb DEFAULT '{}',
  OUT missing text, OUT unexpected text, OUT changed text)
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  missing := (SELECT string_agg(m.id, ', ' ORDER BY m.id) FROM unnest(must) AS m (id)
    WHERE NOT EXISTS (SELECT FROM retort.applied AS a WHERE a.revision = m.id));
  unexpected := (SELECT string_agg(a.revision, ', ' ORDER BY a.revision) FROM retort.applied AS a
    WHERE NOT EXISTS (SELECT FROM unnest(must || may) AS m (id) WHERE m.id = a.revision));
  changed := (SELECT string_agg(a.revision, ', ' ORDER BY a.revision) FROM retort.applied AS a
    WHERE a.revision = ANY (retort.changed_rows(were)));
END
$body$;

-- Where nothing that a script knows is applied, but something else: that this may be the database
-- of another project; else null. A run from an empty database knows nothing.
CREATE FUNCTION retort.wrong_place(known text[]) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN CASE WHEN known <> '{}' AND EXISTS (SELECT FROM retort.applied) AND NOT EXISTS (
      SELECT FROM unnest(known) AS k (id) JOIN retort.applied AS a ON a.revision = k.id)
    THEN 'Connect to the right database: nothing that this script has or needs is applied to this '
      'one, but other revisions are.' END;
END
$body$;

-- The revisions that are applied with other SQL than codes has, comments apart; else null.
CREATE FUNCTION retort.other_code(codes jsonb) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (SELECT string_agg(a.revision, ', ' ORDER BY a.revision) FROM retort.applied AS a
    WHERE codes ->> a.revision <> a.code_checksum);
END
$body$;

-- How the step that is unfinished differs from the script that is to go on with it, and what to do;
-- else null. begun has, for each revision that may be half done and each of its statements, the
-- hash of those before it; null for the first, where that has come to run in a transaction: none is
-- begun there.
CREATE FUNCTION retort.begun_otherwise(begun jsonb, direction text,
  OUT otherwise text, OUT way_out text)
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT format('%s was interrupted at statement %s, and %s', i.revision, i.statement,
        CASE WHEN i.statement > jsonb_array_length(begun -> i.revision)
          THEN 'this script has fewer statements of it'
          WHEN i.statement = 1 THEN 'this script begins it in a transaction'
          ELSE 'the statements before it differ from those that were run' END),
      format('%s; or finish the step by hand, and record it with its CALL of retort.end_%sgrade.',
        CASE WHEN i.statement > jsonb_array_length(begun -> i.revision)
          THEN 'Write the script again with --from-database and --idempotent'
          WHEN i.statement = 1 THEN 'Resume it with: ' || retort.resuming()
          ELSE 'Restore them in the file of the migration, and write the script again' END,
        i.direction)
    INTO otherwise, way_out FROM retort.intent AS i
    WHERE i.direction = begun_otherwise.direction AND begun ? i.revision
      AND i.before IS DISTINCT FROM begun -> i.revision ->> (i.statement - 1);
END
$body$;

-- Why a script that finds the ledger as it is would stop before its first step, and what to do;
-- null where it would not. It would, unless no step is unfinished except one of half_done in that
-- direction, which has begun with the statements of begun, or any if the script discards it; all of
-- must are applied, and nothing else except what is in may; what is applied of the script's own
-- steps is so with their SQL: codes has the code checksum of each; and the rows that a repair
-- corrects or deletes are as they were when it was planned. will_be is what it makes of them.
-- is_done tells whether nothing is left to do for it. The hint says so, or what is applied; again
-- is a command, with %s for the current heads unless it asks the database, or empty. Where heads do
-- not tell what is applied, because those of must, starts, are the current ones, or something below
-- them is missing, the command asks the database. There is no such command where nothing is to do;
-- nor where the ledger still names what squashed revisions of the script replace, as replaced says.
-- steps are those of a script whose steps all go in that direction, in their order.
-- Where nothing is applied, the ledger may have been left out of a restore: then the starts of a
-- script that runs SQL can be recorded, which a stamp does itself. known are revisions of the
-- script that must, may and steps do not have. Heads that are in none of these may have no file
-- where the command is typed; also is what such a script may do to them besides, with %s for them,
-- or empty.
CREATE FUNCTION retort.state_fault(
  must text[], may text[], done_revisions bigint, done_digest numeric, again text,
  half_done text[] DEFAULT '{}', direction text DEFAULT 'up', starts text[] DEFAULT '{}',
  steps text[] DEFAULT '{}', replaced jsonb DEFAULT '{}', codes jsonb DEFAULT '{}',
  known text[] DEFAULT '{}', begun jsonb DEFAULT '{}', also text DEFAULT '',
  were jsonb DEFAULT '{}', will_be jsonb DEFAULT '{}', discards boolean DEFAULT false,
  OUT fault text, OUT hint text, OUT is_done boolean)
LANGUAGE plpgsql AS $body$
DECLARE
  missing pg_catalog.text;
  unexpected pg_catalog.text;
  changed pg_catalog.text;
  step pg_catalog.text;
  heads pg_catalog.text[];
  of_script pg_catalog.text[];
  rest pg_catalog.text;
  squashed pg_catalog.text;
  nothing pg_catalog.text;
  place pg_catalog.text;
  passed_over pg_catalog.text;
  has_hole boolean;
  command pg_catalog.text;
  script pg_catalog.text;
  recording pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  is_done := false;
  step := retort.unfinished(half_done, direction);
  IF step IS NOT NULL AND NOT discards THEN
    fault := 'a step outside a transaction is unfinished: ' || step;
    hint := retort.unfinished_hint();
    RETURN;
  END IF;
  SELECT b.otherwise, b.way_out INTO fault, hint
    FROM retort.begun_otherwise(begun, direction) AS b;
  IF fault IS NOT NULL THEN
    RETURN;
  END IF;
  fault := 'applied with other SQL than that of this script: '
    || left(retort.other_code(codes), 1000);
  IF fault IS NOT NULL THEN
    hint := format('Compare the files with the database: %s verify. If that finds nothing, this '
      'script was written from other files, or before they were changed: write it again.',
      retort.migrate());
    RETURN;
  END IF;
  is_done := EXISTS (SELECT FROM retort.state AS s
      WHERE s.revisions = done_revisions AND s.digest = done_digest)
    AND retort.changed_rows(will_be) = '{}';
  SELECT d.missing, d.unexpected, d.changed INTO missing, unexpected, changed
    FROM retort.differences(must, may, were) AS d;
  IF concat(missing, unexpected, changed) = '' THEN
    is_done := is_done AND step IS NULL;
    RETURN;
  END IF;
  fault := concat('this database is not in the expected state',
    '; not applied, but should be: ' || left(missing, 1000),
    '; applied, but should not be: ' || left(unexpected, 1000),
    '; with other values in the ledger than expected: ' || left(changed, 1000));
  heads := ARRAY(SELECT a.revision FROM retort.applied AS a
    WHERE NOT EXISTS (SELECT FROM retort.applied AS b
      WHERE a.revision = ANY (b.parents || b.depends_on)) ORDER BY 1);
  rest := CASE WHEN discards THEN retort.discard_hint() END;
  squashed := retort.replaced_hint(replaced, heads);
  nothing := CASE WHEN squashed IS NULL THEN retort.nothing_to_do(steps, direction, will_be) END;
  of_script := must || may || steps || known;
  place := retort.wrong_place(of_script);
  passed_over := CASE WHEN squashed IS NULL THEN retort.passed_over(steps, direction) END;
  -- What is missing where the starts are there is below them.
  has_hole := passed_over IS NOT NULL OR retort.has_hole()
    OR starts <> '{}' AND missing IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(starts) AS s (id)
      WHERE NOT EXISTS (SELECT FROM retort.applied AS a WHERE a.revision = s.id));
  recording := CASE WHEN heads = '{}' AND starts <> '{}' AND were = '{}' AND NOT discards
    THEN format('all that %s %s with: %s stamp %s (as a script: add --sql)',
      array_to_string(starts, ', '), CASE cardinality(starts) WHEN 1 THEN 'does, record it'
        ELSE 'do, record them' END, retort.migrate(), array_to_string(starts, ' ')) END;
  IF is_done OR nothing IS NOT NULL THEN
    hint := concat(CASE WHEN NOT is_done
        THEN format('%s: SELECT * FROM retort.applied; %s.',
          coalesce(place || ' If it is the right one, see', 'See'), nothing)
        WHEN rest IS NOT NULL THEN 'The steps of this script are done already.'
        ELSE 'All of it is done already.' END, ' ' || rest,
      ' If this database has nevertheless ' || recording || '; then run this script again.');
    is_done := true;
    RETURN;
  END IF;
  command := CASE
    WHEN strpos(again, '%s:') > 0 AND (heads @> starts AND heads <@ starts OR has_hole)
    THEN replace(again, '%s:', '') || ' --from-database' ELSE again END;
  script := concat('a script from this state',
      (SELECT format(', which may also %s,', replace(nullif(also, ''), '%s',
          left(string_agg(a.revision, ', ' ORDER BY a.revision), 1000)))
        FROM retort.applied AS a WHERE also <> '' AND a.revision <> ALL (of_script)
        HAVING count(*) > 0))
    || ' with: ' || nullif(format(command,
      coalesce(nullif(array_to_string(heads, ','), ''), 'base')), '');
  hint := CASE WHEN place IS NOT NULL
    THEN concat(place, ' If two projects share it, give each its own ledger: '
      '"ledger": {"schema": ...} in the config file. If they are revisions of this project, '
      'restore their files where these are missing, and write ' || script)
    ELSE concat('See: SELECT * FROM retort.applied;', CASE WHEN changed IS NOT NULL
        THEN format(' and compare its rows with the files: %s verify.', retort.migrate()) END,
      format(' of the revisions of this script these are %s: ', CASE direction
        WHEN 'up' THEN 'not applied, though later ones are'
        ELSE 'applied, though later ones are not' END) || left(passed_over, 1000) || '.',
      (SELECT format(' If a file of %s is missing, restore it first: another git branch may '
        'have it.', string_agg(h.id, ', '))
        FROM unnest(heads) AS h (id) WHERE again <> '' AND h.id <> ALL (of_script)
        HAVING count(*) > 0),
      coalesce(' ' || squashed, concat(' If this is the right database, ',
        'and has already ' || recording || '; if it has not, ', 'write ') || script)) END;
END
$body$;

-- Before the first step. Stops unless this session holds the lock, and the ledger is as state_fault
-- says with the same arguments. A step of half_done is found: it is gone on with.
-- If it stops, it releases the lock: a later step may start from the state that is wrong now, and
-- without the lock no step begins, whatever the client does.
CREATE PROCEDURE retort.require_state(
  must text[], may text[], done_revisions bigint, done_digest numeric, again text,
  half_done text[] DEFAULT '{}', direction text DEFAULT 'up', starts text[] DEFAULT '{}',
  steps text[] DEFAULT '{}', replaced jsonb DEFAULT '{}', codes jsonb DEFAULT '{}',
  known text[] DEFAULT '{}', begun jsonb DEFAULT '{}', also text DEFAULT '',
  were jsonb DEFAULT '{}', will_be jsonb DEFAULT '{}', discards boolean DEFAULT false)
LANGUAGE plpgsql AS $body$
DECLARE
  refused pg_catalog.record;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  CALL retort.require_lock();
  SELECT * INTO refused FROM retort.state_fault(must, may, done_revisions, done_digest, again,
    half_done, direction, starts, steps, replaced, codes, known, begun, also, were, will_be,
    discards);
  IF refused.fault IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001', MESSAGE = 'retort: ' || refused.fault,
      HINT = 'Nothing was changed. ' || refused.hint;
  END IF;
  UPDATE retort.intent AS i SET found = true
    WHERE i.revision = ANY (half_done) AND i.direction = require_state.direction;
EXCEPTION WHEN OTHERS OR query_canceled THEN
  CALL retort.unlock();
  RAISE;
END
$body$;

-- In the first of split files, before require_state, which says what else is wrong. Stops if the
-- first of the steps are done, as by further files, and nothing else was: then one of these files
-- is next. steps are in their order; codes has the code checksum of each that goes up.
CREATE PROCEDURE retort.require_unbegun(steps text[], direction text, done_revisions bigint,
  done_digest numeric, codes jsonb DEFAULT '{}')
LANGUAGE plpgsql AS $body$
DECLARE
  sign CONSTANT integer := CASE direction WHEN 'up' THEN 1 ELSE -1 END;
  pending pg_catalog.text[];
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  pending := ARRAY(SELECT s.id FROM unnest(steps) WITH ORDINALITY AS s (id, place)
    WHERE retort.is_pending(s.id, direction) ORDER BY s.place);
  IF pending NOT IN ('{}', steps) AND pending = steps[array_position(steps, pending[1]):]
      AND retort.unfinished() IS NULL AND retort.other_code(codes) IS NULL
      AND EXISTS (SELECT FROM retort.state AS s
        WHERE s.revisions + sign * cardinality(pending) = done_revisions AND done_digest = s.digest
          + sign * (SELECT sum(retort.digest_of(p.id)) FROM unnest(pending) AS p (id))) THEN
    CALL retort.unlock();
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the steps of this script before %s are done already', pending[1]),
      HINT = format('Nothing was changed. Go on with the first file of %s.', pending[1]);
  END IF;
END
$body$;

-- Resets the session for a step, whatever was set, prepared or created in it before.
CREATE PROCEDURE retort.reset_session()
LANGUAGE plpgsql AS $body$
BEGIN
  CALL retort.protect_session();
  DEALLOCATE ALL;
  EXECUTE 'CLOSE ALL';
  UNLISTEN *;
  DISCARD TEMP;
  DISCARD SEQUENCES;
END
$body$;

-- The settings that the author's SQL starts with. A timeout that was set for the connection, as in
-- PGOPTIONS, is kept. The project's own settings are set after this, if they differ.
CREATE PROCEDURE retort.set_session()
LANGUAGE plpgsql AS $body$
DECLARE
  kept pg_catalog.text[] := '{}';
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RESET lock_timeout;
  -- Only if there is a timeout: pg_settings is slow.
  IF current_setting('lock_timeout') <> '0' OR current_setting('statement_timeout') <> '0' THEN
    kept := ARRAY(SELECT s.name FROM pg_settings AS s
      WHERE s.source = 'client' AND s.setting <> '0');
  END IF;
  IF 'lock_timeout' <> ALL (kept) THEN
    SET lock_timeout = '5s';
  END IF;
  IF 'statement_timeout' <> ALL (kept) THEN
    SET statement_timeout = 0;
  END IF;
  SET DateStyle = 'ISO, MDY';
  SET TimeZone = 'UTC';
  SET check_function_bodies = on;
  SET search_path TO DEFAULT;
END
$body$;

-- Before a statement that blocks others: takes its locks on these tables, names[i] in modes[i]. If
-- that fails, it has none of them, says who blocks it, waits, and tries again, retries times. A
-- table that is missing, or that the role may not lock, is left to the statement itself. A name
-- without a schema is looked up as that statement looks it up.
CREATE PROCEDURE retort.take_locks(names text[], modes text[], retries integer)
LANGUAGE plpgsql AS $body$
DECLARE
  path CONSTANT pg_catalog.text := pg_catalog.current_setting('search_path');
  tables CONSTANT pg_catalog.regclass[] := ARRAY(SELECT pg_catalog.to_regclass(n.name)
    FROM pg_catalog.unnest(names) WITH ORDINALITY AS n (name, place) ORDER BY n.place);
  time_limit double precision;
  pause double precision;
  wanted record;
  blockers pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  time_limit := extract(epoch FROM current_setting('statement_timeout')::interval);
  FOR retry IN 0 .. retries LOOP
    BEGIN
      FOR wanted IN SELECT c.oid, c.oid::regclass AS name, n.mode
        FROM unnest(tables, modes) WITH ORDINALITY AS n (id, mode, place)
          JOIN pg_class AS c ON c.oid = n.id
        WHERE c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
        ORDER BY n.place
      LOOP
        EXECUTE format('LOCK TABLE ONLY %s IN %s MODE', wanted.name, wanted.mode);
      END LOOP;
      EXIT;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      blockers := coalesce((SELECT string_agg(DISTINCT coalesce('pid ' || concat_ws(', ', l.pid,
          nullif(a.application_name, ''), a.usename, host(a.client_addr),
          CASE WHEN a.state LIKE 'idle%'
            AND a.state_change < clock_timestamp() - interval '1 second' THEN a.state END,
          'for ' || date_trunc('second', clock_timestamp() - a.xact_start),
          rtrim(left(nullif(a.query, '<insufficient privilege>'), 60), '; ')),
          'a prepared transaction'), '; ')
        FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.locktype = 'relation' AND l.granted AND l.relation = wanted.oid
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND l.pid IS DISTINCT FROM pg_backend_pid() AND l.mode <> ALL (CASE wanted.mode
            WHEN 'ACCESS EXCLUSIVE' THEN '{}'::text[] WHEN 'EXCLUSIVE' THEN '{AccessShareLock}'
            WHEN 'SHARE' THEN '{AccessShareLock, RowShareLock, ShareLock}'
            ELSE '{AccessShareLock, RowShareLock}' END)), 'a session that has ended since');
      blockers := regexp_replace(format('retort: %s is locked by %s', wanted.name, blockers),
        '[[:cntrl:]]+', ' ', 'g');
      pause := least(0.5 * 2 ^ retry, 30) * (0.5 + random());
      IF retry = retries OR time_limit > 0 AND time_limit <
          pause + extract(epoch FROM clock_timestamp() - statement_timestamp()) THEN
        RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = blockers,
          HINT = CASE WHEN EXISTS (SELECT FROM retort.intent)
            THEN concat('What the step did before this is kept. When that session is done, go on. ',
              retort.unfinished_hint())
            ELSE format('The transaction was rolled back. When that session is done, run this '
              'again if it is the file of a split script, if this was its first step, or if it was '
              'written with --single-transaction or --idempotent; else write a script from the '
              'state that is reached: %s upgrade --sql --from-database (or downgrade)',
              retort.migrate()) END;
      END IF;
      RAISE WARNING USING MESSAGE = format('%s; retry %s of %s in %s s', blockers, retry + 1,
        retries, round(pause::numeric, 1));
    END;
    PERFORM pg_sleep(pause);
  END LOOP;
  PERFORM set_config('search_path', path, true);
END
$body$;

-- Before the author's SQL. Resets the session and pins its settings. Stops unless this session
-- holds the lock, no step is unfinished, and that many revisions, with that digest, are applied.
CREATE PROCEDURE retort.begin_step(
  revision text, revisions bigint, digest numeric, direction text DEFAULT 'up')
LANGUAGE plpgsql AS $body$
DECLARE
  applied bigint;
BEGIN
  CALL retort.reset_session();
  CALL retort.require_lock();
  CALL retort.require_no_intent(begin_step.revision);
  IF NOT EXISTS (SELECT FROM retort.state AS s
      WHERE s.revisions = begin_step.revisions AND s.digest = begin_step.digest) THEN
    applied := coalesce((SELECT max(s.revisions) FROM retort.state AS s), 0);
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: %s is not next: %s', begin_step.revision,
        CASE WHEN NOT retort.is_pending(begin_step.revision, direction)
          THEN CASE direction WHEN 'up' THEN 'it is already applied' ELSE 'it is not applied' END
          WHEN applied = begin_step.revisions
          THEN 'the applied revisions are not the expected ones'
          ELSE format('the number of applied revisions is %s, not %s', applied,
            begin_step.revisions) END),
      HINT = retort.not_next_hint(begin_step.revision, direction);
  END IF;
  CALL retort.set_session();
END
$body$;

-- begin_step of a script that skips what is done. Stops unless the revision is pending and all that
-- it needs is applied.
CREATE PROCEDURE retort.begin_upgrade(revision text, needs text[])
LANGUAGE plpgsql AS $body$
DECLARE
  missing pg_catalog.text;
BEGIN
  CALL retort.reset_session();
  CALL retort.require_lock();
  CALL retort.require_no_intent(begin_upgrade.revision);
  missing := (SELECT string_agg(n.id, ', ' ORDER BY n.id) FROM unnest(needs) AS n (id)
    WHERE NOT EXISTS (SELECT FROM retort.applied AS a WHERE a.revision = n.id));
  IF missing IS NOT NULL OR NOT retort.is_pending(begin_upgrade.revision, 'up') THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: %s is not next: %s', begin_upgrade.revision,
        coalesce('it needs ' || missing, 'it is already applied')),
      HINT = retort.not_next_hint(begin_upgrade.revision, 'up');
  END IF;
  CALL retort.set_session();
END
$body$;

-- The same for a downgrade. Stops unless the revision is applied and nothing applied needs it.
CREATE PROCEDURE retort.begin_downgrade(revision text)
LANGUAGE plpgsql AS $body$
DECLARE
  needed_by pg_catalog.text;
BEGIN
  CALL retort.reset_session();
  CALL retort.require_lock();
  CALL retort.require_no_intent(begin_downgrade.revision);
  needed_by := (SELECT string_agg(a.revision, ', ' ORDER BY a.revision) FROM retort.applied AS a
    WHERE begin_downgrade.revision = ANY (a.parents || a.depends_on));
  IF needed_by IS NOT NULL OR NOT retort.is_pending(begin_downgrade.revision, 'down') THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: %s is not next: %s', begin_downgrade.revision,
        coalesce('it is needed by ' || needed_by, 'it is not applied')),
      HINT = retort.not_next_hint(begin_downgrade.revision, 'down');
  END IF;
  CALL retort.set_session();
END
$body$;

-- Is the step still to be done?
CREATE FUNCTION retort.is_pending(revision text, direction text) RETURNS boolean
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN (direction = 'up') <> EXISTS (SELECT FROM retort.applied AS a
    WHERE a.revision = is_pending.revision);
END
$body$;

-- What to say of a step that is not next: all of it is done, or nothing. It may be of any script.
CREATE FUNCTION retort.not_next_hint(revision text, direction text) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN CASE WHEN retort.is_pending(revision, direction)
    THEN format('Nothing of this step was done. See: SELECT * FROM retort.applied; of a split '
      'script, first run the files before this one that are not done; else, or if all are, write a '
      'script from this state with: %s %s --sql --from-database', retort.migrate(),
      CASE direction WHEN 'up' THEN 'upgrade' ELSE 'downgrade TARGET' END)
    ELSE 'All of this step is done already. See: SELECT * FROM retort.applied; of a split script, '
      'go on with the first file of the next step.' END;
END
$body$;

-- How these relations are called, with their schemas; null for one that does not exist.
CREATE FUNCTION retort.names_of(relations oid[]) RETURNS text[]
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN CASE WHEN relations IS NOT NULL THEN ARRAY(
    SELECT (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = r.oid)
    FROM unnest(relations) WITH ORDINALITY AS r (oid, place) ORDER BY r.place) END;
END
$body$;

-- What these relations, of which the OIDs and the names were recorded, are now: those of that name,
-- because a restore and a REINDEX CONCURRENTLY give them other OIDs; else those of that OID, which
-- were renamed; else null.
CREATE FUNCTION retort.relations_now(oids oid[], names text[]) RETURNS oid[]
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN ARRAY(SELECT coalesce(
      (SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = p.parts[1] AND c.relname = p.parts[2]),
      (SELECT c.oid FROM pg_class AS c WHERE c.oid = oids[r.place]))
    FROM unnest(names) WITH ORDINALITY AS r (name, place), parse_ident(r.name) AS p (parts)
    ORDER BY r.place);
END
$body$;

-- What the catalog has of what a statement creates, drops or leaves behind; null if it does not
-- show. places are the relations that it names.
CREATE FUNCTION retort.traces(kind text, names text[], places oid[]) RETURNS oid[]
LANGUAGE plpgsql AS $body$
DECLARE
  bare pg_catalog.name;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  bare := (SELECT p.parts[cardinality(p.parts)]
    FROM parse_ident(names[CASE kind WHEN 'create index' THEN 2 ELSE 1 END]) AS p (parts));
  RETURN CASE
    WHEN kind = 'create index' THEN ARRAY(
      SELECT x.indexrelid FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid
      WHERE x.indrelid = places[1] AND (bare IS NULL OR c.relname = bare))
    WHEN kind = 'drop index' THEN ARRAY(
      SELECT c.oid FROM pg_class AS c WHERE c.oid = ANY (places))
    WHEN kind = 'detach partition' THEN ARRAY(
      SELECT i.inhrelid FROM pg_inherits AS i
      WHERE i.inhparent = places[1] AND i.inhrelid = places[2])
    -- The copies that a concurrent build has not finished, or not yet dropped; also of TOAST.
    WHEN kind LIKE 'reindex %' THEN ARRAY(
      SELECT x.indexrelid FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid
        JOIN pg_class AS t ON t.oid = x.indrelid LEFT JOIN pg_class AS m ON m.reltoastrelid = t.oid
      WHERE NOT x.indisvalid AND c.relname ~ '_cc(new|old)\d*$' AND CASE kind
        WHEN 'reindex index' THEN t.oid =
          (SELECT o.indrelid FROM pg_index AS o WHERE o.indexrelid = places[1])
        WHEN 'reindex table' THEN coalesce(m.oid, t.oid) = places[1]
          OR coalesce(m.oid, t.oid) IN (SELECT p.relid FROM pg_partition_tree(places[1]) AS p)
        WHEN 'reindex schema' THEN coalesce(m.relnamespace, t.relnamespace) =
          (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = bare)
        ELSE true END)
    WHEN kind LIKE '% database' THEN ARRAY(
      SELECT d.oid FROM pg_database AS d WHERE d.datname = bare)
    WHEN kind LIKE '% tablespace' THEN ARRAY(
      SELECT s.oid FROM pg_tablespace AS s WHERE s.spcname = bare)
    WHEN kind LIKE '% subscription' THEN ARRAY(
      SELECT s.subdbid FROM pg_subscription AS s JOIN pg_database AS d ON d.oid = s.subdbid
      WHERE s.subname = bare AND d.datname = current_database())
  END;
END
$body$;

-- Records, before a statement that cannot be rolled back, that it comes next, and what already
-- exists of what it creates or drops; not if is_first is false: it may be half done. Its names
-- mean what they mean to the author.
CREATE PROCEDURE retort.intend(revision text, direction text, statement integer, of integer,
  hash text, before text, kind text DEFAULT NULL, names text[] DEFAULT NULL,
  is_first boolean DEFAULT true)
LANGUAGE plpgsql AS $body$
DECLARE
  path CONSTANT pg_catalog.text := pg_catalog.current_setting('search_path');
  places pg_catalog.oid[];
  present pg_catalog.oid[];
BEGIN
  IF names IS NOT NULL THEN
    places := ARRAY(SELECT pg_catalog.to_regclass(n.name)
      FROM pg_catalog.unnest(names) WITH ORDINALITY AS n (name, place) ORDER BY n.place);
  END IF;
  CALL retort.protect_session();
  IF is_first THEN
    present := retort.traces(kind, names, places);
  END IF;
  INSERT INTO retort.intent AS i VALUES (revision, direction, statement, of, hash, before,
      transaction_timestamp(), SESSION_USER, kind, names, path, places, retort.names_of(places),
      present, retort.names_of(present), false, false)
    ON CONFLICT ON CONSTRAINT intent_pkey DO UPDATE SET statement = intend.statement,
      of = intend.of, hash = intend.hash, before = intend.before, kind = intend.kind,
      names = intend.names, path = excluded.path, places = excluded.places,
      place_names = excluded.place_names, present = excluded.present,
      present_names = excluded.present_names, done = false, found = false, error = NULL;
END
$body$;

-- The outcome of the statement that an interrupted step is at, judged by what it left: done, not
-- done, half done, unknown, with the reason and the remedy if there is one; or other: is_there is
-- an index of that name, but a different one.
-- cleanup makes room for the statement, or finishes it if finishes is true. twin is the CREATE
-- INDEX on a copy of its table in pg_temp: its definition is the one that was intended.
CREATE FUNCTION retort.outcome(twin text, OUT outcome text, OUT cleanup text[],
  OUT finishes boolean, OUT is_there text, OUT reason text, OUT remedy text)
LANGUAGE plpgsql AS $body$
DECLARE
  step retort.intent;
  there pg_catalog.oid[];
  was_there pg_catalog.oid[];
  asked_for record;
  found_index record;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT * INTO step FROM retort.intent;
  step.places := retort.relations_now(step.places, step.place_names);
  there := retort.traces(step.kind, step.names, step.places);
  was_there := array_remove(retort.relations_now(step.present, step.present_names), NULL);
  outcome := 'not done';
  cleanup := '{}';
  finishes := false;
  IF step.done THEN
    outcome := 'done';
  ELSIF step.kind IS NULL THEN
    RETURN;
  ELSIF step.kind LIKE 'reindex %' OR step.kind = 'create index' THEN
    cleanup := ARRAY(SELECT format('DROP INDEX CONCURRENTLY %I.%I', n.nspname, c.relname)
      FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE x.indexrelid = ANY (there) AND NOT x.indisvalid
        AND (x.indexrelid <> ALL (was_there) OR cardinality(step.names) = 2)
      ORDER BY 1);
    outcome := CASE WHEN cleanup = '{}' THEN 'not done' ELSE 'half done' END;
    IF cleanup <> '{}' OR step.kind <> 'create index' THEN
      RETURN;
    END IF;
    FOR found_index IN SELECT x.indexrelid, x.indrelid FROM pg_index AS x
      WHERE x.indexrelid = ANY (there) AND x.indexrelid <> ALL (was_there)
    LOOP
      SELECT * INTO asked_for
        FROM retort.definition_of(twin, found_index.indrelid, step.path);
      -- Of one without a name nothing is in its way, so the server may refuse it in its own words.
      IF asked_for.remedy IS NOT NULL
        OR asked_for.reason IS NOT NULL AND cardinality(step.names) = 2 THEN
        outcome := 'unknown';
        reason := asked_for.reason;
        remedy := asked_for.remedy;
        RETURN;
      ELSIF retort.definition(found_index.indexrelid) = asked_for.definition THEN
        outcome := 'done';
      ELSIF cardinality(step.names) = 2 THEN
        outcome := 'other';
        is_there := pg_get_indexdef(found_index.indexrelid);
      END IF;
    END LOOP;
  ELSIF step.kind = 'detach partition' AND retort.is_half_detached(step.places) THEN
    outcome := 'half done';
    finishes := true;
    cleanup := ARRAY[format('ALTER TABLE %s DETACH PARTITION %s FINALIZE',
      step.places[1]::regclass, step.places[2]::regclass)];
  -- An index or a partition of that name is the one that is meant; a database may be another one.
  ELSIF step.present IS NULL OR there <> '{}' AND step.present <> '{}'
    AND NOT there && step.present AND step.kind NOT IN ('drop index', 'detach partition') THEN
    outcome := 'unknown';
  ELSIF (there = '{}') <> (step.present = '{}')
    AND (there <> '{}') = (step.kind LIKE 'create %') THEN
    outcome := 'done';
  END IF;
END
$body$;

-- The definition of an index without its name, its table and its tablespace.
CREATE FUNCTION retort.definition(index oid) RETURNS text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN regexp_replace(pg_get_indexdef(index), 'INDEX ("([^"]|"")*"|[^" ]+) ON (ONLY )?'
    '(("([^"]|"")*"|[^". ]+)\.)?("([^"]|"")*"|[^". ]+) ', '');
END
$body$;

-- The definition of the index that twin creates on a copy of the table, which is rolled back; null
-- if it creates none. If it cannot be created: the reason, and what to type if a right is missing.
-- Only who has the rights of the table's owner may index it. Where this role does not inherit
-- them, the file has set one that has them.
CREATE FUNCTION retort.definition_of(twin text, of_table oid, path text,
  OUT definition text, OUT reason text, OUT remedy text)
LANGUAGE plpgsql AS $body$
DECLARE
  own_role CONSTANT pg_catalog.text := pg_catalog.current_setting('role');
  table_name pg_catalog.name;
  owner pg_catalog.name;
  has_rights boolean;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF twin IS NULL THEN
    RETURN;
  END IF;
  SELECT c.relname, pg_get_userbyid(c.relowner), pg_has_role(c.relowner, 'USAGE')
    INTO table_name, owner, has_rights FROM pg_class AS c WHERE c.oid = of_table;
  IF NOT has_rights THEN
    PERFORM set_config('role', owner, true);
  END IF;
  IF NOT has_database_privilege(current_database(), 'TEMPORARY') THEN
    remedy := format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), CURRENT_USER);
  END IF;
  EXECUTE format('CREATE TEMPORARY TABLE %I (LIKE %s)', table_name, of_table::regclass);
  PERFORM set_config('search_path', path, true);
  EXECUTE twin;
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  PERFORM set_config('role', own_role, true);
  definition := (SELECT retort.definition(x.indexrelid) FROM pg_index AS x
    JOIN pg_class AS t ON t.oid = x.indrelid
    WHERE t.relnamespace = pg_my_temp_schema() AND t.relname = table_name);
  RAISE EXCEPTION USING ERRCODE = 'RT003';
EXCEPTION
  WHEN SQLSTATE 'RT003' THEN
    NULL;
  WHEN OTHERS THEN
    reason := SQLERRM;
END
$body$;

-- Is the detaching of a partition started, but not finished?
CREATE FUNCTION retort.is_half_detached(places oid[]) RETURNS boolean
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  -- The column came with PostgreSQL 14, and CONCURRENTLY with it.
  RETURN coalesce((SELECT (to_jsonb(i) ->> 'inhdetachpending')::boolean FROM pg_inherits AS i
    WHERE i.inhparent = places[1] AND i.inhrelid = places[2]), false);
END
$body$;

-- For a script that resumes where it stopped: is this statement of the step next? 0: the step has
-- not started.
CREATE FUNCTION retort.is_next(revision text, statement integer) RETURNS boolean
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN coalesce((SELECT i.statement FROM retort.intent AS i
    WHERE i.revision = is_next.revision), 0) = is_next.statement;
END
$body$;

-- The same for a statement outside a transaction: is it next, and not done? What was half done has
-- been cleaned up before.
CREATE FUNCTION retort.is_undone(revision text, statement integer, twin text DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql AS $body$
DECLARE
  became record;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF NOT retort.is_next(revision, statement) THEN
    RETURN false;
  ELSIF EXISTS (SELECT FROM retort.intent AS i WHERE NOT i.found) THEN
    RETURN true;
  END IF;
  SELECT * INTO became FROM retort.outcome(twin);
  IF became.outcome NOT IN ('done', 'not done') THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = concat('retort: ', revision, ' was interrupted at statement ', statement, ', and ',
        coalesce('the existing index differs from the one it creates: ' || became.is_there,
          'the existing index cannot be compared with the one it creates: ' || became.reason,
          'the catalog does not show whether it was done')),
      HINT = concat(CASE
          WHEN became.is_there IS NOT NULL
          THEN 'If that index is not needed, drop it with DROP INDEX CONCURRENTLY'
          WHEN became.remedy IS NOT NULL
          THEN concat('As the owner of the database, run: ', became.remedy, ';')
          WHEN became.reason IS NOT NULL
          THEN 'If it is not the one that the script creates, drop it with DROP INDEX CONCURRENTLY'
          ELSE 'If nothing of the step is done, CALL retort.forget_intent()' END,
        ' and run this script again; or finish the step by hand, and CALL its end_upgrade or '
        'end_downgrade, which is below.');
  END IF;
  RETURN became.outcome = 'not done';
END
$body$;

-- The statements that make room for the one that an interrupted step is at, or finish it: to be
-- sent one by one, outside a transaction.
CREATE FUNCTION retort.cleanup(revision text, statement integer) RETURNS SETOF text
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  CALL retort.require_lock();
  IF EXISTS (SELECT FROM retort.intent AS i
      WHERE i.revision = cleanup.revision AND i.statement = cleanup.statement AND i.found) THEN
    RETURN QUERY SELECT unnest(o.cleanup) FROM retort.outcome(NULL) AS o;
  END IF;
END
$body$;

-- Before each part of a step outside a transaction except the first. Stops unless that statement of
-- it is next. What the step has prepared and created in its session is kept. If it was interrupted,
-- its time is counted from now, and not again from what comes after that statement.
CREATE PROCEDURE retort.resume_step(
  revision text, statement integer, direction text DEFAULT 'up')
LANGUAGE plpgsql AS $body$
BEGIN
  CALL retort.protect_session();
  CALL retort.require_lock();
  CALL retort.require_intent(resume_step.revision, resume_step.statement, direction);
  UPDATE retort.intent AS i
    SET started_at = clock_timestamp(), started_by = SESSION_USER, found = false WHERE i.found;
  CALL retort.set_session();
END
$body$;

-- Records that a statement outside a transaction succeeded, if the next one runs in a session of
-- its own. A batch that is sent alone has no lock. It waits for the ledger without limit: what it
-- records is done. Stops if the catalog shows that it is not: who calls it by hand may be mistaken.
CREATE PROCEDURE retort.end_statement(revision text, statement integer,
  has_lock boolean DEFAULT true, direction text DEFAULT 'up')
LANGUAGE plpgsql AS $body$
DECLARE
  step retort.intent;
BEGIN
  CALL retort.protect_session();
  SET LOCAL lock_timeout = 0;
  IF has_lock THEN
    CALL retort.require_lock();
  END IF;
  CALL retort.require_intent(end_statement.revision, end_statement.statement, direction);
  SELECT * INTO step FROM retort.intent;
  IF step.kind ~ '^(create|drop|detach) ' THEN
    -- An index that has a name may have been there before: IF NOT EXISTS.
    CALL retort.require_done(end_statement.revision, end_statement.statement,
      may_exist => cardinality(step.names) = 2);
  END IF;
  UPDATE retort.intent SET done = true, error = NULL;
END
$body$;

-- Stops unless a statement outside a transaction has succeeded in a session before this one; or
-- has not, and has left nothing that is in its way.
CREATE PROCEDURE retort.require_outcome(
  revision text, statement integer, done boolean, direction text DEFAULT 'up')
LANGUAGE plpgsql AS $body$
DECLARE
  was_done boolean;
  became record;
  way_out pg_catalog.text;
  recording pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  CALL retort.require_intent(require_outcome.revision, require_outcome.statement, direction);
  was_done := (SELECT i.done FROM retort.intent AS i);
  SELECT o.finishes, array_to_string(o.cleanup, '; ') AS sql INTO became
    FROM retort.outcome(NULL) AS o;
  IF was_done <> require_outcome.done OR became.sql <> '' THEN
    recording := format('CALL retort.end_statement(%L, %s, has_lock => false%s);',
      require_outcome.revision, require_outcome.statement,
      ', direction => ' || quote_literal(nullif(direction, 'up')));
    way_out := CASE
      WHEN was_done THEN 'Run the next file.'
      WHEN became.finishes THEN format('Run: %s; %s then run the next file.', became.sql, recording)
      WHEN became.sql <> '' THEN format('It was interrupted. Run: %s; then run the file of that '
        'statement again.', became.sql)
      ELSE format('Run the file of that statement, again if it failed; or, if the statement is '
        'done, record that: %s', recording) END;
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: statement %s of %s %s', require_outcome.statement,
        require_outcome.revision,
        CASE WHEN was_done THEN 'was already run' ELSE 'is not recorded as done' END),
      HINT = concat('Nothing was changed. See: SELECT * FROM retort.intent; ', way_out);
  END IF;
END
$body$;

-- After a statement outside a transaction, for a client that continues after errors. Stops unless
-- the catalog shows that it was done. What it creates was not there before, unless it says IF NOT
-- EXISTS. The path stays the author's, whose next statement may follow.
CREATE PROCEDURE retort.require_done(revision text, statement integer,
  may_exist boolean DEFAULT false)
LANGUAGE plpgsql AS $body$
DECLARE
  author_path CONSTANT pg_catalog.text := pg_catalog.current_setting('search_path');
  step retort.intent;
  there pg_catalog.oid[];
  in_the_way pg_catalog.oid;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT * INTO step FROM retort.intent;
  step.places := retort.relations_now(step.places, step.place_names);
  there := retort.traces(step.kind, step.names, step.places);
  -- By its OID: one that was dropped since, and created by the statement, has the same name.
  IF step.present IS NOT NULL AND (CASE
      WHEN step.kind = 'create index' THEN NOT EXISTS (SELECT FROM pg_index AS x
        WHERE x.indexrelid = ANY (there) AND x.indisvalid
          AND (may_exist OR x.indexrelid <> ALL (step.present)))
      WHEN step.kind LIKE 'create %' THEN there <@ step.present
      ELSE there <> '{}' END) THEN
    in_the_way := (SELECT x.indexrelid FROM pg_index AS x
      WHERE step.kind = 'create index' AND cardinality(step.names) = 2 AND x.indisvalid
        AND x.indexrelid = ANY (there));
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the %s of %s did not succeed', step.kind,
        array_to_string(step.names, ', ')),
      HINT = (SELECT concat('Run: ' || nullif(array_to_string(o.cleanup, '; '), '') || '; then go '
        'on. ', 'An index of that name was there before: ' || pg_get_indexdef(in_the_way)
        || '. If it is the one that is needed, finish the step by hand, and record it with its '
        'CALL of end_upgrade or end_downgrade; otherwise run: DROP INDEX CONCURRENTLY '
        || in_the_way::regclass || '; then go on. ', retort.unfinished_hint())
        FROM retort.outcome(NULL) AS o);
  END IF;
  PERFORM set_config('search_path', author_path, true);
END
$body$;

-- How long the step has taken: since its intent was written, or since its transaction or the step
-- before it in that transaction.
CREATE FUNCTION retort.step_duration() RETURNS interval
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN clock_timestamp() - coalesce((SELECT i.started_at FROM retort.intent AS i),
    greatest(transaction_timestamp(),
      (SELECT l.at FROM retort.log AS l ORDER BY l.id DESC LIMIT 1)));
END
$body$;

-- Ends the step outside a transaction that is under way, if any. Warns where what its statement
-- made is half done: before the script comes here by itself, that was looked for. Of a REINDEX it
-- was not, and the copies of another one would look the same.
CREATE PROCEDURE retort.end_intent()
LANGUAGE plpgsql AS $body$
DECLARE
  step retort.intent;
  remedy pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT * INTO step FROM retort.intent;
  IF step.kind IN ('create index', 'detach partition') THEN
    remedy := (SELECT concat(array_to_string(o.cleanup, '; '),
        CASE WHEN NOT o.finishes THEN '; then run its CREATE INDEX CONCURRENTLY again' END)
      FROM retort.outcome(NULL) AS o WHERE o.cleanup <> '{}');
    IF remedy IS NOT NULL THEN
      RAISE WARNING USING
        MESSAGE = format('retort: the %s is recorded, but the %s of %s is half done',
          retort.step_name(step.revision, step.direction), step.kind,
          array_to_string(step.names, ', ')),
        HINT = 'Run: ' || remedy;
    END IF;
  END IF;
  DELETE FROM retort.intent;
END
$body$;

-- After the author's SQL: the revision is applied.
CREATE PROCEDURE retort.end_upgrade(revision text, checksum text, code_checksum text,
  parents text[], message text, depends_on text[] DEFAULT '{}', how text DEFAULT 'script')
LANGUAGE plpgsql AS $body$
DECLARE
  took interval;
BEGIN
  CALL retort.protect_session();
  -- Where another session has changed the ledger, this waits for it: a part of the duration.
  UPDATE retort.state AS s
    SET revisions = s.revisions + 1, digest = s.digest + retort.digest_of(revision);
  took := retort.step_duration();
  INSERT INTO retort.applied VALUES (revision, checksum, code_checksum, parents, depends_on,
    message, clock_timestamp(), SESSION_USER, took, how);
  CALL retort.end_intent();
  INSERT INTO retort.log (at, by, event, revision, checksum, how, duration)
    VALUES (clock_timestamp(), SESSION_USER, 'upgrade', revision, checksum, how, took);
END
$body$;

-- After the author's SQL: the revision is no longer applied.
CREATE PROCEDURE retort.end_downgrade(revision text, checksum text, how text DEFAULT 'script')
LANGUAGE plpgsql AS $body$
DECLARE
  took interval;
BEGIN
  CALL retort.protect_session();
  UPDATE retort.state AS s
    SET revisions = s.revisions - 1, digest = s.digest - retort.digest_of(revision);
  DELETE FROM retort.applied AS a WHERE a.revision = end_downgrade.revision;
  took := retort.step_duration();
  CALL retort.end_intent();
  INSERT INTO retort.log (at, by, event, revision, checksum, how, duration)
    VALUES (clock_timestamp(), SESSION_USER, 'downgrade', revision, checksum, how, took);
END
$body$;

-- Records that a revision is applied. Runs nothing.
CREATE PROCEDURE retort.stamp(revision text, checksum text, code_checksum text,
  parents text[], message text, depends_on text[] DEFAULT '{}')
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  INSERT INTO retort.applied VALUES (revision, checksum, code_checksum, parents, depends_on,
    message, clock_timestamp(), SESSION_USER, NULL, 'stamp');
  UPDATE retort.state AS s
    SET revisions = s.revisions + 1, digest = s.digest + retort.digest_of(revision);
  INSERT INTO retort.log (at, by, event, revision, checksum, how)
    VALUES (clock_timestamp(), SESSION_USER, 'stamp', revision, checksum, 'stamp');
END
$body$;

-- Deletes the row of a revision: event is unstamp, or repair.
CREATE PROCEDURE retort.remove(revision text, event text, how text, detail text)
LANGUAGE plpgsql AS $body$
DECLARE
  was pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  DELETE FROM retort.applied AS a WHERE a.revision = remove.revision RETURNING a.checksum INTO was;
  UPDATE retort.state AS s
    SET revisions = s.revisions - 1, digest = s.digest - retort.digest_of(revision);
  INSERT INTO retort.log (at, by, event, revision, checksum, how, detail)
    VALUES (clock_timestamp(), SESSION_USER, event, revision, was, how, detail);
END
$body$;

-- Discards the record of an interrupted step, and says so in the log.
CREATE PROCEDURE retort.forget_intent()
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  WITH discarded AS (DELETE FROM retort.intent RETURNING *)
  INSERT INTO retort.log (at, by, event, revision, detail)
    SELECT clock_timestamp(), SESSION_USER, 'discard', d.revision,
      format('%s, interrupted at statement %s of %s',
        CASE d.direction WHEN 'up' THEN 'upgrade' ELSE 'downgrade' END, d.statement, d.of)
    FROM discarded AS d;
END
$body$;

-- The revisions whose rows are not these: of each its checksum, parents, depends_on and message, or
-- null where it is not applied.
CREATE FUNCTION retort.changed_rows(expected jsonb) RETURNS text[]
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  RETURN ARRAY(SELECT e.key FROM jsonb_each(expected) AS e
    WHERE e.value <> coalesce((SELECT jsonb_build_object('checksum', a.checksum, 'parents',
      a.parents, 'depends_on', a.depends_on, 'message', a.message)
      FROM retort.applied AS a WHERE a.revision = e.key), 'null') ORDER BY e.key);
END
$body$;

-- Sets the row of an applied revision to what its file says. detail keeps the old values.
CREATE PROCEDURE retort.accept(revision text, checksum text, code_checksum text,
  parents text[], message text, depends_on text[], how text, detail text)
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  UPDATE retort.applied AS a SET checksum = accept.checksum, code_checksum = accept.code_checksum,
    parents = accept.parents, depends_on = accept.depends_on, message = accept.message
    WHERE a.revision = accept.revision;
  INSERT INTO retort.log (at, by, event, revision, checksum, how, detail)
    VALUES (clock_timestamp(), SESSION_USER, 'repair', revision, checksum, how, detail);
END
$body$;

-- Records that a step failed; also in the intent, if it is at that statement.
CREATE PROCEDURE retort.fail(revision text, direction text, statement integer, error text)
LANGUAGE plpgsql AS $body$
BEGIN
  CALL retort.protect_session();
  SET LOCAL lock_timeout = '5s';
  UPDATE retort.intent AS i SET error = fail.error
    WHERE i.revision = fail.revision AND i.statement = fail.statement;
  INSERT INTO retort.log (at, by, event, revision, how, detail)
    VALUES (clock_timestamp(), SESSION_USER, 'failure', revision, 'run',
      format('%s: %s', direction, error));
END
$body$;

-- When this session began. A role that is set would not see it.
CREATE FUNCTION retort.session_start() RETURNS timestamptz
LANGUAGE plpgsql AS $body$
DECLARE
  role CONSTANT pg_catalog.text := pg_catalog.current_setting('role');
  found pg_catalog.timestamptz;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  PERFORM set_config('role', 'none', true);
  found := (SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) AS a);
  PERFORM set_config('role', role, true);
  RETURN found;
END
$body$;

-- Records in the log that a script, or a file of a split one, begins its steps, by the receipt in
-- it: a script that was edited later has the same one. Not if all that it does is already done.
-- Where it is one transaction that fails, this is rolled back, too. range is from which revisions
-- to which.
CREATE PROCEDURE retort.begin_script(
  receipt text, range text, done_revisions bigint, done_digest numeric)
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF EXISTS (SELECT FROM retort.state AS s
      WHERE s.revisions <> done_revisions OR s.digest <> done_digest) THEN
    INSERT INTO retort.log (at, by, event, checksum, how, detail)
      VALUES (clock_timestamp(), SESSION_USER, 'script', receipt, 'script', range);
  END IF;
EXCEPTION WHEN unique_violation THEN
  -- The guard has not seen it where this role may not read the sequence.
  CALL retort.unlock();
  RAISE EXCEPTION USING ERRCODE = 'RT003',
    MESSAGE = 'retort: the sequence of retort.log is behind its rows',
    HINT = format('Nothing was changed. A restore of data alone, or logical replication, leaves it '
      'behind. As the owner of the ledger, run: %s repair --database URL', retort.migrate());
END
$body$;

-- Stops unless so many revisions, with that digest, are applied, counted row by row, and no step is
-- unfinished, but one of half_done in that direction, which a repair leaves as it is. Its answer,
-- true, is for a client that continues after errors.
CREATE FUNCTION retort.check(revisions bigint, digest numeric, half_done text[] DEFAULT '{}',
  direction text DEFAULT 'up') RETURNS boolean
LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF retort.unfinished(half_done, direction) IS NOT NULL
      OR NOT EXISTS (SELECT FROM retort.state AS s
        WHERE s.revisions = "check".revisions AND s.digest = "check".digest)
      OR (SELECT (count(*), coalesce(sum(retort.digest_of(a.revision)), 0))
        FROM retort.applied AS a) IS DISTINCT FROM ("check".revisions, "check".digest) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: the applied revisions are not those that the script should leave',
      HINT = 'See the errors above, and: SELECT * FROM retort.applied;';
  END IF;
  RETURN true;
END
$body$;

-- Programs and scripts of format 1 read this first, and stop with its error.
CREATE FUNCTION retort.refuse_format_1() RETURNS TABLE (
  revision text, direction text, statement integer, of integer, hash text, before text,
  started_at timestamptz, started_by text)
LANGUAGE plpgsql AS $body$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'RT001',
    MESSAGE = 'retort: this ledger has format 2, but the script or program that reads it is made '
      'for format 1',
    HINT = 'Nothing was changed. Use the version of migrate that upgraded the ledger to format 2, '
      'or a newer one; a script must be written again with it.';
END
$body$;
CREATE VIEW retort.progress AS SELECT * FROM retort.refuse_format_1();
COMMENT ON VIEW retort.progress IS 'Stops scripts and programs made for format 1 of the ledger.';
