-- Revision: a1
-- down_revision: none
-- Create_Date: 2026-01-02

CREATE TABLE users (id bigint PRIMARY KEY);
