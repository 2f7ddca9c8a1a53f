-- revision: 0badcafe0001

SELECT 1;
