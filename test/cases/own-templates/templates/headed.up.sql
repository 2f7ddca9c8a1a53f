-- template: made of a migration

-- revision: {{revision}}
-- parent: none

SELECT 1;
