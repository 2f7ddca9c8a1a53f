Queries that change data, and what is made of queries.

-- >>> case merge
CREATE TABLE t (a int PRIMARY KEY, b text); CREATE TABLE s (a int, b text); INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'z'); INSERT INTO s VALUES (1, 'new'), (2, NULL), (4, 'four');
MERGE INTO t USING (SELECT * FROM s) AS q ON t.a = q.a WHEN MATCHED AND q.b IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET b = q.b || ';' WHEN NOT MATCHED AND q.a > 100 THEN DO NOTHING WHEN NOT MATCHED THEN INSERT (a, b) VALUES (q.a, q.b);
-- >>> case merge_of_seventeen
-- >>> server 17
CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (2, 'y'); CREATE TABLE u AS WITH m AS (MERGE INTO t USING (VALUES (1)) AS q(a) ON t.a = q.a WHEN MATCHED THEN UPDATE SET b = 'm' WHEN NOT MATCHED BY SOURCE THEN DELETE RETURNING merge_action(), t.*) SELECT * FROM m;
-- >>> case upserts
CREATE TABLE t (a int PRIMARY KEY, b int, c int, UNIQUE (b)); INSERT INTO t VALUES (1, 1), (2, 2); INSERT INTO t VALUES (1, 9), (3, 3) ON CONFLICT (a) DO UPDATE SET b = excluded.b, c = t.b WHERE t.a < 5 RETURNING *; INSERT INTO t VALUES (8, 9), (4, 4) ON CONFLICT DO NOTHING; INSERT INTO t VALUES (5, 3) ON CONFLICT ON CONSTRAINT t_b_key DO UPDATE SET (c, b) = (SELECT 7, 77);
-- >>> case ctes_with_changes
CREATE TABLE t (a int, b text); CREATE TABLE log (a int, what text); INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'z');
WITH d AS (DELETE FROM t WHERE a = 1 RETURNING *), u AS (UPDATE t SET b = b || '!' WHERE a = 2 RETURNING a, b), i AS (INSERT INTO t VALUES (9, 'n') RETURNING a) INSERT INTO log SELECT a, b FROM d UNION ALL SELECT a, b FROM u UNION ALL SELECT a, 'i' FROM i;
WITH RECURSIVE r(n, path) AS NOT MATERIALIZED (SELECT 1, ARRAY[1] UNION ALL SELECT n + 1, path || n FROM r WHERE n < 4) SEARCH DEPTH FIRST BY n SET o CYCLE n SET c USING p INSERT INTO log SELECT n, path::text FROM r;
-- >>> case windows
CREATE TABLE t AS SELECT i, i % 3 AS g FROM generate_series(1, 10) AS i; CREATE TABLE u AS SELECT i, rank() OVER w AS r, sum(i) OVER (w ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) AS s, lag(i, 1, 0) OVER w AS l, count(*) FILTER (WHERE i > 5) OVER (PARTITION BY g) AS c FROM t WINDOW w AS (PARTITION BY g ORDER BY i DESC);
-- >>> case grouping_sets
CREATE TABLE t AS SELECT i % 2 AS a, i % 3 AS b, i FROM generate_series(1, 12) AS i; CREATE TABLE u AS SELECT a, b, sum(i), grouping(a, b) AS g FROM t GROUP BY GROUPING SETS ((a, b), (a), ()) HAVING sum(i) > 1; CREATE TABLE v AS SELECT a, b, count(*) FROM t GROUP BY DISTINCT CUBE (a), ROLLUP (b);
-- >>> case laterals_and_samples
CREATE TABLE t AS SELECT i FROM generate_series(1, 20) AS i; CREATE TABLE u AS SELECT t.i, l.* FROM t LEFT JOIN LATERAL (SELECT max(x) FROM t AS x(x) WHERE x < t.i) AS l ON true; CREATE TABLE v AS SELECT count(*) FROM t TABLESAMPLE BERNOULLI (50) REPEATABLE (7); CREATE TABLE w AS SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['a','b'])) WITH ORDINALITY AS z(a, b, n); CREATE TABLE x AS SELECT * FROM t ORDER BY i / 4 OFFSET 1 FETCH FIRST 3 ROWS WITH TIES;
-- >>> down
DROP SCHEMA laterals_and_samples CASCADE;
-- >>> case set_operations
CREATE TABLE t AS (SELECT 1 AS a UNION ALL VALUES (2), (2) EXCEPT SELECT 3) INTERSECT ALL SELECT 1;
-- >>> case updates_from_others
CREATE TABLE t (a int, b text, c int); CREATE TABLE s (a int, b text); INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3); INSERT INTO s VALUES (1, 'A'), (3, 'C'); UPDATE t AS x SET (b, c) = (SELECT s.b, 10 FROM s WHERE s.a = x.a) FROM s AS y WHERE y.a = x.a; DELETE FROM t USING s WHERE t.a = s.a AND s.b = 'C' RETURNING t.*; UPDATE t SET c = DEFAULT WHERE a = 2; TRUNCATE s RESTART IDENTITY CASCADE;
-- >>> case explains
CREATE TABLE t (a int); EXPLAIN (COSTS OFF, FORMAT JSON) SELECT * FROM t; EXPLAIN ANALYZE INSERT INTO t VALUES (1); EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF, SUMMARY OFF) CREATE TABLE u AS SELECT 2 AS b; EXPLAIN VERBOSE UPDATE t SET a = 5;
-- >>> case full_text
CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, STOPWORDS = english, ACCEPT = false); CREATE TEXT SEARCH CONFIGURATION c (COPY = pg_catalog.english); ALTER TEXT SEARCH CONFIGURATION c ALTER MAPPING FOR asciiword, word WITH d, english_stem; CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline); CREATE TEXT SEARCH TEMPLATE tt (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TABLE t (body text, v tsvector GENERATED ALWAYS AS (to_tsvector('full_text.c'::regconfig, body)) STORED); INSERT INTO t (body) VALUES ('The quick brown foxes: it''s jumping!'); CREATE INDEX ON t USING gin (v); SET default_text_search_config = 'full_text.c'; CREATE TABLE u AS SELECT v @@ to_tsquery('fox & !cat:*') AS hit, ts_headline(body, 'jump'::tsquery) AS h FROM t;
-- >>> case regular_expressions
CREATE TABLE t AS SELECT 'a\b' ~ '\\' AS a, E'a\nb' ~ E'a\\nb' AS b, regexp_replace('x:y', '(\w):(\w)', '\2:\1', 'g') AS c, 'a%b' LIKE 'a\%b' AS d, 'a%b' LIKE 'a!%b' ESCAPE '!' AS e, 'abc' SIMILAR TO '%(b|d)%' AS f, substring('foobar' SIMILAR '%#"o_b#"%' ESCAPE '#') AS g, 'x' !~* 'X' AS h, 'a' ILIKE '_' AS i;
-- >>> case special_syntax
CREATE TABLE t AS SELECT overlay('abcdef' PLACING 'X' FROM 2 FOR 3) AS a, position('c' IN 'abc') AS b, trim(BOTH 'x' FROM 'xax') AS c, substring('abc' FROM 2) AS d, CAST('1' AS int) AS e, int '2' AS f, DATE '2024-01-01' AS g, (DATE '2024-01-01', DATE '2024-02-01') OVERLAPS (DATE '2024-01-15', INTERVAL '1 day') AS h, normalize(U&'e\0301', NFC) IS NORMALIZED AS i, coalesce(NULL, nullif(1, 2), greatest(1, 2)) AS j, ROW(1, NULL) IS NULL AS k, 1 IS DISTINCT FROM NULL AS l, EXTRACT(YEAR FROM DATE '2024-01-01') AS m, ARRAY(VALUES (1), (2)) AS n, 'a' COLLATE "C" < 'B' AS o;
