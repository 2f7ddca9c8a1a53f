Types: domains, enums, composites, ranges, arrays, casts, operators, JSON, XML, time, and what is kept of them.

-- >>> case domains
CREATE DOMAIN positive AS int CHECK (VALUE > 0) NOT NULL;
CREATE DOMAIN code AS text COLLATE "C" DEFAULT 'x' CONSTRAINT code_short CHECK (length(VALUE) < 4);
CREATE DOMAIN pair AS int[] CHECK (array_length(VALUE, 1) = 2);
CREATE TABLE t (p positive DEFAULT 1, c code, q pair);
INSERT INTO t VALUES (1, DEFAULT, '{1,2}'); INSERT INTO t (p) VALUES (2);
ALTER DOMAIN code DROP CONSTRAINT code_short; ALTER DOMAIN code ADD CONSTRAINT longer CHECK (length(VALUE) < 9) NOT VALID;
ALTER DOMAIN code VALIDATE CONSTRAINT longer; ALTER DOMAIN positive DROP NOT NULL; ALTER DOMAIN positive RENAME TO number;
-- >>> down
ALTER DOMAIN domains.number SET NOT NULL;
DROP SCHEMA domains CASCADE;
-- >>> case enums
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy😀', '');
CREATE TABLE t (m mood DEFAULT 'sad', n mood[]);
INSERT INTO t VALUES ('it''s ok', '{sad,happy😀,""}'), (DEFAULT, NULL);
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
CREATE TABLE u AS SELECT max(m) AS greatest, enum_range(NULL::mood) AS all FROM t;
-- >>> case enum_values_added
CREATE TYPE mood AS ENUM ('b');
ALTER TYPE mood ADD VALUE 'a' BEFORE 'b'; ALTER TYPE mood ADD VALUE IF NOT EXISTS 'b'; ALTER TYPE mood ADD VALUE 'c';
-- >>> case enum_values_added_and_used_outside
-- >>> header transaction: none
CREATE TYPE mood AS ENUM ('b');
CREATE TABLE t (m mood);
ALTER TYPE mood ADD VALUE 'a' BEFORE 'b';
INSERT INTO t VALUES ('a');
-- >>> case composites
CREATE TYPE address AS (street text, zip varchar(5) COLLATE "C");
CREATE TYPE person AS (name text, home address, other address[]);
CREATE TABLE t (p person);
INSERT INTO t VALUES (ROW('a', ROW('s, "t"', '123')::address, ARRAY[ROW('(', ')')::address])), ('(b,"(x,1)",{})'), (NULL), (ROW(NULL, NULL, NULL));
UPDATE t SET p.name = 'c', p.home.street = 'x' WHERE (p).name = 'a';
ALTER TYPE address ADD ATTRIBUTE city text;
ALTER TYPE address RENAME ATTRIBUTE street TO line CASCADE;
SELECT (p).home.*, ((p).home).line FROM t;
-- >>> case typed_table
CREATE TYPE row_of AS (a int, b text);
CREATE TABLE t OF row_of (PRIMARY KEY (a), b WITH OPTIONS DEFAULT 'x');
INSERT INTO t (a) VALUES (1);
ALTER TYPE row_of ADD ATTRIBUTE c int CASCADE;
ALTER TABLE t NOT OF;
-- >>> case ranges
CREATE TYPE floats AS RANGE (subtype = float8, subtype_diff = float8mi, multirange_type_name = float_set);
CREATE TABLE t (i int4range, d daterange, f floats, m float_set, EXCLUDE USING gist (i WITH &&));
INSERT INTO t VALUES ('[1,5)', '(,2020-01-01]', '[1.5,2.5]', '{[1,2),(3,4]}'), ('empty', 'empty', floats(3, 4, '()'), '{}');
CREATE TABLE u AS SELECT i * '[3,9)' AS i, m + '{[2,3]}' AS m, range_agg(i) OVER () AS agg FROM t;
-- >>> case arrays
CREATE TABLE t (a int[], b text[][], c int[3], d int ARRAY[4]);
INSERT INTO t VALUES ('{1,NULL,3}', '{{a,"b c"},{"d\"e","NULL"}}', '[2:4]={1,2,3}', ARRAY[1,2]), ('{}', ARRAY[['x']], NULL, array_fill(7, ARRAY[2], ARRAY[0]));
UPDATE t SET a[5] = 9, b[1][1] = 'z' WHERE c IS NOT NULL; UPDATE t SET a[2:3] = '{8,9}';
CREATE TABLE u AS SELECT a[2:] AS x, a[:2] AS y, a[1] AS z, b[1:1][1:1] AS w, c[2:3] FROM t;
-- >>> case json
CREATE TABLE t (j json, b jsonb);
INSERT INTO t VALUES ('{"a": 1, "a": 2, "é": "\u00e9\ud83d\ude00"}', '{"a": 1, "a": 2, "é": "\u00e9\ud83d\ude00"}'), ('[1, "\n", null]', '[1.0, 1e2, true]');
UPDATE t SET b = jsonb_set(b, '{a}', '"x:y"') WHERE b ? 'a'; UPDATE t SET b['k']['l'] = '1' WHERE b ? 'a';
CREATE TABLE u AS SELECT b #>> '{a}' AS x, b -> 'k' AS y, j ->> 1 AS z, b @> '{"a":"x:y"}' AS c, jsonb_path_query_array(b, '$.** ? (@.type() == "number")') AS p FROM t;
CREATE INDEX ON t USING gin (b jsonb_path_ops);
-- >>> case json_of_the_standard
-- >>> server 17
CREATE TABLE t AS SELECT * FROM JSON_TABLE('[{"a":1,"b":[1,2]},{"a":2}]', '$[*]' COLUMNS (n FOR ORDINALITY, a int PATH '$.a', NESTED PATH '$.b[*]' COLUMNS (b int PATH '$')));
CREATE TABLE u AS SELECT JSON_OBJECT('a' VALUE 1, 'b': 2 ABSENT ON NULL) AS o, JSON_ARRAY(1, NULL NULL ON NULL) AS a, '{"x":1}' IS JSON OBJECT WITH UNIQUE KEYS AS i, JSON_VALUE('{"a":1}', '$.a' RETURNING int) AS v;
-- >>> case xml
CREATE TABLE t (x xml);
INSERT INTO t VALUES ('<a b="c">;&amp;</a>'), (xmlelement(name "x y", xmlattributes('<' AS "q"), 'é')), (XMLPARSE(DOCUMENT '<?xml version="1.0"?><r/>'));
CREATE TABLE u AS SELECT xmlserialize(CONTENT xmlagg(x) AS text) AS all FROM t WHERE x IS DOCUMENT;
-- >>> case times
CREATE TABLE t (ts timestamptz, d date, i interval, tz timetz, ival interval day to second(2));
INSERT INTO t VALUES ('2024-03-31 02:30 Europe/Berlin', 'epoch', '1 mon 2 days 03:04:05.6', '12:00+05:30', '1 2:03:04.567'), ('infinity', '-infinity', 'P1Y2M3DT4H', 'allballs', INTERVAL '3' HOUR);
CREATE TABLE u AS SELECT ts AT TIME ZONE 'Asia/Kolkata' AS a, extract(epoch FROM i) AS b, date_trunc('week', ts) AS c, d - 1 AS d, ts::text AS e FROM t;
-- >>> case time_zone_of_a_file
SET TimeZone = 'America/New_York'; SET DateStyle = 'German, DMY'; SET IntervalStyle = 'postgres_verbose';
CREATE TABLE t AS SELECT '2024-07-01 12:00'::timestamptz AS a, '02.03.2024'::date AS b, (now() - now())::text AS c, '2024-07-01'::timestamptz::text AS d;
-- >>> case money_and_the_like
CREATE TABLE t (m money, n numeric(10,2), b bytea, u uuid, i inet, c cidr, a macaddr, o oid, p point, g polygon, bits varbit(5), nm name, ch "char");
INSERT INTO t VALUES ('$1,234.56', 1.005, '\xdeadbeef', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03', 42, '(1,2)', '((0,0),(1,1),(1,0))', B'101', 'n', 'x'), (NULL, 'NaN', 'abc\000\\', NULL, '192.168.1.1', NULL, NULL, NULL, NULL, NULL, B'', NULL, '\101');
-- >>> case casts
CREATE TYPE celsius AS (degrees numeric); CREATE TYPE fahrenheit AS (degrees numeric);
CREATE FUNCTION to_f(celsius) RETURNS fahrenheit LANGUAGE sql IMMUTABLE AS 'SELECT ROW($1.degrees * 9 / 5 + 32)::casts.fahrenheit';
CREATE CAST (celsius AS fahrenheit) WITH FUNCTION to_f(celsius) AS ASSIGNMENT;
CREATE CAST (fahrenheit AS text) WITH INOUT AS IMPLICIT;
CREATE TABLE t (f fahrenheit); INSERT INTO t VALUES (ROW(100)::celsius);
CREATE TABLE u AS SELECT f::text AS s, (ROW(0)::celsius::fahrenheit).degrees FROM t;
-- >>> down
DROP CAST (casts.celsius AS casts.fahrenheit);
DROP SCHEMA casts CASCADE;
-- >>> case operators
CREATE TYPE p2 AS (x int, y int);
CREATE FUNCTION add(p2, p2) RETURNS p2 LANGUAGE sql IMMUTABLE AS $$ SELECT ROW($1.x + $2.x, $1.y + $2.y)::operators.p2 $$;
CREATE FUNCTION neg(p2) RETURNS p2 LANGUAGE sql IMMUTABLE AS $$ SELECT ROW(-$1.x, -$1.y)::operators.p2 $$;
CREATE FUNCTION same(p2, p2) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT $1.x = $2.x AND $1.y = $2.y $$;
CREATE OPERATOR + (LEFTARG = p2, RIGHTARG = p2, FUNCTION = add, COMMUTATOR = +);
CREATE OPERATOR @#@ (RIGHTARG = p2, PROCEDURE = neg);
CREATE OPERATOR === (LEFTARG = p2, RIGHTARG = p2, FUNCTION = same, COMMUTATOR = ===, NEGATOR = !==, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES);
CREATE OPERATOR ?|? (LEFTARG = p2, RIGHTARG = p2, FUNCTION = same);
-- >>> down
DROP OPERATOR operators.+ (operators.p2, operators.p2), operators.@#@ (NONE, operators.p2);
DROP SCHEMA operators CASCADE;
-- >>> case operators_used
CREATE FUNCTION cat(text, int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT $1 || '/' || $2 $$;
CREATE OPERATOR ## (LEFTARG = text, RIGHTARG = int, FUNCTION = cat);
CREATE OPERATOR <-@-> (LEFTARG = text, RIGHTARG = int, FUNCTION = cat);
CREATE TABLE t AS SELECT 'a' ## 1 AS a, 'b' OPERATOR(operators_used.##) 2 AS b, 'c'<-@->3 AS c, 'd'## -4 AS d;
ALTER OPERATOR ## (text, int) SET SCHEMA public; ALTER OPERATOR public.## (text, int) SET SCHEMA operators_used;
-- >>> case operator_classes
CREATE FUNCTION cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($2, $1)';
CREATE OPERATOR FAMILY backwards USING btree;
CREATE OPERATOR CLASS int_backwards FOR TYPE int USING btree FAMILY backwards AS
  OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 cmp(int, int);
CREATE TABLE t (a int); CREATE INDEX i ON t (a int_backwards NULLS FIRST); INSERT INTO t VALUES (1), (2), (NULL);
ALTER OPERATOR FAMILY backwards USING btree ADD FUNCTION 1 (int, int8) btint48cmp(int, int8);
-- >>> case base_type
CREATE TYPE cents;
CREATE FUNCTION cents_in(cstring) RETURNS cents LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION cents_out(cents) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE cents (INPUT = cents_in, OUTPUT = cents_out, INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4, LIKE = int4);
CREATE TABLE t (s cents); INSERT INTO t VALUES ('42');
-- >>> case identity_and_generated
CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT BY -5 MINVALUE -100 MAXVALUE 50), b int GENERATED BY DEFAULT AS IDENTITY, c text GENERATED ALWAYS AS (b::text || ':x') STORED);
INSERT INTO t (b) VALUES (DEFAULT), (7); INSERT INTO t (id, b) OVERRIDING SYSTEM VALUE VALUES (99, 8); INSERT INTO t OVERRIDING USER VALUE VALUES (5, 6, DEFAULT);
ALTER TABLE t ALTER id RESTART WITH 3, ALTER b SET GENERATED ALWAYS SET CACHE 5; ALTER TABLE t ALTER c DROP EXPRESSION, ALTER b DROP IDENTITY IF EXISTS;
-- >>> case generated_and_virtual
-- >>> server 18
CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2), c int GENERATED ALWAYS AS (a + 1) VIRTUAL);
INSERT INTO t VALUES (1), (2); CREATE TABLE u AS SELECT * FROM t;
-- >>> case sequences
CREATE SEQUENCE s AS smallint START 5 MAXVALUE 7 CYCLE CACHE 3; CREATE TABLE t (a int DEFAULT nextval('s'), b serial, c bigserial);
ALTER SEQUENCE s OWNED BY t.a; INSERT INTO t DEFAULT VALUES; INSERT INTO t SELECT FROM generate_series(1, 4);
SELECT setval('t_b_seq', 100, false), nextval('t_c_seq'), currval('t_c_seq'), lastval(); ALTER SEQUENCE t_b_seq RESTART;
CREATE SEQUENCE v INCREMENT -1;
-- >>> case identity_of_columns_kept
CREATE TABLE t (a int, b int, c int); ALTER TABLE t DROP b; ALTER TABLE t ADD b text DEFAULT 'again'; INSERT INTO t (a) VALUES (1);
ALTER TABLE t ALTER a TYPE text USING 'n' || a, ALTER c SET STATISTICS 77, ALTER b SET STORAGE EXTERNAL, ALTER a SET (n_distinct = 5);
