How a text is written: encodings, line ends, quotes, names, comments, and what only looks like psql's.

-- >>> case nothing_at_all
-- >>> bare
-- >>> case only_comments
-- >>> bare
-- nothing; really
/* nor; /* here; */ */ -- the end
-- >>> case only_semicolons
-- >>> bare
;;
; -- one
/* two */ ; ;
-- >>> case beyond_the_bmp
CREATE TABLE "😀" ("é😀" text DEFAULT '𝔘𝔫𝔦😀', "列" text DEFAULT E'\U0001F600\u00e9\x41');
INSERT INTO "😀" DEFAULT VALUES;
INSERT INTO "😀" VALUES ('👩‍👩‍👧‍👦', 'ﷺ'), ('é', 'e' || U&'\0301'), (repeat('😀', 3), 'ß' || upper('ß'));
COMMENT ON TABLE "😀" IS '😀 -- no comment; '; COMMENT ON COLUMN "😀"."列" IS $😀$ 列 $😀$;
SELECT '😀' AS 😀 FROM "😀" AS _😀 WHERE _😀."é😀" <> 'é';
-- >>> case byte_order_mark
-- >>> bom
CREATE TABLE t AS SELECT 'é'::text AS x, octet_length('é') AS n;
-- >>> case byte_order_mark_within
CREATE TABLE t ("﻿a" text);
INSERT INTO t VALUES ('﻿b');
-- >>> case line_ends_of_windows
-- >>> line-ends CRLF
CREATE TABLE t (a text, -- one
  b text DEFAULT 'x
y');
INSERT INTO t VALUES ('a
b', $$c
d$$), (E'a\r\n\
b', 'e'
 'f');

CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN 'g
h';
END
$$;
INSERT INTO t (a) SELECT f();
-- >>> case line_ends_of_a_mac
-- >>> line-ends CR
-- >>> bare
CREATE SCHEMA line_ends_of_a_mac; -- one
CREATE TABLE line_ends_of_a_mac.t (a text DEFAULT 'x
y');
-- >>> down
DROP SCHEMA line_ends_of_a_mac CASCADE;
-- >>> case white_space_of_all_kinds
CREATE	TABLEt(aint,b	text);  -- tabs and form feeds
INSERT	INTOt	VALUES(1,'	');
-- >>> case vertical_tabs
-- >>> server 16
CREATE	TABLEt(aint,b	text);   -- tabs, form feeds, vertical tabs
INSERT	INTOt	VALUES(1,'	');
-- >>> case no_break_space_is_a_letter
SELECT 1 AS a b, 2 AS  ;
CREATE TABLE x (y int);
-- >>> case no_semicolon_at_the_end
CREATE TABLE t (a int);
INSERT INTO t VALUES (1), (2) -- no semicolon; here
-- >>> case no_semicolon_but_a_comment
CREATE TABLE t (a int);
INSERT INTO t VALUES (1) /* the
end; */
-- >>> case one_line
CREATE TABLE t (a int); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); /* x */ UPDATE t SET a = a + 1; SELECT 1; -- end
-- >>> case empty_statements_between
;CREATE TABLE t (a int);;; INSERT INTO t VALUES (1)
;
;
-- >>> case standard_strings
CREATE TABLE t (n serial, a text);
INSERT INTO t (a) VALUES ('it''s'), (''''), (''), ('\'), ('\n\\'), ('a;b--c/*d*/'), ('$$'), ('"');
INSERT INTO t (a) VALUES ('two
lines;

and four'), ('	tab'), (N'national'), ('-- '), ('/* '), ('*/');
-- >>> case strings_with_escapes
CREATE TABLE t (n serial, a text);
INSERT INTO t (a) VALUES (E'it\'s'), (e'\\'), (E'a\nb\t\b\f\r\v'), (E'\101\x42\u0043\U00000044'), (E'''\''''), (E'\
'), (E'\\\''), (E'a''b\''), (E';\';'), (E'\xc3\xa9'), (E'\uD83D\uDE00');
-- >>> case strings_that_go_on
CREATE TABLE t (n serial, a text);
INSERT INTO t (a) VALUES ('a'
  'b'
    'c'), (E'a\n'
  'b\n'), ('a' -- a comment
  'b'), ('x'
  -- another
  -- and one more; it's
  'y'), (E'1' -- c
  '2' -- '
  '3'), (U&'\0061'
  '\0062'), (X'ff' -- hex
  '00'::bit(16)::text), (B'1'
  '0'::bit(2)::text);
-- >>> case unicode_escapes
CREATE TABLE t (n serial, a text, U&"d!0061t!0061" UESCAPE '!' int);
INSERT INTO t (a) VALUES (U&'d\0061t\+01F600'), (U&'\\'), (U&'a!!b' UESCAPE '!'), (U&'!0061''!0062' UESCAPE '!');
INSERT INTO t (a, data) VALUES (U&'#0061' /* c */ UESCAPE -- d
  '#', 1);
SELECT U&"\0064ata" FROM t;
-- >>> case bits_and_numbers
CREATE TABLE t AS SELECT B'101' AS b, X'1F' AS x, 1e3 AS e, 1.5e-3 AS f, .5 AS g, 5. AS h, 007 AS o, -0.0 AS z, 'NaN'::float8 AS nan, 9223372036854775808 AS big;
-- >>> case numbers_of_sixteen
-- >>> server 16
CREATE TABLE t AS SELECT 0x1F AS x, 0o17 AS o, 0b101 AS b, 1_000_000 AS u, 0x_ff AS v;
-- >>> case dollar_quotes
CREATE TABLE t (n serial, a text);
INSERT INTO t (a) VALUES ($$it's; \ "x" $1 $$), ($a$ $$ $b$ $a $a$), ($_1$x$_1$), ($é😀$;$é😀$), ($$$$), ($x$$y$x$);
INSERT INTO t (a) VALUES ($a$/*$a$), ($$-- $$), ($body$
BEGIN; COMMIT;
\q
\! echo no
:x :'y' :"z" :{?w}
$body$);
-- >>> case nested_dollar_quotes
DO $outer$ BEGIN
  EXECUTE $inner$ CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $body$ BEGIN RETURN $$it's; $1$$; END $body$ $inner$;
END $outer$;
CREATE TABLE t AS SELECT f();
-- >>> case psql_variables_lookalikes
CREATE TABLE t (x text, a int[] DEFAULT '{1,2,3}', hi int DEFAULT 2);
INSERT INTO t (x) VALUES (':x'), (':''x'''), (E':x\':y'), ($$:x :'x' :"x"$$), (':{?x}');
UPDATE t SET a = a[1:hi] || a[:hi] || a[hi:] || a[1 :hi];
SELECT x::text, x :: text, 1 AS ":x", 2 AS "a:b" FROM t;
CREATE FUNCTION f(hi int, lo int DEFAULT 1) RETURNS int[] LANGUAGE sql AS 'SELECT a[lo:hi] FROM t LIMIT 1';
CREATE TABLE u AS SELECT f(hi := 2, lo:=1) AS a, f(lo => 2, hi => 3) AS b;
-- >>> case psql_commands_lookalikes
CREATE TABLE t (x text DEFAULT '\d', "\d" text DEFAULT '
\q
\i /etc/passwd
\.
', y text DEFAULT $$
\gexec
\copy t from 'x'
$$);
INSERT INTO t DEFAULT VALUES; /*
\q
*/ INSERT INTO t VALUES ('\;', '\:', '\\g');
-- \q
-- >>> case parameters_lookalikes
CREATE TABLE t (a$1 int, b$$c int, "$1" int, "?" int);
PREPARE p (int, int) AS INSERT INTO t VALUES ($1, $2, $1+$2, $1-$2);
EXECUTE p (1, 2);
DEALLOCATE p;
SELECT '?' || '$1', '{"a": 1}'::jsonb ? 'a', '{"a": 1}'::jsonb ?| ARRAY['a'], '{"a":1}'::jsonb ?& ARRAY['b'], '{"a":[1]}'::jsonb @? '$.a[*]';
-- >>> case odd_identifiers
CREATE TABLE "a""b" ("x y" int, "A" int, a int, "'" int, "--" int, "/*" int, ";" int, "$$" int, " " int, "1" int, "tab	" int, "
" int);
INSERT INTO "a""b" VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
CREATE VIEW "sélect; drop" AS SELECT "'" AS "\", "--" FROM "a""b";
-- >>> case names_of_sixty_three_bytes
CREATE TABLE aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg (
  éééééééééééééééééééééééééééééééX int, "ÄÖÜ😀😀😀😀😀😀😀😀😀😀😀😀😀😀a" int);
CREATE INDEX ON aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg (éééééééééééééééééééééééééééééééX);
CREATE TABLE this_name_is_longer_than_sixty_three_bytes_and_is_cut_where_nobody_would_expect (a int);
-- >>> case key_words_as_names
CREATE TABLE "select" ("from" int, "where" text, value int, name text, type text, begin int, "end" int, "case" int, commit int, rollback int);
INSERT INTO "select" VALUES (1, 'x', 2, 'n', 't', 3, 4, 5, 6, 7);
SELECT "select"."from" AS select, t.value AS from, t.end AS end, t.case AS case, "select".begin FROM "select" AS t, "select";
CREATE VIEW begin AS SELECT begin AS "begin", commit FROM "select" WHERE begin > 0;
CREATE FUNCTION commit(rollback int) RETURNS int LANGUAGE sql AS 'SELECT rollback';
-- >>> case folding_of_case
CREATE TABLE Mixed_Case (UPPER int, "UPPER" int, É int, "é" int);
INSERT INTO MIXED_case (upper, "UPPER", É, "é") VALUES (1, 2, 3, 4);
-- >>> case comments_in_odd_places
CREATE /* a */ TABLE -- b
t /* c /* d */ ' */ ( -- e'
  a /**/ int /* " */, -- $$
  b int--
); /* f */ INSERT /* ; */ INTO t VALUES (1 -- ;
  , 2 /* ' */) /* g */ ; -- h; i
SELECT a FROM t WHERE a NOT /* not what */ IN (3) ORDER BY a DESC NULLS -- which
  LAST;
SELECT 1/* no space */+2, 3--4
;
SELECT '1:00'::time WITH /* or without */ TIME ZONE, ordinality FROM unnest(ARRAY[1]) WITH -- x
 ORDINALITY;
-- >>> case operators_next_to_comments
CREATE TABLE t AS SELECT 1 +-- x
 -1 AS a, 2 -/* y */-1 AS b, @ -3 AS c, |/ 4 AS d, 5!=6 AS e, 2^ -1 AS f, 7<>-7 AS g;
-- >>> case long_line
CREATE TABLE t (a text, b text, c text, d text, e text, f text, g text, h text, i text, j text, k text, l text, m text, n text, o text, p text DEFAULT 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx');
-- >>> case client_encoding_said
SET client_encoding = 'UTF8';
CREATE TABLE t AS SELECT 'é😀'::text AS x;
SET NAMES 'UTF8'; RESET client_encoding;
INSERT INTO t VALUES ('ü');
-- >>> case escape_warnings
SET escape_string_warning = off; SET backslash_quote = on;
CREATE TABLE t AS SELECT E'a\'b'::text AS x, 'a\b' AS y;
