-- revision: d4
-- parent: c3
-- irreversible: an example

DELETE FROM retort.applied WHERE revision = 'b2';
