/**
 * The URL of a database goes in; all that its catalog and its tables hold comes out as one text, the same for
 * equal databases whatever order they were made in. Read from the catalogs, so that no pg_dump is needed.
 */
import pg from "pg";
import { reading } from "./server.ts";

export interface DumpOptions {
  /** Leave the rows and the states of sequences out. */
  readonly data?: boolean;
  /** Schemas to leave out, such as the ledger's. */
  readonly exclude?: readonly string[];
  /** Columns whose values differ from run to run (`/_at$/`): each shows as `~`. */
  readonly volatile?: RegExp;
}

/** The ledger's tables by name, each row an object, in the order of the primary key. */
export type LedgerRows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** `$1`: the schemas to leave out. True for schemas that belong to the user. */
const ours = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> ALL ($1::text[])`;

/** True for objects that no extension brought. */
const notOfExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;

/** Privileges in a fixed order; the built-in defaults are spelled out, as pg_dump sees no difference either. */
const privileges = (acl: string, kind: string, owner: string): string =>
  `(SELECT coalesce(string_agg(a::text, ' ' ORDER BY a::text COLLATE "C"), '') FROM unnest(coalesce(${acl}, acldefault('${kind}', ${owner}))) a)`;

const relation = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND ${ours} AND ${notOfExtension("pg_class", "c.oid")}`;

/**
 * What stands in the catalogs: each query gives lines of text in a column `line`. Columns that not every major has
 * are taken through `to_jsonb`, where a missing one is null.
 */
const sections: Readonly<Record<string, string>> = {
  "database settings": `
    SELECT format('%s: %s', coalesce(r.rolname, '*'), s.setconfig) AS line
    FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
    WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  schemas: `
    SELECT format('%I owner %s acl %s', n.nspname, n.nspowner::regrole, ${privileges("n.nspacl", "n", "n.nspowner")}) AS line
    FROM pg_namespace n WHERE ${ours}`,
  "default privileges": `
    SELECT format('%s in %s for %s: %s', d.defaclobjtype, coalesce(n.nspname, '*'), d.defaclrole::regrole, d.defaclacl) AS line
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace WHERE n.oid IS NULL OR ${ours}`,
  extensions: `
    SELECT format('%I %s in %s', e.extname, e.extversion, e.extnamespace::regnamespace) AS line FROM pg_extension e`,
  types: `
    SELECT format('%s %s owner %s acl %s %s', t.typtype, t.oid::regtype, t.typowner::regrole,
      ${privileges("t.typacl", "T", "t.typowner")}, CASE t.typtype
        WHEN 'e' THEN (SELECT string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid)
        WHEN 'd' THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod), 'collation ' || nullif(t.typcollation, 0)::regcollation::text,
          CASE WHEN t.typnotnull THEN 'not null' END, 'default ' || t.typdefault)
        WHEN 'r' THEN (SELECT concat_ws(' ', r.rngsubtype::regtype, to_jsonb(r) - 'rngtypid' - 'rngsubtype' - 'rngmultitypid' - 'rngsubopc') FROM pg_range r WHERE r.rngtypid = t.oid)
      END) AS line
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace AND ${ours} AND ${notOfExtension("pg_type", "t.oid")}
    WHERE t.typtype IN ('e', 'd', 'r')`,
  relations: `
    SELECT concat_ws(' ', c.relkind, c.oid::regclass, 'owner', c.relowner::regrole,
      'acl', CASE c.relkind WHEN 'S' THEN ${privileges("c.relacl", "s", "c.relowner")} ELSE ${privileges("c.relacl", "r", "c.relowner")} END,
      'persistence', c.relpersistence, 'options', c.reloptions,
      'access method ' || (SELECT amname::text FROM pg_am WHERE oid = c.relam AND c.relkind IN ('r', 'm')),
      'tablespace ' || (SELECT spcname::text FROM pg_tablespace WHERE oid = c.reltablespace),
      CASE WHEN c.relrowsecurity THEN 'row security' END, CASE WHEN c.relforcerowsecurity THEN 'forced row security' END,
      CASE WHEN c.relkind IN ('r', 'p') THEN 'replica identity ' || c.relreplident::text END,
      CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN 'not populated' END,
      'of type ' || nullif(c.reloftype, 0)::regtype::text,
      'partition by ' || CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
      'inherits ' || (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid),
      pg_get_expr(c.relpartbound, c.oid),
      CASE WHEN c.relkind IN ('v', 'm') THEN E'as\\n' || pg_get_viewdef(c.oid) END) AS line
    FROM ${relation} WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c', 'S')`,
  columns: `
    SELECT concat_ws(' ', c.oid::regclass::text || ' ' || lpad((row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum))::text, 4, '0'),
      quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), 'collation ' || nullif(a.attcollation, 0)::regcollation::text,
      CASE WHEN a.attnotnull THEN 'not null' END, 'identity ' || nullif(a.attidentity::text, ''), 'generated ' || nullif(a.attgenerated::text, ''),
      'default ' || pg_get_expr(d.adbin, d.adrelid), 'storage', a.attstorage,
      'compression ' || nullif(to_jsonb(a)->>'attcompression', ''), 'statistics ' || nullif(coalesce(to_jsonb(a)->>'attstattarget', '-1'), '-1'),
      'options ' || a.attoptions::text, CASE WHEN NOT a.attislocal THEN 'inherited' END,
      'acl ' || (SELECT string_agg(x::text, ' ' ORDER BY x::text COLLATE "C") FROM unnest(a.attacl) x)) AS line
    FROM ${relation} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')`,
  constraints: `
    SELECT concat_ws(' ', coalesce(nullif(k.conrelid, 0)::regclass::text, k.contypid::regtype::text), quote_ident(k.conname), pg_get_constraintdef(k.oid),
      CASE WHEN NOT k.convalidated THEN 'not validated' END, CASE WHEN NOT k.conislocal THEN 'inherited' END) AS line
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace AND ${ours}
    WHERE ${notOfExtension("pg_class", "k.conrelid")} AND ${notOfExtension("pg_type", "k.contypid")}`,
  indexes: `
    SELECT concat_ws(' ', pg_get_indexdef(c.oid), CASE WHEN NOT i.indisvalid THEN 'invalid' END,
      CASE WHEN i.indisclustered THEN 'clustered' END, CASE WHEN i.indisreplident THEN 'replica identity' END,
      'part of ' || (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid)) AS line
    FROM ${relation} JOIN pg_index i ON i.indexrelid = c.oid`,
  sequences: `
    SELECT concat_ws(' ', c.oid::regclass, s.seqtypid::regtype, 'start', s.seqstart, 'increment', s.seqincrement,
      'min', s.seqmin, 'max', s.seqmax, 'cache', s.seqcache, CASE WHEN s.seqcycle THEN 'cycle' END,
      'of ' || (SELECT format('%s.%I', d.refobjid::regclass, a.attname) FROM pg_depend d
        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))) AS line
    FROM ${relation} JOIN pg_sequence s ON s.seqrelid = c.oid`,
  functions: `
    SELECT concat_ws(' ', p.oid::regprocedure, 'owner', p.proowner::regrole, 'acl', ${privileges("p.proacl", "f", "p.proowner")},
      CASE WHEN p.prokind = 'a'
        THEN (SELECT (to_jsonb(g) - 'aggfnoid' - 'aggsortop')::text || ' ' || g.aggtranstype::regtype::text FROM pg_aggregate g WHERE g.aggfnoid = p.oid)
        ELSE E'\\n' || pg_get_functiondef(p.oid) END) AS line
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND ${ours} AND ${notOfExtension("pg_proc", "p.oid")}`,
  triggers: `
    SELECT format('%s enabled %s', pg_get_triggerdef(t.oid), t.tgenabled) AS line
    FROM ${relation} JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal`,
  rules: `
    SELECT format('%s enabled %s', pg_get_ruledef(r.oid), r.ev_enabled) AS line
    FROM ${relation} JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN'`,
  policies: `
    SELECT concat_ws(' ', c.oid::regclass, quote_ident(p.polname), p.polcmd, CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
      'to', (SELECT string_agg(CASE r WHEN 0 THEN 'public' ELSE r::regrole::text END, ', ' ORDER BY r::regrole::text COLLATE "C") FROM unnest(p.polroles) r),
      'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid)) AS line
    FROM ${relation} JOIN pg_policy p ON p.polrelid = c.oid`,
  statistics: `
    SELECT pg_get_statisticsobjdef(s.oid) AS line FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace AND ${ours}`,
  publications: `
    SELECT format('%I owner %s %s %s', p.pubname, p.pubowner::regrole, to_jsonb(p) - 'oid' - 'pubname' - 'pubowner',
      (SELECT jsonb_agg(to_jsonb(t) - 'pubname' ORDER BY t.schemaname, t.tablename) FROM pg_publication_tables t WHERE t.pubname = p.pubname AND t.schemaname <> ALL ($1))) AS line
    FROM pg_publication p`,
  "event triggers": `
    SELECT concat_ws(' ', quote_ident(t.evtname), t.evtevent, t.evttags, t.evtfoid::regprocedure, 'enabled', t.evtenabled) AS line FROM pg_event_trigger t`,
  // The rarer kinds by name alone. What initdb made has an oid below 16384.
  others: [
    "pg_am pg_cast pg_collation pg_conversion pg_foreign_data_wrapper pg_foreign_server pg_language pg_opclass",
    "pg_operator pg_opfamily pg_transform pg_ts_config pg_ts_dict pg_ts_parser pg_ts_template",
  ]
    .flatMap((names) => names.split(" "))
    .map(
      (catalog) => `SELECT i.type || ' ' || i.identity AS line
        FROM ${catalog} o, pg_identify_object('${catalog}'::regclass, o.oid, 0) i
        WHERE o.oid >= 16384 AND ${notOfExtension(catalog, "o.oid")} AND (i.schema IS NULL OR i.schema <> ALL ($1))`,
    )
    .join(" UNION ALL "),
  comments: `
    SELECT format('%s %s: %s', i.type, i.identity, d.description) AS line
    FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    WHERE (d.objoid >= 16384 OR d.objoid = 'public'::regnamespace)
      AND coalesce(i.schema, CASE i.type WHEN 'schema' THEN i.name END, '') <> ALL ($1)
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')`,
};

const sequenceStates = `
  SELECT format('%I.%I last value %s', n.nspname, c.relname, coalesce(q.last_value::text, 'none')) AS line
  FROM ${relation} JOIN pg_sequences q ON q.schemaname = n.nspname AND q.sequencename = c.relname`;

const tablesWithRows = `
  SELECT c.oid::regclass::text AS name, array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attname IS NOT NULL) AS columns
  FROM ${relation} LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind = 'r' OR c.relkind = 'm' AND c.relispopulated
  GROUP BY c.oid ORDER BY c.oid::regclass::text COLLATE "C"`;

/** The catalog and, unless `data` is false, the rows of a database (PostgreSQL 13 to 18), sorted, as text. */
export function dump(url: string, options: DumpOptions = {}): Promise<string> {
  const { data = true, exclude = [], volatile } = options;
  return snapshot(url, async (client) => {
    const said = await linesOf(
      client,
      data ? { ...sections, "sequence states": sequenceStates } : sections,
      exclude,
    );
    if (!data) return said;
    const { rows: tables } = await client.query<{ name: string; columns: string[] | null }>(tablesWithRows, [
      exclude,
    ]);
    const ofRows = tables.map(({ name, columns }) => {
      const blanked = (columns ?? [])
        .filter((column) => volatile?.test(column))
        .map((column) => [column, "~"]);
      const blanks = pg.escapeLiteral(JSON.stringify(Object.fromEntries(blanked)));
      return [
        `rows of ${name}`,
        `SELECT (to_jsonb(t) || ${blanks}::jsonb)::text AS line FROM ONLY ${name} t`,
      ] as const;
    });
    return [said, await linesOf(client, Object.fromEntries(ofRows), exclude)]
      .filter((part) => part !== "")
      .join("\n");
  });
}

/** What each query finds, sorted, below its title; of those that find nothing, nothing. Asked at once. */
async function linesOf(
  client: pg.Client,
  queries: Readonly<Record<string, string>>,
  exclude: readonly string[],
): Promise<string> {
  const titles = Object.keys(queries);
  if (titles.length === 0) return "";
  const all = titles.map((title, at) => `SELECT ${at} AS at, line FROM (${queries[title]}) part${at}`);
  const sorted = `SELECT at, line FROM (${all.join(" UNION ALL ")}) lines ORDER BY at, line COLLATE "C"`;
  const { rows } = await client.query<{ at: number; line: string }>(
    sorted,
    sorted.includes("$1") ? [exclude] : [],
  );
  const parts: string[][] = titles.map(() => []);
  for (const { at, line } of rows) parts[at]!.push(line);
  return parts
    .flatMap((lines, at) => (lines.length === 0 ? [] : [`== ${titles[at]}\n${lines.join("\n")}\n`]))
    .join("\n");
}

/**
 * Every table of the ledger's schema, with `~` for times and durations, which differ from run to run. Empty where
 * there is no ledger.
 */
export function ledger(url: string, schema = "retort", volatile = /_at$|duration/): Promise<LedgerRows> {
  return snapshot(url, async (client) => {
    const { rows: tables } = await client.query<{ name: string; table: string; key: string | null }>(
      `SELECT c.relname AS name, c.oid::regclass::text AS table, (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place)
         FROM pg_index i, unnest(i.indkey::int[]) WITH ORDINALITY k (attnum, place), pg_attribute a
         WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum) AS key
       FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind IN ('r', 'p') ORDER BY c.relname`,
      [schema],
    );
    const ledgerRows: Record<string, Record<string, unknown>[]> = {};
    for (const { name, table, key } of tables) {
      const { rows } = await client.query<Record<string, unknown>>(
        `SELECT * FROM ${table} t ORDER BY ${key ?? "t::text"}`,
      );
      ledgerRows[name] = rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([column, value]) => [column, volatile.test(column) ? "~" : value]),
        ),
      );
    }
    return ledgerRows;
  });
}

/** One unchanging view of the database; with an empty search path, all names come out qualified. */
function snapshot<T>(url: string, read: (client: pg.Client) => Promise<T>): Promise<T> {
  return reading(url, async (client) => {
    await client.query(`SET LOCAL search_path = ''; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL bytea_output = 'hex';
      SET LOCAL row_security = off; SET LOCAL default_text_search_config = 'pg_catalog.english'`);
    return read(client);
  });
}
