-- revision: a
-- parent: none

SELECT 1;
SELECT 2,
  E'one'
  'it\'s two';
