-- revision: b2
-- parent: a1
-- irreversible: no way

INSERT INTO shop.events VALUES (1, 'open'), (2, 'open');
