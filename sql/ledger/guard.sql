-- Stops unless the ledger can be trusted, before any part of it is used: what another role has put
-- in its place would run with the rights of the migrating role. If it stops, it releases the lock,
-- so that the guards that follow also stop a client that continues after errors.

DO $body$
DECLARE
  -- needed; or optional: it may be missing; or older: missing, or of an older format; or
  -- inconsistent: about to be repaired, and what does not fit is left in a setting.
  expected CONSTANT pg_catalog.text := 'needed';
  -- Who may own it besides the role that connects, or that the connection started with, the
  -- database's owner and superusers.
  owners CONSTANT pg_catalog.text[] := '{}';
  -- It also stops where this role lacks a right that every run needs, or one of these, which this
  -- run needs besides; null: where the ledger is only read.
  rights CONSTANT pg_catalog.text[] := NULL;
  -- If it stops, it releases the lock, unless it only looks.
  releases CONSTANT boolean := true;
  -- The key of its lock, which is made of its name.
  key CONSTANT bigint := 8238127212073486265;
  -- SHA-256 of its procedures.
  procedures CONSTANT pg_catalog.text := '';
  -- The names of them.
  own CONSTANT pg_catalog.text[] := NULL;
  -- The columns of its tables: those that have a value in each row, and the others.
  filled CONSTANT pg_catalog.text[] := NULL;
  nullable CONSTANT pg_catalog.text[] := NULL;
  -- What to do where there is none that is needed; %m stands for the beginning of a command.
  absent CONSTANT pg_catalog.text := '';
  -- What to do where its schema has other objects, with tables of a ledger and without.
  apart CONSTANT pg_catalog.text := '';
  elsewhere CONSTANT pg_catalog.text := '';
  -- What to do where others have added something, or changed what is there.
  strange CONSTANT pg_catalog.text := 'Remove it, or find out who put it there and why.';
  changed CONSTANT pg_catalog.text :=
    'Restore it from a backup, or find out who changed it and why.';
  -- Gives all routines of the schema to one role.
  all_routines CONSTANT pg_catalog.text :=
    'BEGIN EXECUTE (SELECT string_agg(format(''ALTER ROUTINE %%s OWNER TO %%I'', '
    'oid::regprocedure, %2$L), ''; '') FROM pg_proc WHERE pronamespace = %1$L::regnamespace); END';
  -- How a command begins that is proposed, as the routine of that name says it.
  migrate pg_catalog.text;
  place pg_catalog.oid;
  is_there boolean;
  present pg_catalog.text[];
  keyless pg_catalog.text[];
  moves pg_catalog.text;
  found pg_catalog.text;
  stranger pg_catalog.name;
  other pg_catalog.text;
  only_reads boolean;
  lacking pg_catalog.text;
  way_out pg_catalog.text;
  wrong pg_catalog.text[];
  parts pg_catalog.text[];
  is_empty boolean;
  is_undecided boolean;
  by_hand pg_catalog.text;
  repeated record;
  several pg_catalog.text;
  is_several boolean;
  sequence pg_catalog.text;
  is_behind boolean;
  format integer;
  held pg_catalog.text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  migrate := concat_ws(' ', 'migrate', nullif(current_setting('retort_script.flags', true), ''));
  -- In a script its name may have been changed, to make that of one tenant into that of another.
  IF key <> ('x' || left(encode(sha256(convert_to('retort ledger retort.applied', 'UTF8')), 'hex'),
      16))::bit(64)::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: this script was changed: it was not written for the ledger %I',
        (parse_ident('retort.state'))[1]),
      HINT = 'Nothing was changed. Write one for that ledger, with the command that wrote this one '
        'and -n with the environment that has that ledger in the config file.';
  END IF;
  -- Who alters a table of the ledger is not waited for without end, to the end of the transaction.
  IF current_setting('lock_timeout') = '0' THEN
    PERFORM set_config('lock_timeout', '5s', true);
  END IF;
  -- The names are not looked up as a statement does, which fails without USAGE.
  place := (SELECT n.oid FROM pg_namespace AS n
    WHERE n.nspname = (parse_ident('retort.state'))[1]);
  is_there := EXISTS (SELECT FROM pg_class AS c
      WHERE c.relnamespace = place AND c.relname IN ('state', 'applied'))
    OR EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = place AND p.proname = 'lock_key');

  -- What reads the contents of the database leaves out the whole schema. Of the ledger's tables
  -- only those can be moved that are there.
  moves := (SELECT string_agg(format('ALTER TABLE %s SET SCHEMA retort;', c.oid::regclass), ' '
      ORDER BY c.relname)
    FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid
    WHERE n.nspname = (parse_ident('retort.state'))[1] AND c.relkind = 'r'
      AND c.relname IN ('applied', 'intent', 'log', 'progress', 'state'));
  found := (SELECT min(o.name) FROM (
      SELECT c.oid::regclass::text AS name
        FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid
        WHERE n.nspname = (parse_ident('retort.state'))[1]
          AND (c.relkind IN ('r', 'p', 'm', 'f', 'c')
              AND c.relname NOT IN ('applied', 'intent', 'log', 'progress', 'state')
            OR c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend AS d
              WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')))
      UNION ALL SELECT t.oid::regtype::text
        FROM pg_namespace AS n JOIN pg_type AS t ON t.typnamespace = n.oid
        WHERE n.nspname = (parse_ident('retort.state'))[1] AND t.typtype IN ('d', 'e', 'r')
      UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc AS p
        WHERE p.pronamespace = place AND NOT is_there
    ) AS o (name));
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the schema %s has objects that are not the ledger''s, such as %s',
        place::regnamespace, found),
      HINT = coalesce(replace(apart, '%s', moves), elsewhere);
  END IF;

  -- One role may be added to those that may own it: where its parts belong to several, the one that
  -- owns most of them gets the others.
  WITH part AS (SELECT o.what, o.object, o.is_routine, r.rolname AS owner FROM (
      SELECT 'its schema', format('SCHEMA %s', place::regnamespace), false, n.nspowner
        FROM pg_namespace AS n WHERE n.oid = place
      UNION ALL SELECT c.relname, CASE WHEN c.relkind IN ('r', 'v')
          THEN format('TABLE %s', c.oid::regclass) END, false, c.relowner
        FROM pg_class AS c WHERE c.relnamespace = place
      UNION ALL SELECT p.proname, 'ROUTINE', true, p.proowner
        FROM pg_proc AS p WHERE p.pronamespace = place
    ) AS o (what, object, is_routine, owner) JOIN pg_roles AS r ON r.oid = o.owner
    WHERE NOT r.rolsuper AND r.rolname NOT IN (SESSION_USER, CURRENT_USER)
      AND r.oid <> (SELECT d.datdba FROM pg_database AS d WHERE d.datname = current_database()))
  SELECT (array_agg(concat(p.what, ' is owned by the role ', p.owner))
      FILTER (WHERE p.owner <> ALL (owners)))[1], m.most,
    string_agg(DISTINCT CASE WHEN p.is_routine THEN m.routines
        ELSE format('ALTER %s OWNER TO %I', p.object, m.most) END, '; ')
      FILTER (WHERE p.owner <> m.most AND p.object IS NOT NULL),
    string_agg(DISTINCT CASE WHEN p.is_routine THEN m.other_routines
        ELSE format('ALTER %s OWNER TO %I', p.object, m.other) END, '; ')
      FILTER (WHERE p.owner <> ALL (owners) AND p.object IS NOT NULL)
    INTO found, stranger, way_out, other
    FROM part AS p, (SELECT q.most, q.other,
        format('DO %L', format(all_routines, place::regnamespace, q.most)) AS routines,
        format('DO %L', format(all_routines, place::regnamespace, q.other)) AS other_routines
      FROM (SELECT mode() WITHIN GROUP (ORDER BY o.owner) AS most,
          coalesce(owners[cardinality(owners)], SESSION_USER::text) AS other
        FROM part AS o) AS q) AS m
    GROUP BY m.most;
  IF found IS NOT NULL THEN
    -- Who may read it and not write to it is not to own it.
    only_reads := EXISTS (SELECT FROM pg_class AS c
      WHERE c.relnamespace = place AND c.relname = 'applied'
        AND has_table_privilege(c.oid, 'SELECT') AND NOT has_table_privilege(c.oid, 'INSERT'));
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the ledger %s is not trusted: %s', place::regnamespace, found),
      HINT = concat('Nothing was changed. ', CASE
          WHEN way_out IS NOT NULL THEN 'If ' || stranger || ' may own the ledger, '
          WHEN only_reads THEN 'If ' || stranger || ' is the role that migrates, '
          ELSE format('If migrations are to run as %I, set "role": %s in the config file, or name '
            'the environment that sets it with -n. If others are to migrate, and that role may '
            'own the ledger, ', stranger, to_json(stranger::text)) END,
        'give it the parts of others, as a superuser: ' || way_out || '; and ',
        'name it in the config file: "ledger": {"owner": ', to_json(stranger::text), '}.',
        CASE WHEN NOT only_reads THEN concat(' A script must then be written again.',
          ' If it may not, and nobody migrates as it, as a superuser, run: ' || other) END);
  END IF;

  IF NOT is_there AND expected IN ('optional', 'older') THEN
    RETURN;
  ELSIF NOT is_there THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = 'retort: this database has no ledger: table retort.state does not exist',
      HINT = replace(absent, '%m', migrate);
  END IF;

  -- Its tables have no code that others would run.
  SELECT concat(c.relname, ' ', w.what), w.way_out INTO found, way_out
    FROM pg_class AS c, LATERAL (
      SELECT 'is not a plain table', changed WHERE c.relkind <> 'r'
      UNION ALL SELECT 'is unlogged', format('A crash would empty it. Run: '
          'ALTER TABLE %s SET LOGGED', c.oid::regclass) WHERE c.relpersistence <> 'p'
      UNION ALL SELECT 'has row-level security', strange WHERE c.relrowsecurity
      UNION ALL SELECT concat('has the trigger ', t.tgname), strange FROM pg_trigger AS t
        WHERE t.tgrelid = c.oid
      UNION ALL SELECT concat('has the rule ', r.rulename), strange FROM pg_rewrite AS r
        WHERE r.ev_class = c.oid
      UNION ALL SELECT 'inherits, or is inherited', strange FROM pg_inherits AS i
        WHERE c.oid IN (i.inhrelid, i.inhparent)
      UNION ALL SELECT 'has an expression index', strange FROM pg_index AS x
        WHERE x.indrelid = c.oid AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL)
    ) AS w (what, way_out)
    WHERE c.relnamespace = place AND c.relname IN ('applied', 'state', 'intent', 'log') LIMIT 1;
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the ledger %s is not trusted: %s', place::regnamespace, found),
      HINT = concat('Nothing was changed. ', way_out);
  END IF;

  IF rights IS NOT NULL THEN
    lacking := concat_ws('; ',
      CASE WHEN NOT has_schema_privilege(place, 'USAGE') THEN 'USAGE on the schema' END,
      (SELECT string_agg(format('%s on %s', l.rights, l.name), '; ' ORDER BY l.name) FROM (
        SELECT c.relname AS name, string_agg(n.privilege, ', ' ORDER BY n.privilege) AS rights
        FROM (SELECT split_part(r.name, ' ', 1), split_part(r.name, ' ', 2) FROM unnest(rights || '{
            applied SELECT, intent SELECT, intent UPDATE, intent DELETE, log SELECT, log INSERT,
            state SELECT, state UPDATE}'::text[]) AS r (name)) AS n (name, privilege)
          JOIN pg_class AS c ON c.relnamespace = place AND c.relname = n.name
        WHERE NOT has_table_privilege(c.oid, n.privilege) GROUP BY c.relname) AS l),
      -- A repair calls none of them.
      (SELECT format('EXECUTE on %s of its routines', count(*)) FROM pg_proc AS p
        WHERE p.pronamespace = place AND NOT has_function_privilege(p.oid, 'EXECUTE')
          AND expected <> 'inconsistent' HAVING count(*) > 0));
    -- If a repair can read the rows, these decide what else it lacks: it is told both at once.
    IF lacking <> '' AND NOT (expected = 'inconsistent' AND has_schema_privilege(place, 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = place
          AND c.relname IN ('applied', 'intent', 'state')
          AND NOT has_table_privilege(c.oid, 'SELECT'))) THEN
      RAISE EXCEPTION USING ERRCODE = '42501',
        MESSAGE = format('retort: %s may not write to the ledger %s, and lacks: %s', CURRENT_USER,
          place::regnamespace, lacking),
        HINT = format('Nothing was changed. As the owner of the ledger, run: '
          'GRANT USAGE ON SCHEMA %1$s TO %2$I; '
          'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %1$s TO %2$I; '
          'GRANT EXECUTE ON ALL ROUTINES IN SCHEMA %1$s TO %2$I', place::regnamespace,
          CURRENT_USER);
    END IF;
  END IF;

  -- The format is read before its tables: another session may be upgrading the ledger.
  IF to_regclass('retort.state') IS NOT NULL THEN
    format := (SELECT max(s.format) FROM retort.state AS s);
  END IF;
  present := ARRAY(SELECT c.relname::text FROM pg_class AS c WHERE c.relnamespace = place
    AND c.relname IN ('applied', 'state', 'intent', 'log'));
  -- Format 1 has no intent: the ledger was upgraded since, or the number was changed by hand.
  IF format < 2 AND 'intent' = ANY (present) THEN
    format := 2;
  END IF;
  IF format > 2 OR format < 2 AND expected <> 'older' THEN
    RAISE EXCEPTION USING ERRCODE = 'RT002', DETAIL = format,
      MESSAGE = format('retort: format 2 of the ledger is needed; '
        'the ledger %s has format %s', place::regnamespace, format),
      HINT = CASE WHEN format < 2 THEN concat('Nothing was changed. Upgrade it with: ', migrate,
          ' ensure-version (--sql writes a script)')
        ELSE 'Nothing was changed. Use the version of migrate that upgraded it to that format, or '
          'a newer one: this one supports no format after 2.' END;
  ELSIF format < 2 THEN
    RETURN;
  END IF;

  -- Its columns are those of this format, and have no code either. One that others have added is
  -- left alone where rows are written without it; where one is missing, it may be that, renamed.
  -- Format 1 had defaults and checks of its own.
  SELECT w.what, w.way_out INTO found, way_out
    FROM pg_class AS c, LATERAL (
      SELECT 1, format('the column %s is missing', n.name), changed
        FROM unnest(filled || nullable) AS n (name)
        WHERE split_part(n.name, '.', 1) = c.relname AND NOT EXISTS (SELECT FROM pg_attribute AS a
          WHERE a.attrelid = c.oid AND a.attname = split_part(n.name, '.', 2)::name)
      UNION ALL SELECT 2, concat('the column ', n.name, ' ',
          CASE WHEN NOT f.is_own THEN 'is not the ledger''s, and ' END, f.fault),
        CASE WHEN f.is_own AND f.is_set
          THEN format('Run: ALTER TABLE %s ALTER %I %s', c.oid::regclass, a.attname, f.undo)
          WHEN f.is_own THEN changed
          ELSE concat(format('Remove it: ALTER TABLE %s DROP COLUMN %I', c.oid::regclass,
            a.attname), CASE WHEN f.is_set THEN format('; or keep what it contains: '
              'ALTER TABLE %1$s ALTER %2$I DROP DEFAULT, ALTER %2$I DROP NOT NULL',
              c.oid::regclass, a.attname) END) END
        FROM pg_attribute AS a
          CROSS JOIN LATERAL (SELECT concat(c.relname, '.', a.attname)) AS n (name)
          CROSS JOIN LATERAL (SELECT n.name = ANY (filled || nullable), v.*
            FROM (VALUES (a.attgenerated <> '', 'is generated', false, NULL),
              ((SELECT t.typtype FROM pg_type AS t WHERE t.oid = a.atttypid) = 'd',
                'has a domain as its type', false, NULL),
              (a.atthasdef, 'has a default', true, 'DROP DEFAULT'),
              (a.attnotnull AND a.attidentity = '' AND n.name <> ALL (filled), 'is NOT NULL',
                true, 'DROP NOT NULL')) AS v (is_so, fault, is_set, undo)
            WHERE v.is_so LIMIT 1) AS f (is_own, is_so, fault, is_set, undo)
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT 2, concat(c.relname, ' has the constraint ', k.conname), strange
        FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype NOT IN ('p', 'n')
      UNION ALL SELECT 2, 'log has no identity in its column id', format('A copy of the tables '
          'leaves it out. Add it, with the number after the last: ALTER TABLE %s ALTER id '
          'ADD GENERATED ALWAYS AS IDENTITY (START WITH ...)', c.oid::regclass)
        FROM pg_attribute AS a
        WHERE c.relname = 'log' AND a.attrelid = c.oid AND a.attname = 'id' AND a.attidentity = ''
    ) AS w (rank, what, way_out)
    WHERE c.relnamespace = place AND c.relname = ANY (present) AND 'intent' = ANY (present)
    ORDER BY w.rank LIMIT 1;
  IF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT001',
      MESSAGE = format('retort: the ledger %s is not trusted: %s', place::regnamespace, found),
      HINT = concat('Nothing was changed. ', way_out);
  END IF;

  -- What a dump without data, a TRUNCATE or a change by hand leaves behind.
  found := (SELECT string_agg(t.name, ', ')
    FROM unnest('{applied, state, intent, log}'::text[]) AS t (name) WHERE t.name <> ALL (present));
  IF present @> '{applied, state, intent}' THEN
    -- In one query, so of one moment: another session may be migrating.
    SELECT s.n = 0 AND a.n = 0, array_remove(ARRAY[
        CASE WHEN s.n = 0 AND a.n = 0 THEN 'its tables are empty'
          WHEN s.n <> 1 THEN format('state should have 1 row, but has %s', s.n)
          WHEN s.revisions <> a.n
            THEN format('the number of rows in applied should be %s by the tally in state, '
              'but is %s', s.revisions, a.n)
          WHEN s.digest <> a.digest
            THEN 'the revisions in applied do not match the tally in state'
          WHEN s.format < 2
            THEN format('state has format %s, but the tables are those of format 2', s.format) END,
        CASE WHEN i.n > 1 THEN format('intent should have at most 1 row, but has %s', i.n) END,
        i.wrong], NULL), i.possible > 1
      INTO is_empty, wrong, is_undecided
      FROM (SELECT count(*) AS n, max(t.revisions) AS revisions, max(t.digest) AS digest,
          max(t.format) AS format FROM retort.state AS t) AS s,
        (SELECT count(*) AS n, coalesce(sum(('x' || left(encode(sha256(
              convert_to(t.revision, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0) AS digest
          FROM retort.applied AS t) AS a,
        (SELECT count(*) AS n, count(*) FILTER (WHERE NOT c.contradicts) AS possible,
            string_agg(CASE t.direction
              WHEN 'up' THEN format('the upgrade to %s is under way, but it is applied', t.revision)
              ELSE format('the downgrade of %s is under way, but it is not applied', t.revision)
              END, '; ' ORDER BY t.revision) FILTER (WHERE c.contradicts) AS wrong
          FROM retort.intent AS t CROSS JOIN LATERAL (SELECT (t.direction = 'up')
            = EXISTS (SELECT FROM retort.applied AS x WHERE x.revision = t.revision))
            AS c (contradicts)) AS i;
    IF cardinality(wrong) > 0 THEN
      parts := '{rows}';
    END IF;
  ELSE
    parts := '{rows}';
  END IF;
  IF found IS NOT NULL THEN
    parts := 'tables'::text || parts;
    wrong := concat('these tables are missing: ', found) || wrong;
  END IF;
  keyless := ARRAY(SELECT c.relname::text FROM pg_class AS c
    WHERE c.relnamespace = place AND c.relname = ANY (present)
      AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'p')
    ORDER BY c.relname);
  IF keyless <> '{}' THEN
    parts := parts || 'keys'::text;
    wrong := wrong || concat('these tables have no primary key: ',
      array_to_string(keyless, ', '));
  END IF;
  -- Of a row that was restored twice a repair cannot tell which to keep: state is written anew.
  FOR repeated IN SELECT c.relname AS name, c.oid::regclass AS relation, a.attname AS key
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = place AND c.relname = ANY (keyless)
      AND (c.relname, a.attname) IN (('applied', 'revision'), ('log', 'id'))
      AND has_table_privilege(c.oid, 'SELECT') ORDER BY c.relname DESC
  LOOP
    several := format('SELECT %1$I FROM %2$s GROUP BY %1$I HAVING count(*) > 1', repeated.key,
      repeated.relation);
    EXECUTE format('SELECT EXISTS (%s)', several) INTO is_several;
    IF is_several THEN
      wrong := wrong || format('several rows of %s have the same %s', repeated.name, repeated.key);
      by_hand := format('See: SELECT ctid, * FROM %1$s WHERE %2$I IN (%3$s) ORDER BY %2$I; '
        'of each, delete all but one: DELETE FROM %1$s WHERE ctid = ...', repeated.relation,
        repeated.key, several);
    END IF;
  END LOOP;
  found := (SELECT encode(sha256(convert_to(string_agg(
      concat_ws('|', p.proname, l.lanname, p.prosecdef, array_to_string(p.proconfig, ','),
        p.prosrc), chr(10) ORDER BY p.proname COLLATE "C"), 'UTF8')), 'hex')
    FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang WHERE p.pronamespace = place);
  IF found IS DISTINCT FROM procedures THEN
    other := (SELECT min(p.oid::regprocedure::text) FROM pg_proc AS p
      WHERE p.pronamespace = place AND p.proname <> ALL (own));
    IF other IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'RT001',
        MESSAGE = format('retort: the schema %s has objects that are not the ledger''s, such as %s',
          place::regnamespace, other),
        HINT = coalesce(replace(apart, '%s', moves), elsewhere);
    END IF;
    parts := parts || 'procedures'::text;
    wrong := wrong || CASE WHEN found IS NULL THEN 'its procedures are missing'
      ELSE 'its procedures are not the expected ones' END;
  END IF;
  -- The rows of log may have come without its sequence.
  IF 'log' = ANY (present) THEN
    sequence := pg_get_serial_sequence('retort.log', 'id');
    IF has_sequence_privilege(sequence, 'SELECT') AND has_table_privilege('retort.log', 'SELECT')
    THEN
      EXECUTE format('SELECT s.last_value + s.is_called::integer <= (SELECT max(l.id) '
        'FROM retort.log AS l) FROM %s AS s', sequence) INTO is_behind;
    END IF;
  END IF;
  IF is_behind THEN
    PERFORM set_config('retort_ledger.behind', format('the ledger %s is inconsistent: '
      'the sequence of log is behind its rows', place::regnamespace), true);
    -- That alone does not stop who only reads: it is so for good where they are replicated.
    IF parts IS NOT NULL OR rights IS NOT NULL OR expected = 'inconsistent' THEN
      parts := parts || 'sequence'::text;
      wrong := wrong || 'the sequence of log is behind its rows'::text;
    END IF;
  END IF;
  found := CASE WHEN parts IS NOT NULL THEN format('the ledger %s is inconsistent: %s',
    place::regnamespace, array_to_string(wrong, '; ')) END;
  -- The rows of applied decide between a step that they contradict and one that they do not;
  -- between others a person must: then nothing can be repaired, and the error has no DETAIL.
  IF is_undecided THEN
    by_hand := 'See: SELECT * FROM retort.intent; find out which of them is true, and delete the '
      'others: DELETE FROM retort.intent WHERE revision = ...';
  END IF;
  IF by_hand IS NOT NULL AND (expected <> 'inconsistent' OR rights IS NOT NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'RT003', MESSAGE = concat('retort: ', found),
      HINT = concat('Nothing was changed. ', by_hand,
        CASE WHEN cardinality(wrong) > 1 THEN format('; then run: %s repair', migrate) END);
  END IF;
  IF expected = 'inconsistent' AND rights IS NOT NULL THEN
    -- To repair more than its rows: what may be dropped, and created again.
    lacking := concat_ws('; ', nullif(lacking, ''),
      CASE WHEN parts && '{tables, keys, procedures}'::text[]
          AND NOT has_schema_privilege(place, 'CREATE')
        THEN 'CREATE on the schema' END,
      (SELECT format('ownership of %s of its views and routines', count(*)) FROM (
          SELECT c.relowner FROM pg_class AS c WHERE c.relnamespace = place AND c.relkind = 'v'
          UNION ALL SELECT p.proowner FROM pg_proc AS p WHERE p.pronamespace = place) AS o (owner)
        WHERE 'procedures' = ANY (parts) AND NOT pg_has_role(o.owner, 'USAGE')
          AND NOT pg_has_role((SELECT n.nspowner FROM pg_namespace AS n WHERE n.oid = place),
            'USAGE')
        HAVING count(*) > 0),
      (SELECT format('ownership of %s', string_agg(c.relname, ', ' ORDER BY c.relname))
        FROM pg_class AS c WHERE c.relnamespace = place AND c.relname = ANY (keyless)
          AND NOT pg_has_role(c.relowner, 'USAGE') HAVING count(*) > 0),
      CASE WHEN 'sequence' = ANY (parts) AND NOT has_sequence_privilege(sequence, 'UPDATE')
        THEN 'UPDATE on the sequence of log' END);
    IF lacking <> '' THEN
      RAISE EXCEPTION USING ERRCODE = 'RT001',
        MESSAGE = format('retort: %s may not repair the ledger %s, and lacks: %s', CURRENT_USER,
          place::regnamespace, lacking),
        HINT = format('Nothing was changed. As the owner of the ledger, run: %s repair --database '
          'URL; or the script that it writes with --sql.', migrate);
    END IF;
  END IF;
  IF expected = 'inconsistent' THEN
    PERFORM set_config('retort_ledger.inconsistent', coalesce(found, ''), true);
  ELSIF found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'RT003',
      DETAIL = format('To be repaired: %s.', array_to_string(parts, ', ')),
      MESSAGE = concat('retort: ', found),
      HINT = concat('Nothing was changed. ', CASE
        WHEN is_empty THEN format('A dump without data (pg_dump --schema-only) or a TRUNCATE '
          'leaves it like this. Restore its rows; or run %1$s repair and record what is applied: '
          '%1$s stamp REVISION', migrate)
        WHEN 'tables' = ANY (parts) THEN format('Restore them from a backup, or create them anew, '
          'empty, with: %s repair', migrate)
        WHEN 'rows' = ANY (parts) THEN format('Rows were changed by hand or restored in part. See: '
          'SELECT * FROM retort.log ORDER BY id DESC; then rebuild the tally with: %s repair',
          migrate)
        WHEN 'keys' = ANY (parts) THEN format('A restore without its post-data section (pg_restore '
          '--section) leaves them out. Restore that section, or create them with: %s repair',
          migrate)
        WHEN 'procedures' = ANY (parts) THEN format('They were changed by hand, omitted from a '
          'restore, or made by another version of migrate. Restore them with: %s repair', migrate)
        ELSE format('A restore of data alone, or logical replication, leaves it behind. Set it '
          'with: %s repair; or, as the owner of the ledger, run: SELECT setval(%L, '
          '(SELECT max(id) FROM %s.log));', migrate, sequence, place::regnamespace) END);
  END IF;
EXCEPTION WHEN OTHERS OR query_canceled THEN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  WHILE releases LOOP
    held := (SELECT l.mode FROM pg_locks AS l
      WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.pid = pg_backend_pid()
        AND (l.classid::bigint << 32 | l.objid::bigint) = key LIMIT 1);
    EXIT WHEN held IS NULL;
    PERFORM CASE held WHEN 'ShareLock' THEN pg_advisory_unlock_shared(key)
      ELSE pg_advisory_unlock(key) END;
  END LOOP;
  -- Only a lock that excludes all others is in the way of who reads; one that is waited for, too.
  IF SQLSTATE = '55P03' THEN
    SELECT nullif(concat(
        /* holders */
      ), ''), nullif(concat(
        /* ending */
      ), '')
      INTO found, way_out
      FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
      WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        AND l.relation IN (SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = place);
    RAISE EXCEPTION USING ERRCODE = SQLSTATE,
      MESSAGE = format('retort: the ledger %s is locked by %s', place::regnamespace,
        coalesce(found, 'a session that has ended since')),
      HINT = coalesce(way_out, 'Nothing was changed. Wait until it is done and try again.');
  END IF;
  RAISE;
END
$body$;
