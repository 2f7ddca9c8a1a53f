DO $body$
DECLARE
  facts CONSTANT pg_catalog.jsonb :=
    pg_catalog.current_setting('retort.preflight')::pg_catalog.jsonb;
  version CONSTANT pg_catalog.int4 := pg_catalog.current_setting('server_version_num');
  ledger pg_catalog.text;
  migrator pg_catalog.name;
  role_oid pg_catalog.oid;
  who pg_catalog.text;
  asked pg_catalog.text;
  about pg_catalog.text;
  mark pg_catalog.text;
  rights pg_catalog.text;
  all_rights pg_catalog.text[];
  is_allowed boolean;
  own_role record;
  said pg_catalog.jsonb;
  is_done boolean;
  may_set boolean;
  was pg_catalog.text;
  kind pg_catalog.text;
  tables pg_catalog.text[];
  is_looked_up boolean;
  further pg_catalog.jsonb;
  done pg_catalog.text[] := '{}';
  is_begun boolean := false;
  hint pg_catalog.text;
  ok boolean;
  found pg_catalog.text;
  heads pg_catalog.text[];
  unfinished pg_catalog.text;
  is_unknown boolean;
  state record;
  item pg_catalog.jsonb;
  object oid;
  owner oid;
  each record;
  next_schema pg_catalog.text;
  own_path pg_catalog.text[];
  paths pg_catalog.jsonb;
  path pg_catalog.text[];
  lies_in pg_catalog.text;
  label pg_catalog.text;
  report pg_catalog.jsonb := '[]';
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  ledger := facts ->> 'ledger';
  migrator := coalesce(facts ->> 'role', CURRENT_USER);
  role_oid := (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = migrator);
  may_set := pg_has_role(CURRENT_USER, role_oid,
    CASE WHEN version < 160000 THEN 'MEMBER' ELSE 'SET' END);

  -- Where am I?
  report := report || jsonb_build_array(
    jsonb_build_array(CASE WHEN pg_is_in_recovery() OR version < (facts ->> 'minimum')::integer
      OR current_setting('default_transaction_read_only') = 'on' THEN 'X' END, 'server',
      concat(format('PostgreSQL %s at %s, %s',
        current_setting('server_version'),
        coalesce(format('%s:%s', host(inet_server_addr()), inet_server_port()), 'a socket'),
        CASE WHEN pg_is_in_recovery() THEN 'a standby, which cannot be changed'
          WHEN current_setting('default_transaction_read_only') = 'on'
            THEN 'the primary, but read-only: default_transaction_read_only is on'
          ELSE 'the primary' END), CASE WHEN version < (facts ->> 'minimum')::integer
          THEN format('; %s or later is needed', (facts ->> 'minimum')::integer / 10000) END)),
    jsonb_build_array(CASE WHEN current_database() <> facts ->> 'database' THEN 'X' END,
      'database', concat(current_database(),
        ', but the script is for ' || nullif(facts ->> 'database', current_database()))),
    jsonb_build_array(CASE WHEN SESSION_USER <> facts ->> 'connected'
      OR may_set IS NOT TRUE THEN 'X' END, 'role',
      concat(SESSION_USER, ', but the script is for ' || nullif(facts ->> 'connected',
        SESSION_USER), '; SQL runs as ' || nullif(migrator, SESSION_USER),
        CASE WHEN may_set IS NULL THEN ', which does not exist'
          WHEN NOT may_set THEN format(', which it may not set; as a superuser, run: '
            'GRANT %I TO %I', migrator, SESSION_USER) END)));
  IF length('
') <> 1 THEN
    report := report || jsonb_build_array(jsonb_build_array('X', 'script', 'was changed: '
      'its line ends were converted. Copy the file in binary mode, not as text.'));
  END IF;
  IF current_setting('retort_preflight.session', true) <> '' THEN
    report := report || jsonb_build_array(
      jsonb_build_array('X', 'session', current_setting('retort_preflight.session')));
  END IF;

  -- The ledger: may it be used, and is it in the state that the script starts from? The guard has
  -- found it to be as the script expects it, if anything is there.
  object := to_regnamespace(ledger);
  IF may_set IS NOT TRUE THEN
    ok := false;
    found := format('cannot be read as %s', migrator);
  ELSE
    was := current_setting('role');
    BEGIN
      PERFORM set_config('role', migrator, true);
      EXECUTE current_setting('retort.guard');
    EXCEPTION WHEN SQLSTATE 'RT001' OR SQLSTATE 'RT002' OR SQLSTATE 'RT003'
        OR insufficient_privilege OR lock_not_available THEN
      GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
      ok := false;
      -- A long hint would make each line of the report as wide; the run says it whole.
      found := concat_ws('. ', replace(SQLERRM, 'retort: ', ''), CASE WHEN length(hint) < 600
        THEN nullif(replace(hint, 'Nothing was changed. ', ''), '')
        ELSE concat_ws(' ', 'What to do is told by the run, or by: migrate',
          nullif(current_setting('retort_script.flags', true), ''), 'status') END);
    END;
    PERFORM set_config('role', was, true);
  END IF;
  tables := ARRAY(SELECT c.relname::text FROM pg_class AS c WHERE c.relnamespace = object
    AND c.relname IN ('applied', 'intent', 'state', 'log'));
  IF ok IS NOT NULL THEN
    NULL;
  ELSIF 'applied' <> ALL (tables) AND 'state' <> ALL (tables) THEN
    found := 'there is none; the script creates it';
    who := CASE WHEN object IS NULL
      AND NOT has_database_privilege(role_oid, current_database(), 'CREATE') THEN 'the database'
      WHEN NOT has_schema_privilege(role_oid, object, 'CREATE') THEN 'schema ' || ledger END;
    IF who IS NOT NULL THEN
      ok := false;
      found := format('%s, but %s lacks CREATE on %s', found, migrator, who);
    END IF;
  ELSIF cardinality(tables) < 4 THEN
    found := CASE WHEN facts ->> 'expected' = 'older'
      THEN 'of an older format; the script upgrades it' END;
  ELSE
    PERFORM set_config('role', migrator, true);
    EXECUTE format('SELECT ARRAY(SELECT a.revision FROM %1$s.applied AS a WHERE NOT EXISTS (SELECT
        FROM %1$s.applied AS b WHERE a.revision = ANY (b.parents || b.depends_on)) ORDER BY 1)',
      ledger) INTO heads;
    -- What the script asks before its first step, of the same routine: those of a ledger that it is
    -- about to repair may be missing.
    IF current_setting('retort.state') <> '' THEN
      EXECUTE current_setting('retort.state') INTO state;
      EXECUTE format('SELECT %1$s.unfinished(), ARRAY(SELECT m.id
          FROM jsonb_array_elements_text($1) AS m (id) WHERE NOT %1$s.is_pending(m.id, $2))',
        ledger) INTO unfinished, done USING facts -> 'may', facts ->> 'direction';
      is_done := state.is_done;
      ok := state.fault IS NULL;
      IF ok AND unfinished IS NOT NULL AND (facts ->> 'resumes')::boolean THEN
        EXECUTE format('SELECT o.outcome = ''unknown'' AND o.reason IS NULL AND o.remedy IS NULL
          FROM %s.outcome(NULL) AS o', ledger) INTO is_unknown;
        ok := NOT is_unknown;
      END IF;
      -- Of a long list of revisions the beginning is enough here.
      found := concat(CASE WHEN ok AND is_done THEN '; all of it is done already'
          WHEN NOT is_done THEN '; ' || left(state.fault, 600) END,
        CASE WHEN state.fault IS NULL
          THEN '; unfinished: ' || unfinished || (facts ->> 'unfinished') END,
        CASE WHEN is_unknown THEN '; the catalog does not show whether that statement was done, '
          'so that the script stops there: finish the step by hand, and CALL its end_upgrade or '
          'end_downgrade' END,
        '. ' || state.hint);
    END IF;
    PERFORM set_config('role', was, true);
    -- What its first steps take away is needed only where they are to be run.
    is_begun := done <> '{}' OR unfinished IS NOT NULL;
    found := concat('at ', coalesce(nullif(array_to_string(heads, ', '), ''), '<base>'), found);
  END IF;
  IF ok IS NOT FALSE AND facts ->> 'expected' = 'inconsistent' THEN
    found := concat_ws('; ', found, coalesce(
      nullif(current_setting('retort_ledger.inconsistent'), '') || '; the script repairs it',
      'nothing is to be repaired'));
  END IF;
  report := report
    || jsonb_build_array(jsonb_build_array(CASE WHEN NOT ok THEN 'X' END, 'ledger', found));

  -- Names without a schema, where the project sets no search_path, are looked up as the session
  -- begins: of that path, for each role that runs SQL, the schemas that are there and that it may
  -- use.
  own_path := ARRAY(SELECT coalesce(replace(m.part[1], '""', '"'), lower(m.part[2]))
    FROM pg_settings AS s,
      regexp_matches(s.reset_val, '"((?:[^"]|"")*)"|([^",\s]+)', 'g') AS m (part)
    WHERE s.name = 'search_path');
  paths := (SELECT jsonb_object_agg(r.rolname, ARRAY(SELECT n.nspname
      FROM unnest(own_path) WITH ORDINALITY AS p (name, place)
      JOIN pg_namespace AS n ON n.nspname = CASE p.name WHEN '$user' THEN r.rolname::text
        ELSE p.name END
      WHERE has_schema_privilege(r.oid, n.oid, 'USAGE') ORDER BY p.place))
    FROM pg_roles AS r WHERE r.rolname = migrator OR r.rolname::text IN (
      SELECT e ->> 'as' FROM jsonb_array_elements(facts -> 'needs') AS e));

  -- The tables, views and sequences that it touches, if anything is left to do: sizes, estimated
  -- rows, who has them now, invalid indexes.
  FOR item IN SELECT * FROM jsonb_array_elements(facts -> 'tables')
    WHERE is_done IS NOT TRUE LOOP
    path := CASE WHEN item ->> 3 = 'true' AND paths ? migrator
      THEN ARRAY(SELECT jsonb_array_elements_text(paths -> migrator))
      WHEN item ->> 3 = 'true' OR item ->> 3 IS NULL THEN (parse_ident(item ->> 0))[:1]
      ELSE coalesce((SELECT array_agg(p.name ORDER BY p.place) FROM jsonb_array_elements_text(
          to_jsonb((parse_ident(item ->> 0))[:1]) || (item -> 3)) WITH ORDINALITY
          AS p (name, place) JOIN pg_namespace AS n ON n.nspname = p.name
        WHERE has_schema_privilege(role_oid, n.oid, 'USAGE')), (parse_ident(item ->> 0))[:1]) END;
    SELECT c.oid, CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type'
        WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' ELSE 'table' END, n.nspname
      INTO object, kind, lies_in
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname = ANY (path) AND c.relname = (parse_ident(item ->> 0))[2]
      ORDER BY array_position(path, n.nspname::text) LIMIT 1;
    label := CASE WHEN path = (parse_ident(item ->> 0))[:1] THEN item ->> 0
      ELSE concat(quote_ident(coalesce(lies_in, path[1])) || '.',
        quote_ident((parse_ident(item ->> 0))[2])) END;
    found := concat(label, ': ' || nullif(item ->> 1, ''));
    -- It may be meant in another schema than is thought: where names are looked up in the session's
    -- own path, in those that any of the roles finds there; else in any.
    IF object IS NULL THEN
      -- A step that is still to be done gives it that name.
      CONTINUE WHEN jsonb_array_length(item) = 5 AND item ->> 4 <> ALL (done);
      report := report || jsonb_build_array(jsonb_build_array(
        CASE WHEN NOT is_begun AND (item ->> 2 = 'as named' OR item ->> 2 = 'in any schema'
          AND NOT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relname = (parse_ident(item ->> 0))[2]
              AND (item ->> 3 IS DISTINCT FROM 'true' OR EXISTS (SELECT FROM jsonb_each(paths) AS p
                WHERE p.value ? n.nspname))))
        THEN 'X' ELSE '!' END, 'relation', label || ' is not there'));
      CONTINUE;
    END IF;
    -- What has no rows of its own is only named.
    IF kind IN ('table', 'materialized view') THEN
      BEGIN
        SELECT concat(found, CASE WHEN item ->> 1 <> '' THEN '; ' ELSE ': ' END,
            CASE WHEN sum(c.reltuples) = 1 THEN 'about 1 row, '
              WHEN sum(c.reltuples) > 0 THEN format('about %s rows, ', sum(c.reltuples)::bigint)
              ELSE 'rows not counted yet, ' END,
            pg_size_pretty(sum(pg_table_size(c.oid))), ', indexes ',
            pg_size_pretty(sum(pg_indexes_size(c.oid)))) INTO found
          FROM pg_class AS c WHERE c.oid = object
            OR c.oid IN (SELECT t.relid FROM pg_partition_tree(object) AS t WHERE t.isleaf);
      EXCEPTION WHEN lock_not_available THEN
        found := concat(found, '; its size cannot be read while it is locked');
      END;
    END IF;
    report := report || jsonb_build_array(jsonb_build_array(NULL, kind, found));
    FOR each IN SELECT string_agg(DISTINCT l.mode, ', ') AS modes,
        /* holder */
        AS session
        FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.locktype = 'relation' AND l.relation = object AND l.granted
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND l.pid IS DISTINCT FROM pg_backend_pid()
        GROUP BY 2 ORDER BY 2 LIMIT 5 LOOP
      report := report || jsonb_build_array(jsonb_build_array('!', 'lock',
        format('%s on %s: %s', each.modes, label, each.session)));
    END LOOP;
    report := report || coalesce((SELECT jsonb_agg(jsonb_build_array('!', 'index',
        format('%s is not valid: a build has failed, or is under way', x.indexrelid::regclass)))
      FROM pg_index AS x WHERE x.indrelid = object AND NOT x.indisvalid), '[]');
  END LOOP;

  -- What else may hold it up.
  report := report || coalesce((SELECT jsonb_agg(jsonb_build_array('!', 'migrator',
      concat('the lock of the ledger is held by ',
        /* holder */,
        CASE WHEN
        /* idle */
        IS NOT NULL THEN format('; if nobody goes on with it, end it: '
          'SELECT pg_terminate_backend(%s);', l.pid) END)))
    FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.mode = 'ExclusiveLock' AND l.pid IS DISTINCT FROM pg_backend_pid()
      AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
      AND (l.classid::bigint << 32 | l.objid::bigint) = (facts ->> 'lock')::bigint), '[]');
  report := report || coalesce((SELECT jsonb_agg(jsonb_build_array('!', 'transaction', t.what))
    FROM (SELECT /* holder */ AS what
      FROM pg_stat_activity AS a CROSS JOIN LATERAL (SELECT a.pid) AS l
      WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
        AND a.xact_start < clock_timestamp() - interval '1 minute'
    UNION ALL SELECT format('prepared as %s by %s, for %s', p.gid, p.owner,
        date_trunc('second', clock_timestamp() - p.prepared))
      FROM pg_prepared_xacts AS p WHERE p.database = current_database()
    ORDER BY 1 LIMIT 5) AS t), '[]');
  IF NOT pg_has_role(CURRENT_USER, 'pg_read_all_stats', 'USAGE') THEN
    report := report || jsonb_build_array(jsonb_build_array(NULL, 'transaction', format(
      '%s cannot see how long those of other roles are open (pg_read_all_stats)', CURRENT_USER)));
  END IF;
  report := report || coalesce((SELECT jsonb_agg(jsonb_build_array(
      CASE WHEN r.replay_lag > interval '10 seconds' THEN '!' END, 'replica', concat(
        coalesce(nullif(r.application_name, ''), 'without a name'), CASE WHEN r.state IS NULL
          THEN format(', its lag is not visible to %s (pg_read_all_stats)', CURRENT_USER)
          ELSE concat(', ', r.state, ', ' || date_trunc('milliseconds', r.replay_lag) || ' behind')
          END)))
    FROM pg_stat_replication AS r), jsonb_build_array(jsonb_build_array(NULL, 'replica', 'none')));

  -- Roles, schemas and rights. What is not there is owned by nobody.
  FOR item IN SELECT * FROM jsonb_array_elements(facts -> 'needs')
    WHERE is_done IS NOT TRUE LOOP
    who := coalesce(item ->> 'as', migrator);
    asked := item ->> 'privilege';
    about := item ->> 'on';
    found := item ->> 'name';
    path := ARRAY[item ->> 'schema'];
    mark := CASE WHEN item ? 'maybe' THEN '!' ELSE 'X' END;
    -- PostgreSQL's own are in no path that is set.
    further := coalesce(item -> 'orIn', '[]') - 'pg_catalog';
    is_looked_up := item ? 'inServersPath' OR further <> '[]' AND about <> 'schema';
    IF further <> '[]' AND is_looked_up THEN
      path := coalesce((SELECT array_agg(p.name ORDER BY p.place) FROM jsonb_array_elements_text(
          to_jsonb(path) || further) WITH ORDINALITY AS p (name, place)
          JOIN pg_namespace AS n ON n.nspname = p.name
          JOIN pg_roles AS r ON r.rolname = who AND has_schema_privilege(r.oid, n.oid, 'USAGE')),
        path);
    ELSIF further <> '[]' THEN
      -- A schema of the path that the role may not use is passed over, too.
      CONTINUE WHEN asked = 'USAGE';
    END IF;
    IF item ? 'inServersPath' THEN
      CONTINUE WHEN EXISTS (SELECT
        FROM jsonb_array_elements_text(item -> 'inServersPath') AS m (name)
        WHERE m.name = ANY (own_path));
      IF paths ? who THEN
        path := ARRAY(SELECT jsonb_array_elements_text(paths -> who));
        found := CASE WHEN about = 'schema' THEN path[1] ELSE found END;
      END IF;
      IF found IS NULL THEN
        report := report || CASE WHEN asked = 'CREATE' THEN jsonb_build_array(jsonb_build_array(
          mark, 'schema', concat('search_path', coalesce(
            ' (' || nullif(array_to_string(own_path, ', '), '') || ')', ' is empty, and'),
            ' leads to no schema to make objects in (as ', who, ')'))) ELSE '[]' END;
        CONTINUE;
      END IF;
    END IF;
    -- PostgreSQL passes over the schemas of search_path that are not there.
    IF further <> '[]' AND NOT is_looked_up
      AND NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = found) THEN
      SELECT p.name INTO next_schema FROM jsonb_array_elements_text(item -> 'orIn')
        WITH ORDINALITY AS p (name, place) JOIN pg_namespace AS n ON n.nspname = p.name
        ORDER BY p.place LIMIT 1;
      IF next_schema IS NOT NULL THEN
        report := report || jsonb_build_array(jsonb_build_array('!', 'schema',
          format('%I does not exist; objects would be made in %I', found, next_schema)));
        found := next_schema;
        item := item || jsonb_build_object('text', format('CREATE on schema %I', found));
      END IF;
    END IF;
    label := quote_ident(path[1]) || '.';
    -- What is replaced is that of the schema in which it would be made.
    path := CASE WHEN item ? 'ifThere' THEN path[:1]
      ELSE path || CASE WHEN item -> 'orIn' ? 'pg_catalog' THEN '{pg_catalog}'::text[] END END;
    object := NULL;
    owner := NULL;
    lies_in := NULL;
    CASE about
      WHEN 'relation' THEN SELECT c.oid, c.relowner, n.nspname, c.relkind
        INTO object, owner, lies_in, kind
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relname = found AND n.nspname = ANY (path) AND (asked <> 'USAGE' OR c.relkind = 'S')
        ORDER BY array_position(path, n.nspname::text) LIMIT 1;
      WHEN 'schema' THEN SELECT n.oid, n.nspowner INTO object, owner FROM pg_namespace AS n
        WHERE n.nspname = found;
      WHEN 'type' THEN SELECT t.oid, t.typowner, n.nspname INTO object, owner, lies_in
        FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
        WHERE t.typname = found AND n.nspname = ANY (path)
        ORDER BY array_position(path, n.nspname::text) LIMIT 1;
      -- Of several with one name that which is meant, or that which the role may use.
      WHEN 'routine' THEN SELECT p.oid, p.proowner, n.nspname INTO object, owner, lies_in
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        CROSS JOIN LATERAL (SELECT coalesce(jsonb_agg(t.typname ORDER BY a.place), '[]')
            = item -> 'arguments' AS is_meant
          FROM unnest(p.proargtypes) WITH ORDINALITY AS a (id, place)
          JOIN pg_type AS t ON t.oid = a.id) AS f
        WHERE p.proname = found AND n.nspname = ANY (path) AND (f.is_meant OR NOT item ? 'ifThere')
        ORDER BY f.is_meant DESC, CASE asked
            WHEN 'EXECUTE' THEN has_function_privilege(who, p.oid, 'EXECUTE')
            ELSE pg_has_role(who, p.proowner, 'USAGE') END DESC,
          array_position(path, n.nspname::text) LIMIT 1;
      WHEN 'extension' THEN SELECT e.oid, e.extowner INTO object, owner FROM pg_extension AS e
        WHERE e.extname = found;
      WHEN 'database' THEN SELECT d.oid, d.datdba INTO object, owner FROM pg_database AS d
        WHERE d.datname = coalesce(nullif(found, ''), current_database());
      WHEN 'role' THEN SELECT r.oid, r.oid INTO object, owner FROM pg_roles AS r
        WHERE r.rolname = found;
      WHEN 'language' THEN SELECT l.oid, l.lanowner INTO object, owner FROM pg_language AS l
        WHERE l.lanname = found;
      WHEN 'tablespace' THEN SELECT t.oid, t.spcowner INTO object, owner FROM pg_tablespace AS t
        WHERE t.spcname = found;
      ELSE NULL;
    END CASE;
    -- Of a relation that is said above. A name without a schema may be meant in another, and one
    -- that is called may be that of a type or of a column.
    IF object IS NULL AND about NOT IN ('server', 'parameter')
      AND (asked <> 'INSTALL' OR NOT EXISTS (
        SELECT FROM pg_available_extensions AS e WHERE e.name = found)) THEN
      IF asked <> 'INSTALL' THEN
        mark := CASE WHEN item ? 'mustExist' AND NOT is_begun THEN 'X' ELSE '!' END;
      END IF;
      CONTINUE WHEN about = 'relation' OR item ? 'ifThere'
        OR mark = '!' AND asked NOT IN ('CREATE', 'INSTALL') AND about NOT IN ('role', 'language')
        OR item ->> 'mustExist' = 'in any schema' AND CASE about
          WHEN 'type' THEN EXISTS (SELECT FROM pg_type AS t WHERE t.typname = found
            AND (NOT item ? 'inServersPath' OR t.typnamespace = 'pg_catalog'::regnamespace))
          WHEN 'routine' THEN EXISTS (SELECT FROM pg_proc AS p WHERE p.proname = found
            AND (NOT item ? 'inServersPath' OR p.pronamespace = 'pg_catalog'::regnamespace))
          ELSE false END
        OR asked IN ('EXECUTE', 'EXISTS') AND about = 'routine' AND (
          EXISTS (SELECT FROM pg_type AS t WHERE t.typname = found)
          OR EXISTS (SELECT FROM pg_attribute AS a WHERE a.attname = found));
      found := concat(label, quote_ident(found), CASE asked
        WHEN 'INSTALL' THEN ' is not available on this server' ELSE ' is not there' END);
      said := jsonb_build_array(jsonb_build_array(mark, about, found));
      report := report || CASE WHEN report @> said THEN '[]' ELSE said END;
      CONTINUE;
    END IF;
    SELECT r.oid, r.rolsuper, r.rolcreaterole, r.rolcreatedb INTO own_role
      FROM pg_roles AS r WHERE r.rolname = who;
    CONTINUE WHEN own_role.rolsuper IS NOT FALSE AND asked <> 'SAME OWNER';
    IF asked = 'DEFAULTS' THEN
      report := report || coalesce((SELECT jsonb_agg(jsonb_build_array(mark, 'missing',
          format('USAGE on %s (as %s)', s.id::regclass, who)) ORDER BY s.place)
        FROM (SELECT a.attname, s.oid AS id,
            dense_rank() OVER (ORDER BY a.attnum) AS place
          FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d
            ON d.adrelid = a.attrelid AND d.adnum = a.attnum
          LEFT JOIN pg_depend AS p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
            AND p.refclassid = 'pg_class'::regclass AND p.refobjid <> a.attrelid
          LEFT JOIN pg_class AS s ON s.oid = p.refobjid AND s.relkind = 'S'
          WHERE a.attrelid = object AND a.attnum > 0 AND NOT a.attisdropped) AS s
        WHERE s.id IS NOT NULL AND NOT has_sequence_privilege(who, s.id, 'USAGE, UPDATE')
          AND (item -> 'given' @> to_jsonb(s.attname) OR item -> 'given' @> to_jsonb(s.place))
            IS NOT TRUE), '[]');
      CONTINUE;
    END IF;
    -- PostgreSQL has one function for each kind of object, and all take the same.
    rights := 'has_' || CASE WHEN about = 'routine' THEN 'function'
      WHEN about <> 'relation' THEN about
      WHEN kind = 'S' AND asked IN ('USAGE', 'GRANT') THEN 'sequence'
      ELSE 'table' END || '_privilege';
    ok := CASE
      -- Before 15 it is enough to be a member of a role of PostgreSQL's own.
      WHEN asked IN ('OWNER', 'DROP', 'GRANT') THEN pg_has_role(who, owner,
        CASE WHEN version < 150000 AND about = 'role' AND found ^@ 'pg_' THEN 'MEMBER'
          ELSE 'USAGE' END)
      WHEN asked = 'SAME OWNER' THEN owner = own_role.oid
      WHEN asked = 'MAINTAIN' THEN pg_has_role(who, owner, 'USAGE')
        OR version >= 170000 AND has_table_privilege(who, object, asked)
      WHEN asked = 'MEMBER' THEN pg_has_role(who, owner,
        CASE WHEN version < 160000 THEN 'MEMBER' ELSE 'SET' END)
      WHEN asked IN ('ADMIN', 'SELF') THEN asked = 'SELF' AND object = own_role.oid
        OR (asked = 'ADMIN' OR own_role.rolcreaterole)
          AND pg_has_role(who, object, 'MEMBER WITH ADMIN OPTION')
        OR version < 160000 AND own_role.rolcreaterole
          AND NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.oid = object)
      WHEN asked = 'SUPERUSER' OR about = 'parameter' AND version < 150000 THEN false
      WHEN asked = 'CREATEROLE' THEN own_role.rolcreaterole
      WHEN asked = 'CREATEDB' THEN own_role.rolcreatedb
      WHEN asked = 'INSTALL' THEN object IS NOT NULL OR EXISTS (
        SELECT FROM pg_available_extension_versions AS v WHERE v.name = found
          AND (NOT v.superuser OR to_jsonb(v) ->> 'trusted' = 'true'
            AND has_database_privilege(who, current_database(), 'CREATE')))
      WHEN asked = 'EXISTS' THEN true
      WHEN asked = 'CREATE' AND lies_in IS NOT NULL THEN has_schema_privilege(who, lies_in, asked)
      -- That of the database is free.
      WHEN about = 'tablespace' AND object = (SELECT d.dattablespace FROM pg_database AS d
        WHERE d.datname = current_database()) THEN true
      WHEN about = 'language' AND NOT (SELECT l.lanpltrusted FROM pg_language AS l
        WHERE l.oid = object) THEN false
    END;
    IF asked = 'DROP' AND NOT ok THEN
      ok := (SELECT pg_has_role(who, n.nspowner, 'USAGE') FROM pg_namespace AS n
        WHERE n.nspname = lies_in);
    ELSIF asked = 'GRANT' AND NOT ok THEN
      -- With another right on it, PostgreSQL grants nothing, and warns.
      all_rights := CASE rights WHEN 'has_schema_privilege' THEN '{CREATE, USAGE}'
        WHEN 'has_function_privilege' THEN '{EXECUTE}' WHEN 'has_type_privilege' THEN '{USAGE}'
        WHEN 'has_language_privilege' THEN '{USAGE}' WHEN 'has_tablespace_privilege' THEN '{CREATE}'
        WHEN 'has_database_privilege' THEN '{CREATE, CONNECT, TEMPORARY}'
        WHEN 'has_sequence_privilege' THEN '{USAGE, SELECT, UPDATE}'
        ELSE '{SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER}' END;
      EXECUTE format('SELECT %1$I($1, $2, $3), %1$I($1, $2, $4)', rights) INTO ok, is_allowed
        USING who, object, array_to_string(all_rights, ' WITH GRANT OPTION, ')
          || ' WITH GRANT OPTION', array_to_string(all_rights, ', ');
      mark := CASE WHEN is_allowed THEN '!' ELSE mark END;
    ELSIF ok IS NULL AND about = 'parameter' THEN
      EXECUTE format('SELECT %I($1, $2, $3)', rights) INTO ok USING who, found, asked;
    ELSIF ok IS NULL AND object IS NOT NULL THEN
      EXECUTE format('SELECT %I($1, $2, $3)', rights) INTO ok USING who, object,
        array_to_string(asked || ARRAY(SELECT jsonb_array_elements_text(item -> 'or')), ', ');
      ok := ok OR about = 'relation' AND asked IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
        AND has_any_column_privilege(who, object, asked);
    END IF;
    CONTINUE WHEN ok IS NOT FALSE;
    -- Of two names, with the schema and without it, one place may come.
    said := jsonb_build_array(jsonb_build_array(mark, 'missing',
      concat(item ->> 'text',
        CASE WHEN NOT is_looked_up THEN NULL
          WHEN asked = 'CREATE' AND lies_in IS NOT NULL THEN ' ' || quote_ident(lies_in)
          ELSE concat(' ', CASE WHEN about <> 'schema' THEN quote_ident(coalesce(lies_in, path[1]))
            || '.' END, quote_ident(found)) END,
        ' (as ' || who || ')')));
    report := report || CASE WHEN report @> said THEN '[]' ELSE said END;
  END LOOP;
  IF NOT report @> '[["X"]]' THEN
    report := report || jsonb_build_array(jsonb_build_array(NULL, 'result',
      CASE WHEN report @> '[["!", "relation"]]' OR report @> '[["!", "missing"]]'
        THEN 'of what was looked at, nothing is certainly missing; see the lines with !'
        ELSE 'of what was looked at, nothing is missing' END));
  END IF;
  PERFORM set_config('retort.preflight', report::text, true);
END
$body$;
