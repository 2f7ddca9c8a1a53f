-- The statements that give the rights on the procedures and on the view as they are now, for when
-- these were made anew: whoever may execute one of them may then execute all. Where there are none,
-- as in format 1 or after a restore without them, it is whoever may write to state.

SELECT concat(
    max(format('REVOKE EXECUTE ON %s FROM PUBLIC; ', g.object)) FILTER (WHERE g.is_routine),
    string_agg(format('GRANT %s ON %s TO %s%s; ', g.privilege, g.object,
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END,
        CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END), ''
      ORDER BY g.object, g.grantee::regrole::text, g.privilege)
      FILTER (WHERE g.grantee <> (SELECT r.oid FROM pg_roles AS r
        WHERE r.rolname = CURRENT_USER)))
  FROM pg_namespace AS n CROSS JOIN LATERAL (
      SELECT true, format('ALL ROUTINES IN SCHEMA %s', n.oid::regnamespace),
          a.privilege_type, a.grantee, a.is_grantable
        FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
        WHERE p.pronamespace = n.oid
      UNION SELECT false, format('ALL ROUTINES IN SCHEMA %s', n.oid::regnamespace),
          'EXECUTE', a.grantee, a.is_grantable
        FROM pg_class AS c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS a
        WHERE c.relnamespace = n.oid AND c.relname = 'state' AND a.privilege_type = 'UPDATE'
          AND NOT EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = n.oid)
      UNION SELECT false, c.oid::regclass::text, a.privilege_type, a.grantee, a.is_grantable
        FROM pg_class AS c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS a
        WHERE c.relnamespace = n.oid AND c.relname = 'progress' AND c.relkind = 'v'
    ) AS g (is_routine, object, privilege, grantee, is_grantable)
  WHERE n.nspname = (parse_ident('retort.state'))[1];
