-- revision: 0a1b2c3d4e5f
-- parent: none

CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL);

DO $$
DECLARE
  n int;
BEGIN
  SELECT count(*) INTO n FROM users WHERE WHERE name = 'é😀';
  RAISE NOTICE '% users', n;
END $$;
