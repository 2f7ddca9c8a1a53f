-- The ledger, format 2: what is applied to this database, and everything that was done to it.
-- Only the procedures below write it. The tables have no defaults, checks, triggers or rules:
-- such code would run with the rights of the migrating role, so a ledger that has any is refused.

CREATE TABLE retort.applied (
  revision text NOT NULL,
  checksum text NOT NULL,           -- SHA-256 of the up file's body
  code_checksum text NOT NULL,      -- the same without comments and white space
  parents text[] NOT NULL,          -- the revisions it follows
  depends_on text[] NOT NULL,       -- those that it needs besides
  message text NOT NULL,            -- of its header
  applied_at timestamptz NOT NULL,  -- when its step ended, or it was stamped
  applied_by text NOT NULL,         -- the role that connected
  duration interval,                -- of its step; null for a stamp
  how text NOT NULL,                -- run, script or stamp
  PRIMARY KEY (revision)
);
COMMENT ON TABLE retort.applied IS 'The applied revisions, one row each. Written by migrate.';

CREATE TABLE retort.state (
  format integer NOT NULL,       -- of the ledger
  revisions bigint NOT NULL,     -- the number of rows in applied
  digest numeric NOT NULL,       -- the sum of retort.digest_of(revision) over applied
  PRIMARY KEY (format)
);
COMMENT ON TABLE retort.state IS
  'One row: the format of the ledger, and the tally of applied. Written by migrate.';
INSERT INTO retort.state (format, revisions, digest) VALUES (2, 0, 0);

CREATE TABLE retort.intent (
  revision text NOT NULL,           -- whose step it is
  direction text NOT NULL,          -- up or down
  statement integer NOT NULL,       -- from 1: the statement that comes next, or is under way
  of integer NOT NULL,              -- how many the step has
  hash text NOT NULL,               -- SHA-256 of that statement
  before text NOT NULL,             -- SHA-256 of the statements before it
  started_at timestamptz NOT NULL,  -- when the step began
  started_by text NOT NULL,         -- the role that connected
  kind text,                        -- what can be seen of it in the catalog; null: it can run again
  names text[],                     -- of the objects it is about, as the file has them
  path text,                        -- the search path they are looked up with
  places oid[],                     -- the relations they are
  place_names text[],               -- how these are called, with their schemas
  present oid[],                    -- what there was of it before; null: that is not known
  present_names text[],             -- how that is called, where it is a relation
  done boolean NOT NULL,            -- the statement succeeded, in a session that has ended since
  found boolean NOT NULL,           -- a later session has found it here, and is to go on with it
  error text,                       -- what the server refused it with
  PRIMARY KEY (revision)
);
COMMENT ON TABLE retort.intent IS
  'The step outside a transaction that is under way, if any. Written by migrate.';

CREATE TABLE retort.log (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,  -- when it was done
  by text NOT NULL,         -- the role that connected
  event text NOT NULL,      -- upgrade, downgrade, stamp, unstamp, discard, repair, failure, script
  revision text,            -- null for a script, and a repair of the ledger
  checksum text,            -- of the up file; of a script its receipt, as handed out
  how text,                 -- run, script or stamp; null for a discard
  duration interval,        -- of an upgrade or a downgrade
  detail text,              -- an error, the range of a script, what was repaired or discarded
  PRIMARY KEY (id)
);
COMMENT ON TABLE retort.log IS
  'What was done to this database, when, and by whom. Written by migrate; rows are only added.';
