-- revision: llll
-- parent: tttt

-- Up
CREATE TABLE h (i int);

-- Down
DROP TABLE h;
