-- revision: tttt
-- parent: nnnn

CREATE TABLE g (i int);
---- create above / drop below ----
DROP TABLE g;
