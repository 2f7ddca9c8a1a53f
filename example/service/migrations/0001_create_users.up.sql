-- revision: 3f1d8a90c2b7
-- parent: none

CREATE TABLE users (
  user_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email   text NOT NULL UNIQUE
);
