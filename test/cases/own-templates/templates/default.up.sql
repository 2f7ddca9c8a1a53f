-- template: how we begin
-- lock-timeout: 2s

-- {{message}} ({{revision}}). Ticket: 
