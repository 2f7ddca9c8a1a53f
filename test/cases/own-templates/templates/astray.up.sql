-- Dependent on billing.

-- depends-on: billing
SELECT 1;
