-- revision: dddd
-- parent: ssss

CREATE TABLE c (i int); -- as it was
--migrate:down transaction:false

DROP TABLE c;
