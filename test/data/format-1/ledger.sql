
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE SCHEMA retort;

SET default_tablespace = '';

CREATE TABLE retort.applied (
    revision text NOT NULL,
    checksum text NOT NULL,
    code_checksum text NOT NULL,
    parents text[] NOT NULL,
    depends_on text[] NOT NULL,
    message text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    applied_by text DEFAULT SESSION_USER NOT NULL,
    duration interval,
    how text NOT NULL,
    CONSTRAINT applied_how_check CHECK ((how = ANY (ARRAY['run'::text, 'script'::text, 'stamp'::text])))
);

COMMENT ON TABLE retort.applied IS 'Applied revisions, one row each. Written by migrate.';

CREATE TABLE retort.log (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    by text DEFAULT SESSION_USER NOT NULL,
    event text NOT NULL,
    revision text,
    checksum text,
    how text,
    duration interval,
    detail text
);

COMMENT ON TABLE retort.log IS 'What was done to this database, and when. Written by migrate; rows are only added.';

ALTER TABLE retort.log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME retort.log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE retort.progress (
    id boolean DEFAULT true NOT NULL,
    revision text NOT NULL,
    direction text NOT NULL,
    statement integer NOT NULL,
    of integer NOT NULL,
    hash text NOT NULL,
    before text NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_by text DEFAULT SESSION_USER NOT NULL,
    CONSTRAINT progress_direction_check CHECK ((direction = ANY (ARRAY['up'::text, 'down'::text]))),
    CONSTRAINT progress_id_check CHECK (id)
);

COMMENT ON TABLE retort.progress IS 'The step outside a transaction that is under way. Written by migrate.';

CREATE TABLE retort.state (
    format integer NOT NULL,
    revisions bigint NOT NULL,
    digest numeric NOT NULL,
    step_began_at timestamp with time zone,
    CONSTRAINT state_format_check CHECK ((format = 1))
);

COMMENT ON TABLE retort.state IS 'Count and digest of the applied revisions. Written by migrate.';

INSERT INTO retort.applied VALUES ('a', '6180a907f836a4e29b12c515c97d60f4f61a8d155a1a2a7a4dd90429ccb2f9ea', '49e7ddd58bd0cd6e2d022ee89070c7f2672309ddbd10c0ba40c15360d590bb06', '{}', '{}', 'it''s the first: é', '2026-11-28 12:12:12.487211+00', 'postgres', '00:00:00.000664', 'run');
INSERT INTO retort.applied VALUES ('b', 'd2556bc03827809fee9ce238489191397f3d1b4cb59140303837f4fd389f0560', '61c70cbfef109b07ac2c3171eb5f382f8676402ac0a52b9336e20d6063db44e9', '{a}', '{}', 'b', '2026-11-28 12:12:12.48788+00', 'postgres', '00:00:00.000226', 'run');
INSERT INTO retort.applied VALUES ('c', '91c7e6debe110f458113b6875bae8f4c01ca634dd2781521e18b25ab846c5b65', '17db4fd369edb9244b9f91d9aeed145c3d04ad8ba6e95d06247f07a63527d11a', '{b}', '{}', 'c', '2026-11-28 12:12:13.273497+00', 'postgres', '00:00:00.000755', 'script');
INSERT INTO retort.applied VALUES ('m', '5b8b592a9bcfbcc4fc6969d507a6689db01b64259757c83bab2cbde13f3888bb', '6d51e258cb323b98bf07dd6658c78c08adaf998a8e717f85e02d9c7ce869608b', '{c,other}', '{}', 'm', '2026-11-28 12:12:13.275852+00', 'postgres', '00:00:00.000407', 'script');
INSERT INTO retort.applied VALUES ('other', 'fbf6727ca60b30a2be10022a713a6bd3e9d0eb77c9f5dd08c6cbfae844e13322', '120148bda26fbc15b1396bb2f54aece774dc59e38ff7171335b254241a847708', '{b}', '{}', 'other', '2026-11-28 12:12:13.274867+00', 'postgres', '00:00:00.000492', 'script');

INSERT INTO retort.log OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-28 12:12:12.487322+00', 'postgres', 'upgrade', 'a', '6180a907f836a4e29b12c515c97d60f4f61a8d155a1a2a7a4dd90429ccb2f9ea', 'run', '00:00:00.000664', NULL);
INSERT INTO retort.log OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-28 12:12:12.487902+00', 'postgres', 'upgrade', 'b', 'd2556bc03827809fee9ce238489191397f3d1b4cb59140303837f4fd389f0560', 'run', '00:00:00.000226', NULL);
INSERT INTO retort.log OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-28 12:12:12.491859+00', 'postgres', 'failure', 'c', NULL, 'run', NULL, 'up: division by zero');
INSERT INTO retort.log OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-28 12:12:12.715348+00', 'postgres', 'stamp', 'c', '91c7e6debe110f458113b6875bae8f4c01ca634dd2781521e18b25ab846c5b65', 'stamp', NULL, NULL);
INSERT INTO retort.log OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-28 12:12:12.961334+00', 'postgres', 'downgrade', 'c', '91c7e6debe110f458113b6875bae8f4c01ca634dd2781521e18b25ab846c5b65', 'run', '00:00:00.000367', NULL);
INSERT INTO retort.log OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-28 12:12:13.273605+00', 'postgres', 'upgrade', 'c', '91c7e6debe110f458113b6875bae8f4c01ca634dd2781521e18b25ab846c5b65', 'script', '00:00:00.000755', NULL);
INSERT INTO retort.log OVERRIDING SYSTEM VALUE VALUES (7, '2026-11-28 12:12:13.27489+00', 'postgres', 'upgrade', 'other', 'f1d02ad8980085d448f0fa3856a2f6230a9dfcfaed5d798e75745a10dd83abc5', 'script', '00:00:00.000492', NULL);
INSERT INTO retort.log OVERRIDING SYSTEM VALUE VALUES (8, '2026-11-28 12:12:13.275874+00', 'postgres', 'upgrade', 'm', '5b8b592a9bcfbcc4fc6969d507a6689db01b64259757c83bab2cbde13f3888bb', 'script', '00:00:00.000407', NULL);
INSERT INTO retort.log OVERRIDING SYSTEM VALUE VALUES (9, '2026-11-28 12:12:13.277595+00', 'postgres', 'script', NULL, 'ba4b23cdbfbde77ee9ee0bc4bb50ae51e18bb6803ecb2ca0368a8f9b2c30f105', 'script', NULL, 'b:m');
INSERT INTO retort.log OVERRIDING SYSTEM VALUE VALUES (10, '2026-11-28 12:12:13.452397+00', 'postgres', 'repair', 'other', 'fbf6727ca60b30a2be10022a713a6bd3e9d0eb77c9f5dd08c6cbfae844e13322', 'run', NULL, 'body: sha256:f1d02ad8980085d448f0fa3856a2f6230a9dfcfaed5d798e75745a10dd83abc5 -> sha256:fbf6727ca60b30a2be10022a713a6bd3e9d0eb77c9f5dd08c6cbfae844e13322');
INSERT INTO retort.log OVERRIDING SYSTEM VALUE VALUES (11, '2026-11-28 12:12:13.60729+00', 'postgres', 'failure', 'd', NULL, 'run', NULL, 'up: could not create unique index "t_x"');

INSERT INTO retort.progress VALUES (true, 'd', 'up', 2, 3, '76cdf8884f37a5e7f81528a10dd666aa831c169f72095e23113a03b9e9cc8790', '313add13595ebb5191b9f115b7b4ca7196e7915b4555294f281daed844d39f39', '2026-11-28 12:12:13.600712+00', 'postgres');

INSERT INTO retort.state VALUES (1, 5, 2824470117666181398, '2026-11-28 12:12:13.600712+00');

SELECT pg_catalog.setval('retort.log_id_seq', 11, true);

ALTER TABLE ONLY retort.applied
    ADD CONSTRAINT applied_pkey PRIMARY KEY (revision);

ALTER TABLE ONLY retort.log
    ADD CONSTRAINT log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY retort.progress
    ADD CONSTRAINT progress_pkey PRIMARY KEY (id);

ALTER TABLE ONLY retort.state
    ADD CONSTRAINT state_pkey PRIMARY KEY (format);

