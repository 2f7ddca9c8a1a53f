-- revision: d4
-- parent: c3
-- message: something new
CREATE TABLE shop.tags (id int);
