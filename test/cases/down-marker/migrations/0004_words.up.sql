-- revision: wwww
-- parent: dddd

/* it was:
-- migrate:down
DROP TABLE e;
*/
-- migrate:down is in the other file
-- Down migration: see there
CREATE TABLE e (i int);
-- +goose Down
