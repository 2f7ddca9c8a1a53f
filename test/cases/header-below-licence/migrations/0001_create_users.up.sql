-- Copyright 2026 The Shop. All rights reserved.

-- revision: a1
-- parent: none
-- message: create users

CREATE TABLE users (id bigint PRIMARY KEY);
