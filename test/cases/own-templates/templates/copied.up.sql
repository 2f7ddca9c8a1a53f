-- template: a migration of ours, copied
-- revision: {{revision}}
-- parent: none
-- message: {{message}}
-- lock-timeout: soon

-- statement-timeout: 0
SELECT 1;
