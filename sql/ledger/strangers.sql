SELECT c.oid::regclass::text AS name
  FROM pg_namespace AS n JOIN pg_class AS c ON c.relnamespace = n.oid
  WHERE n.nspname = (parse_ident('retort.state'))[1]
    AND (c.relkind IN ('r', 'p', 'm', 'f', 'c')
        AND c.relname NOT IN ('applied', 'intent', 'log', 'progress', 'state')
      OR c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend AS d
        WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')))
UNION ALL SELECT t.oid::regtype::text
  FROM pg_namespace AS n JOIN pg_type AS t ON t.typnamespace = n.oid
  WHERE n.nspname = (parse_ident('retort.state'))[1] AND t.typtype IN ('d', 'e', 'r')
