Tables and what hangs on them: constraints, partitions, inheritance, indexes, views, rules, triggers, statistics.

-- >>> case constraints
CREATE TABLE p (id int PRIMARY KEY, u int UNIQUE NULLS NOT DISTINCT, CHECK (id > 0) NO INHERIT);
CREATE TABLE c (id int, p int REFERENCES p ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE, q int, CONSTRAINT both_ FOREIGN KEY (q) REFERENCES p (u) MATCH FULL ON DELETE CASCADE NOT VALID);
INSERT INTO p VALUES (1, 1), (2, NULL); INSERT INTO c VALUES (1, 1, 1), (2, 2, NULL);
UPDATE p SET id = 3 WHERE id = 1; DELETE FROM p WHERE id = 2;
ALTER TABLE c VALIDATE CONSTRAINT both_; ALTER TABLE c ADD CONSTRAINT c_check CHECK (id < 100) NOT VALID, ADD PRIMARY KEY (id) INCLUDE (q);
-- >>> case constraints_deferred
CREATE TABLE a (id int PRIMARY KEY, b int UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE INITIALLY IMMEDIATE;
INSERT INTO b VALUES (1, 1); SET CONSTRAINTS ALL DEFERRED; INSERT INTO a VALUES (1, 2), (2, 1);
UPDATE a SET b = 3 - b; INSERT INTO b VALUES (2, 2); SET CONSTRAINTS a_b_fkey IMMEDIATE;
-- >>> case constraints_deferred_to_the_end
CREATE TABLE a (id int PRIMARY KEY, b int REFERENCES a DEFERRABLE INITIALLY DEFERRED, CONSTRAINT once UNIQUE (b) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO a VALUES (1, 2), (2, 1); UPDATE a SET b = id; SET CONSTRAINTS once DEFERRED; UPDATE a SET b = 3 - b;
-- >>> case exclusion
CREATE TABLE t (room int, during tsrange, EXCLUDE USING gist (during WITH &&) WHERE (room > 0) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO t VALUES (1, '[2024-01-01,2024-01-02)'), (1, '[2024-01-02,2024-01-03)'); UPDATE t SET during = during + '[2024-01-02,2024-01-02]' WHERE false;
-- >>> case partitions_by_range
CREATE TABLE m (id int, at date NOT NULL, v text DEFAULT 'd') PARTITION BY RANGE (at);
CREATE TABLE m24 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (id);
CREATE TABLE m24_1 PARTITION OF m24 (v DEFAULT 'one') FOR VALUES IN (1, NULL); CREATE TABLE m24_x PARTITION OF m24 DEFAULT;
CREATE TABLE m_old PARTITION OF m FOR VALUES FROM (MINVALUE) TO ('2024-01-01'); CREATE TABLE m_rest PARTITION OF m DEFAULT;
CREATE INDEX ON m (id); ALTER TABLE m ADD PRIMARY KEY (id, at);
INSERT INTO m (id, at) VALUES (1, '2024-05-05'), (2, '2024-05-05'), (3, '1999-01-01'), (4, '2030-01-01');
UPDATE m SET at = '2024-06-06' WHERE id = 4;
-- >>> down
ALTER TABLE partitions_by_range.m DETACH PARTITION partitions_by_range.m24;
DROP SCHEMA partitions_by_range CASCADE;
-- >>> case partitions_by_hash_and_key
CREATE TABLE h (a int, b text) PARTITION BY HASH (a, b); CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO h SELECT i, i::text FROM generate_series(1, 20) AS i;
CREATE TABLE e (a int, b text) PARTITION BY RANGE ((a % 10), lower(b) COLLATE "C"); CREATE TABLE e1 PARTITION OF e FOR VALUES FROM (0, MINVALUE) TO (5, MAXVALUE);
INSERT INTO e VALUES (13, 'X');
-- >>> case partitions_attached
CREATE TABLE m (id int, at date) PARTITION BY RANGE (at); CREATE INDEX m_id ON ONLY m (id);
CREATE TABLE a (LIKE m); CREATE INDEX a_id ON a (id DESC); INSERT INTO a VALUES (1, '2024-02-02');
ALTER TABLE a ADD CHECK (at >= '2024-01-01' AND at < '2025-01-01'); ALTER TABLE m ATTACH PARTITION a FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX a_id2 ON a (id) TABLESPACE pg_default; ALTER TABLE m DETACH PARTITION a; ALTER TABLE m ATTACH PARTITION a DEFAULT;
-- >>> case partition_detached_concurrently
CREATE TABLE m (id int) PARTITION BY LIST (id); CREATE TABLE m1 PARTITION OF m FOR VALUES IN (1); INSERT INTO m VALUES (1);
-- >>> case partition_detached_concurrently_2
-- >>> bare
ALTER TABLE partition_detached_concurrently.m DETACH PARTITION partition_detached_concurrently.m1 CONCURRENTLY;
-- >>> down
ALTER TABLE partition_detached_concurrently.m ATTACH PARTITION partition_detached_concurrently.m1 FOR VALUES IN (1);
-- >>> case inheritance
CREATE TABLE a (x int CHECK (x > 0), y text DEFAULT 'a'); CREATE TABLE b (z int, y text) INHERITS (a); CREATE TABLE c (x int) INHERITS (a, b);
INSERT INTO a VALUES (1); INSERT INTO b (x, z) VALUES (2, 3); INSERT INTO c VALUES (4); UPDATE ONLY a SET y = 'only'; UPDATE a SET x = x + 1;
ALTER TABLE b NO INHERIT a; ALTER TABLE b INHERIT a; ALTER TABLE ONLY a DROP y; CREATE TABLE d AS SELECT tableoid::regclass::text AS t, x FROM a;
-- >>> case tables_like_others
CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY, b text DEFAULT 'x' COLLATE "C", CHECK (b <> ''), PRIMARY KEY (id)); COMMENT ON COLUMN a.b IS 'b';
CREATE TABLE b (LIKE a INCLUDING ALL EXCLUDING CONSTRAINTS, c int); CREATE TABLE c AS TABLE a WITH NO DATA; SELECT 1 AS x INTO d;
CREATE UNLOGGED TABLE e (a int) WITH (fillfactor = 50, autovacuum_enabled = off); CREATE TABLE IF NOT EXISTS e (b int); ALTER TABLE e SET LOGGED, SET (toast.autovacuum_enabled = off), RESET (fillfactor);
-- >>> case tables_without_columns
CREATE TABLE t (); INSERT INTO t DEFAULT VALUES; SELECT FROM t; ALTER TABLE t ADD a int; ALTER TABLE t DROP a;
-- >>> case tables_of_time
-- >>> server 18
CREATE EXTENSION btree_gist SCHEMA tables_of_time;
CREATE TABLE t (id int, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS)); CREATE TABLE c (id int, during daterange, FOREIGN KEY (id, PERIOD during) REFERENCES t (id, PERIOD during));
INSERT INTO t VALUES (1, '[2024-01-01,2025-01-01)'); INSERT INTO c VALUES (1, '[2024-02-01,2024-03-01)'); ALTER TABLE t ADD CONSTRAINT n CHECK (id > 0) NOT ENFORCED;
CREATE TABLE u AS WITH x AS (UPDATE t SET id = id RETURNING old.id AS o, new.id AS n) SELECT * FROM x;
-- >>> case indexes
CREATE TABLE t (a int, b text, c int[], d point); INSERT INTO t SELECT i, i::text, ARRAY[i], point(i, i) FROM generate_series(1, 50) AS i;
CREATE UNIQUE INDEX u ON t (lower(b) COLLATE "C" text_pattern_ops DESC NULLS LAST) INCLUDE (a) WHERE a > 5; CREATE INDEX w ON t (a DESC);
CREATE INDEX ON t USING hash (a); CREATE INDEX ON t USING gin (c); CREATE INDEX ON t USING gist (d); CREATE INDEX ON t USING spgist (d); CREATE INDEX ON t USING brin (a) WITH (pages_per_range = 8);
CREATE INDEX IF NOT EXISTS u ON t (a); ALTER INDEX u RENAME TO v; ALTER INDEX v ALTER COLUMN 1 SET STATISTICS 10; ALTER TABLE t CLUSTER ON w; ALTER TABLE t REPLICA IDENTITY FULL;
REINDEX INDEX v; REINDEX TABLE t; CLUSTER t; ANALYZE t;
-- >>> case statistics
CREATE TABLE t (a int, b int, c text); INSERT INTO t SELECT i % 5, i % 5, 'x' FROM generate_series(1, 100) AS i;
CREATE STATISTICS s (ndistinct, dependencies) ON a, b FROM t; CREATE STATISTICS e ON (a + b), (lower(c)) FROM t; ALTER STATISTICS s SET STATISTICS 50; ANALYZE t (a, b);
-- >>> case collations
CREATE COLLATION german (provider = icu, locale = 'de-u-co-phonebk'); CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE COLLATION c2 FROM "C";
CREATE TABLE t (a text COLLATE german, b text COLLATE ci UNIQUE); INSERT INTO t VALUES ('Ärger', 'x'), ('Zoo', 'y'), ('Arg', 'z');
CREATE TABLE u AS SELECT string_agg(a, ',' ORDER BY a) AS sorted, bool_or(b = 'X') AS found FROM t; ALTER COLLATION german RENAME TO deutsch;
-- >>> case views
CREATE TABLE t (a int, b text, owner name DEFAULT current_user); INSERT INTO t VALUES (1, 'x'), (2, 'y');
CREATE VIEW v WITH (security_barrier, check_option = local) AS SELECT a, b FROM t WHERE a < 10; CREATE VIEW w AS SELECT * FROM v WITH CASCADED CHECK OPTION;
CREATE OR REPLACE VIEW v WITH (security_barrier = off) AS SELECT a, b, 1 AS c FROM t WHERE a < 20; INSERT INTO w VALUES (3, 'z'); ALTER VIEW v ALTER COLUMN b SET DEFAULT 'dv'; INSERT INTO v (a) VALUES (4);
CREATE RECURSIVE VIEW n (i) AS VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5; CREATE VIEW x (p, q) WITH (security_invoker = true) AS TABLE w;
CREATE TABLE sum AS SELECT sum(i) FROM n; ALTER VIEW x RENAME COLUMN p TO r;
-- >>> case materialized_views
CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1), (2); CREATE MATERIALIZED VIEW m AS SELECT a, a * 2 AS b FROM t; CREATE UNIQUE INDEX ON m (a);
CREATE MATERIALIZED VIEW n (x) WITH (fillfactor = 70) AS SELECT sum(b) FROM m WITH NO DATA; INSERT INTO t VALUES (3);
REFRESH MATERIALIZED VIEW m; REFRESH MATERIALIZED VIEW CONCURRENTLY m; REFRESH MATERIALIZED VIEW n; REFRESH MATERIALIZED VIEW n WITH NO DATA; ALTER MATERIALIZED VIEW m SET (fillfactor = 80);
-- >>> case rules
CREATE TABLE t (a int, b text); CREATE TABLE log (what text, a int);
CREATE RULE ins AS ON INSERT TO t DO ALSO INSERT INTO log VALUES ('ins;', new.a);
CREATE RULE del AS ON DELETE TO t WHERE old.a > 1 DO INSTEAD ( INSERT INTO log VALUES ('kept', old.a); UPDATE t SET b = 'kept' WHERE a = old.a; ); CREATE RULE tell AS ON UPDATE TO t DO NOTIFY rules_del;
CREATE RULE none AS ON UPDATE TO log DO INSTEAD NOTHING; INSERT INTO t VALUES (1, 'x'), (2, 'y'); DELETE FROM t; UPDATE log SET a = 0; ALTER TABLE t DISABLE RULE ins; INSERT INTO t VALUES (5, 'z');
CREATE VIEW v AS SELECT * FROM t; CREATE RULE vi AS ON INSERT TO v DO INSTEAD INSERT INTO t VALUES (new.a, new.b) RETURNING *; INSERT INTO v VALUES (9, 'v') RETURNING a;
-- >>> case triggers
CREATE TABLE t (a int, b text, c int); CREATE TABLE log (n serial, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO triggers.log (what) VALUES (concat_ws(' ', TG_NAME, TG_WHEN, TG_LEVEL, TG_OP, TG_NARGS, TG_ARGV[0]));
  IF TG_OP = 'DELETE' THEN RETURN old; END IF; -- ;
  RETURN new;
END $$;
CREATE TRIGGER b BEFORE INSERT OR UPDATE OF a ON t FOR EACH ROW WHEN (new.a > 1) EXECUTE FUNCTION note('it''s', 2); CREATE TRIGGER a AFTER DELETE OR TRUNCATE ON t EXECUTE PROCEDURE note();
CREATE TRIGGER r AFTER DELETE ON t REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note(); CREATE VIEW v AS SELECT * FROM t; CREATE TRIGGER i INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION note(':x');
INSERT INTO t VALUES (1), (2); UPDATE t SET a = a + 1; UPDATE t SET b = 'x'; INSERT INTO v VALUES (7); DELETE FROM t WHERE a = 2; TRUNCATE t; ALTER TABLE t DISABLE TRIGGER b, ENABLE ALWAYS TRIGGER a; CREATE OR REPLACE TRIGGER r AFTER UPDATE ON t EXECUTE FUNCTION note();
-- >>> case triggers_deferred
CREATE TABLE t (a int); CREATE TABLE log (n serial, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO triggers_deferred.log (what) VALUES (TG_NAME || new.a || current_setting('search_path') || current_user); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note(); CREATE CONSTRAINT TRIGGER early AFTER INSERT ON t DEFERRABLE FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO t VALUES (1); SET CONSTRAINTS ALL IMMEDIATE; INSERT INTO t VALUES (2); SET CONSTRAINTS ALL DEFERRED; INSERT INTO t VALUES (3); INSERT INTO log (what) VALUES ('last');
-- >>> case triggers_deferred_twice
CREATE TABLE t (a int); CREATE TABLE log (n serial, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO triggers_deferred_twice.log (what) VALUES (new.a); IF new.a < 3 THEN INSERT INTO triggers_deferred_twice.t VALUES (new.a + 1); END IF; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note(); INSERT INTO t VALUES (1); INSERT INTO log (what) VALUES ('before');
-- >>> case event_triggers
CREATE TABLE log (n serial, tag text, object text); CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_triggers.log (tag, object) SELECT command_tag, object_identity FROM pg_event_trigger_ddl_commands() WHERE schema_name = 'event_triggers';
END $$;
CREATE FUNCTION gone() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO event_triggers.log (tag, object) SELECT TG_TAG, object_identity FROM pg_event_trigger_dropped_objects(); END $$;
CREATE EVENT TRIGGER differential_note ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE INDEX') EXECUTE FUNCTION note(); CREATE EVENT TRIGGER differential_gone ON sql_drop EXECUTE FUNCTION gone();
CREATE TABLE t (a int PRIMARY KEY); ALTER TABLE t ADD b int; CREATE INDEX ON t (b); DROP TABLE t; ALTER EVENT TRIGGER differential_gone DISABLE;
-- >>> down
DROP EVENT TRIGGER differential_gone; DROP EVENT TRIGGER differential_note; DROP SCHEMA event_triggers CASCADE;
-- >>> case event_trigger_that_hears_all
-- >>> alone
CREATE TABLE log (n serial, event text, tag text); CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO event_trigger_that_hears_all.log (event, tag) VALUES (TG_EVENT, TG_TAG); END $$;
CREATE EVENT TRIGGER differential_all ON ddl_command_start EXECUTE FUNCTION note(); CREATE EVENT TRIGGER differential_end ON ddl_command_end EXECUTE FUNCTION note();
CREATE TABLE t (a int); SET search_path = ''; CREATE TEMP TABLE x (a int); DISCARD TEMP;
-- >>> down
CREATE TABLE event_trigger_that_hears_all.u (a int); DROP TABLE event_trigger_that_hears_all.t; DROP EVENT TRIGGER differential_all;
-- >>> case comments_on_everything
CREATE TABLE t (a int CONSTRAINT k CHECK (a > 0)); CREATE INDEX i ON t (a); CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE e AS ENUM (); CREATE DOMAIN d AS int CONSTRAINT dk CHECK (true);
COMMENT ON SCHEMA comments_on_everything IS 'é😀 ''quoted''; -- x'; COMMENT ON COLUMN t.a IS E'two\nlines'; COMMENT ON CONSTRAINT k ON t IS $$ k $$; COMMENT ON INDEX i IS 'i'; COMMENT ON FUNCTION f(int) IS 'f'; COMMENT ON TYPE e IS 'e'; COMMENT ON CONSTRAINT dk ON DOMAIN d IS 'dk'; COMMENT ON TABLE t IS ''; COMMENT ON INDEX i IS NULL;
-- >>> case moved_and_renamed
CREATE SCHEMA moved_and_renamed_2; CREATE TABLE a (x int, y int DEFAULT 1); CREATE VIEW v AS SELECT x FROM a; ALTER TABLE a RENAME x TO z; ALTER TABLE a RENAME TO b; ALTER TABLE b SET SCHEMA moved_and_renamed_2; ALTER SCHEMA moved_and_renamed_2 RENAME TO moved_and_renamed_3;
-- >>> down
DROP SCHEMA moved_and_renamed CASCADE; DROP SCHEMA moved_and_renamed_3 CASCADE;
-- >>> case schema_with_elements
-- >>> bare
CREATE SCHEMA schema_with_elements CREATE TABLE t (a int PRIMARY KEY) CREATE VIEW v AS SELECT a FROM t CREATE INDEX ON t (a) CREATE SEQUENCE s GRANT SELECT ON t TO PUBLIC;
-- >>> down
DROP SCHEMA schema_with_elements CASCADE;
-- >>> case access_methods
CREATE ACCESS METHOD differential_heap TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE t (a int) USING differential_heap; INSERT INTO t VALUES (1);
SET default_table_access_method = differential_heap; CREATE TABLE u (a int);
-- >>> down
DROP SCHEMA access_methods CASCADE; DROP ACCESS METHOD differential_heap;
