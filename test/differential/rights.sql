Roles, privileges, owners, row security. What belongs to the whole server is dropped on the way down.

-- >>> case roles
CREATE ROLE differential_a NOLOGIN CREATEDB CONNECTION LIMIT 3 VALID UNTIL '2040-01-01' PASSWORD 'x;''y'; CREATE USER "differential b" IN ROLE differential_a; CREATE GROUP differential_c WITH USER differential_a; GRANT differential_c TO "differential b" WITH ADMIN OPTION; ALTER ROLE differential_a SET work_mem = '6MB'; ALTER USER "differential b" RENAME TO "differential;d"; COMMENT ON ROLE differential_c IS 'c';
CREATE TABLE t AS SELECT rolname, rolcanlogin, rolcreatedb, rolconnlimit, rolconfig FROM pg_roles WHERE rolname LIKE 'differential%' ORDER BY 1; INSERT INTO t SELECT roleid::regrole || '<' || member::regrole, admin_option FROM pg_auth_members WHERE roleid::regrole::text ~ 'differential';
-- >>> down
DROP ROLE differential_a, "differential;d", differential_c; DROP SCHEMA roles CASCADE;
-- >>> case grants
CREATE ROLE differential_g; CREATE TABLE t (a int, b int); CREATE SEQUENCE s; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE e AS ENUM ('x'); GRANT SELECT, UPDATE (b), REFERENCES (a) ON t TO differential_g WITH GRANT OPTION; GRANT USAGE ON SEQUENCE s TO differential_g; GRANT ALL ON SCHEMA grants TO differential_g; GRANT USAGE ON TYPE e TO PUBLIC; REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA grants FROM PUBLIC; GRANT SELECT ON ALL TABLES IN SCHEMA grants TO pg_monitor; REVOKE GRANT OPTION FOR UPDATE (b) ON t FROM differential_g;
-- >>> down
DROP OWNED BY differential_g; DROP ROLE differential_g; DROP SCHEMA grants CASCADE;
-- >>> case default_privileges
CREATE ROLE differential_d; ALTER DEFAULT PRIVILEGES IN SCHEMA default_privileges GRANT SELECT ON TABLES TO differential_d; ALTER DEFAULT PRIVILEGES FOR ROLE differential_d REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; CREATE TABLE t (a int); ALTER DEFAULT PRIVILEGES IN SCHEMA default_privileges GRANT USAGE ON SEQUENCES TO PUBLIC; CREATE SEQUENCE s;
-- >>> down
DROP SCHEMA default_privileges CASCADE; DROP OWNED BY differential_d; DROP ROLE differential_d;
-- >>> case owners
CREATE ROLE differential_o; CREATE ROLE differential_p; GRANT CREATE, USAGE ON SCHEMA owners TO differential_o; SET ROLE differential_o; CREATE TABLE owners.t (a int DEFAULT 1); CREATE FUNCTION owners.f() RETURNS name LANGUAGE sql AS 'SELECT current_user'; RESET ROLE; ALTER TABLE t OWNER TO differential_p; CREATE TABLE u AS SELECT f(), current_user; REASSIGN OWNED BY differential_o TO differential_p; ALTER SCHEMA owners OWNER TO differential_p;
-- >>> down
DROP OWNED BY differential_o, differential_p CASCADE; DROP ROLE differential_o, differential_p;
-- >>> case roles_to_the_end_of_the_file
CREATE ROLE differential_r; GRANT ALL ON SCHEMA roles_to_the_end_of_the_file TO differential_r; SET ROLE differential_r; CREATE TABLE t (a int, b name DEFAULT current_user, c name DEFAULT session_user); INSERT INTO t VALUES (1); CREATE FUNCTION n() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO roles_to_the_end_of_the_file.t VALUES (2); RETURN NULL; END $$; CREATE TABLE q (a int); CREATE CONSTRAINT TRIGGER late AFTER INSERT ON q INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION n(); INSERT INTO q VALUES (1);
-- >>> down
DROP OWNED BY differential_r; DROP ROLE differential_r; DROP SCHEMA roles_to_the_end_of_the_file;
-- >>> case session_authorization
CREATE ROLE differential_s; GRANT ALL ON SCHEMA session_authorization TO differential_s; SET SESSION AUTHORIZATION differential_s; CREATE TABLE t AS SELECT current_user AS a, session_user AS b; RESET SESSION AUTHORIZATION; SET SESSION AUTHORIZATION DEFAULT; SET LOCAL SESSION AUTHORIZATION 'differential_s'; CREATE TABLE u AS SELECT session_user; SELECT set_config('role', 'none', false);
-- >>> down
DROP OWNED BY differential_s; DROP ROLE differential_s; DROP SCHEMA session_authorization;
-- >>> case row_security
CREATE ROLE differential_y; CREATE TABLE t (a int, who name DEFAULT current_user); INSERT INTO t VALUES (1, 'differential_y'), (2, 'other'); ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY mine ON t AS PERMISSIVE FOR ALL TO differential_y, CURRENT_USER USING (who = current_user) WITH CHECK (a < 10); CREATE POLICY "no; more" ON t AS RESTRICTIVE FOR SELECT USING (a > 0); ALTER POLICY mine ON t RENAME TO own; GRANT ALL ON t TO differential_y; GRANT ALL ON SCHEMA row_security TO differential_y; SET ROLE differential_y; INSERT INTO t VALUES (3); CREATE TABLE u AS SELECT * FROM t; SET row_security = on;
-- >>> down
DROP OWNED BY differential_y; DROP SCHEMA row_security CASCADE; DROP ROLE differential_y;
-- >>> case grants_of_sixteen
-- >>> server 16
CREATE ROLE differential_v; CREATE ROLE differential_w; GRANT differential_v TO differential_w WITH INHERIT FALSE, SET TRUE, ADMIN TRUE; GRANT SET ON PARAMETER log_min_messages TO differential_v; CREATE TABLE t AS SELECT inherit_option, set_option FROM pg_auth_members WHERE roleid = 'differential_v'::regrole AND member = 'differential_w'::regrole; REVOKE SET ON PARAMETER log_min_messages FROM differential_v;
-- >>> down
DROP ROLE differential_v, differential_w; DROP SCHEMA grants_of_sixteen CASCADE;
