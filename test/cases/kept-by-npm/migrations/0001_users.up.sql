-- revision: a1
-- parent: none

CREATE TABLE users ();
