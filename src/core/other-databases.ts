/** What MySQL, SQLite or SQL Server understand and PostgreSQL does not → how it is written here. */

/** A token that the parser did not expect. */
interface Word {
  readonly token: RegExp;
  /** What stands before it, comments and all. */
  readonly after?: RegExp;
  /** It, and what follows. */
  readonly rest?: RegExp;
  readonly hint: string;
}

const IDENTITY = "write instead, after the type: GENERATED ALWAYS AS IDENTITY";
const INDEX = "write the index in a statement of its own, below this one: CREATE INDEX ON table (…)";
const ALTERS = /\balter\s+table\b[^;]*$/i;

const WORDS: readonly Word[] = [
  {
    token: /^(?:engine|default|charset|character|auto_increment|comment)$/i,
    after: /\)\s*$/,
    rest: /^\w+\s*=|^default\s+charset/i,
    hint: "leave out what follows the last ): PostgreSQL has no such options of a table",
  },
  { token: /^auto_?increment$/i, hint: IDENTITY },
  { token: /^identity$/i, after: /\b(?:big|small|tiny)?int(?:eger)?\s+$/i, hint: IDENTITY },
  {
    token: /^unsigned$/i,
    hint: "PostgreSQL has no unsigned types: use the next larger one, or add CHECK (… >= 0)",
  },
  { token: /^`$/, hint: "write names without backquotes, or in double quotes" },
  { token: /^\[$/, rest: /^\[[A-Za-z_]/, hint: "write names without brackets, or in double quotes" },
  {
    token: /^modify$/i,
    after: ALTERS,
    hint: "write ALTER COLUMN name TYPE type; whether it may be null: ALTER COLUMN name SET NOT NULL, or DROP NOT NULL",
  },
  {
    token: /^change$/i,
    after: ALTERS,
    hint: "write RENAME COLUMN old TO new in a statement of its own; for another type: ALTER COLUMN name TYPE type",
  },
  {
    token: /^(?:after|first)$/i,
    after: /\badd\b[^;]*$/i,
    hint: "leave it out: a new column comes after the others",
  },
  {
    token: /^\($/,
    after: /\bcreate\s+table\b[^;]*[(,]\s*(?:index|key)\s+$/i,
    hint: INDEX,
  },
  {
    token: /^(?:index|key)$/i,
    after: /\bcreate\s+table\b[^;]*[(,]\s*(?:unique|fulltext|spatial)\s+$/i,
    hint: INDEX,
  },
  { token: /^go$/i, rest: /^go\s*(?:;|[\r\n]|$)/i, hint: "leave it out: a ; ends each statement" },
  {
    token: /^use$/i,
    after: /(?:^|;|[\r\n])\s*$/,
    hint: "leave it out: a session has one database, for which it was begun",
  },
  {
    token: /^replace$/i,
    after: /(?:^|;|[\r\n])\s*$/,
    hint: "write INSERT INTO … ON CONFLICT (…) DO UPDATE SET …",
  },
  { token: /^ignore$/i, after: /\binsert\s+$/i, hint: "write INSERT INTO … ON CONFLICT DO NOTHING" },
];

/** Of a syntax error at that token; undefined where it is none of another database's. */
export function wordHint(text: string, offset: number, token: string): string | undefined {
  const before = text.slice(Math.max(0, offset - 1000), offset);
  const following = text.slice(offset, offset + 100);
  return WORDS.find(
    ({ token: is, after, rest }) =>
      is.test(token) && after?.test(before) !== false && rest?.test(following) !== false,
  )?.hint;
}

const TYPES: Readonly<Record<string, string>> = {
  datetime: "timestamptz, or timestamp",
  datetime2: "timestamptz, or timestamp",
  smalldatetime: "timestamptz, or timestamp",
  datetimeoffset: "timestamptz",
  tinyint: "smallint",
  mediumint: "integer",
  number: "numeric",
  double: "double precision",
  tinytext: "text",
  mediumtext: "text",
  longtext: "text",
  clob: "text",
  string: "text",
  nvarchar: "varchar, or text",
  nvarchar2: "varchar, or text",
  varchar2: "varchar, or text",
  blob: "bytea",
  mediumblob: "bytea",
  longblob: "bytea",
  varbinary: "bytea",
  binary: "bytea",
  uniqueidentifier: "uuid",
};

/** What the type of that name is called here; undefined where it is none of another database's. */
export const typeHere = (name: string): string | undefined =>
  Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
