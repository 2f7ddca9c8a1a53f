/** Tables, foreign tables and partitions, with their columns and constraints → the statements that create them. */
import type { CatalogObject, ObjectKey } from "../catalog/catalog.ts";
import { dollarQuoted, literal } from "../quote.ts";
import { nameOf, optionList, partsOf } from "./names.ts";
import {
  clauses,
  has,
  keyOfObject,
  type Lookup,
  list,
  type Piece,
  parentsOf,
  phase,
  text,
  type Writer,
} from "./piece.ts";
import { granted, grants, ownership, privileges } from "./privileges.ts";
import { collation, isNotValid, namedConstraint } from "./types.ts";

/** A table and all that is a part of it; its indexes, triggers and policies are written on their own. */
const table: Writer = (object, lookup) => {
  const shape = shapeOf(object, lookup);
  const whole = createdPiece(object, lookup, shape, true);
  return [
    { ...whole, split: () => [createdPiece(object, lookup, shape, false), ...laterPieces(object, shape)] },
    ...attachment(object, shape),
    ...constraintPieces(object, lookup, shape),
    ...settings(object, lookup),
  ];
};

interface Shape {
  readonly columns: readonly CatalogObject[];
  /** Constraints that stand in CREATE TABLE. */
  readonly inline: readonly CatalogObject[];
  /** Constraints that are added when the table is there. */
  readonly added: readonly CatalogObject[];
  /** The tables that it inherits from, or is a partition of. */
  readonly parents: readonly CatalogObject[];
  /** Made by `PARTITION OF`: all that it has is its parent's. */
  readonly isPlainPartition: boolean;
}

function shapeOf(object: CatalogObject, lookup: Lookup): Shape {
  const columns = columnsOf(object, lookup);
  const constraints = lookup.within(object, "constraint");
  const partitionOf = text(object, "partitionOf");
  const parents = parentsOf(object).flatMap((name) => {
    const [schema = "", own = ""] = partsOf(name);
    return lookup.get("table", schema, own) ?? lookup.get("foreign table", schema, own) ?? [];
  });
  const isPartition = partitionOf !== undefined;
  const isPartitioned = text(object, "partitionKey") !== undefined;
  const own = constraints.filter((each) => !has(each, "inherited"));
  const isInline = (each: CatalogObject): boolean => {
    const type = text(each, "type");
    if (type === "foreign key" || isNotValid(each)) return false;
    return type === "check" || !(isPartition || isPartitioned);
  };
  const isPlainPartition = isPartition && isAsParent(object, columns, own, parents[0], lookup);
  // A table that is attached has its parent's constraints before.
  const before = isPartition && !isPlainPartition ? constraints : own;
  const inline = before.filter((each) => isInline(each));
  return {
    columns,
    inline,
    added: own.filter((each) => !inline.includes(each)),
    parents,
    isPlainPartition,
  };
}

/** Whether a partition has its parent's columns, and nothing that is said of them otherwise. */
function isAsParent(
  object: CatalogObject,
  columns: readonly CatalogObject[],
  own: readonly CatalogObject[],
  parent: CatalogObject | undefined,
  lookup: Lookup,
): boolean {
  if (parent === undefined || object.class !== "table") return false;
  if (own.some((each) => text(each, "type") === "check")) return false;
  const models = columnsOf(parent, lookup);
  return (
    columns.length === models.length &&
    columns.every((column, index) => {
      const model = models[index]!;
      return column.identity[2] === model.identity[2] && columnKey(column) === columnKey(model);
    })
  );
}

/** In their order, without those that are left out of the catalog. */
const columnsOf = (object: CatalogObject, lookup: Lookup): readonly CatalogObject[] =>
  list(object, "columns").flatMap((name) => lookup.get("column", ...object.identity, name) ?? []);

function columnKey({ properties }: CatalogObject): string {
  const { inherited, privileges: ignored, statistics, options, ...rest } = properties;
  return JSON.stringify(rest);
}

/** The table; without what may need other objects where `isWhole` is false: defaults and constraints. */
function createdPiece(object: CatalogObject, lookup: Lookup, shape: Shape, isWhole: boolean): Piece {
  const { columns, inline, isPlainPartition, parents } = shape;
  const name = nameOf(...object.identity);
  const isInheriting = list(object, "inherits").length > 0;
  const lines = isPlainPartition
    ? []
    : [
        ...columns
          .filter((each) => !(isInheriting && has(each, "inherited")))
          .map((each) => `  ${columnLine(each, object, lookup, isWhole)}`),
        ...(isWhole ? inline.map((each) => `  ${namedConstraint(each)}`) : []),
      ];
  const bodyText = lines.length === 0 ? "()" : `(\n${lines.join(",\n")}\n)`;
  const accessMethod = text(object, "accessMethod");
  const storage = [
    optionList(list(object, "options"), "="),
    optionList(list(object, "toastOptions"), "=", "toast."),
  ].filter((each) => each !== "");
  const tablespace = text(object, "tablespace");
  const server = text(object, "server");
  const foreign = optionList(list(object, "foreignOptions"));
  const key = text(object, "partitionKey");
  const statement = clauses(
    `CREATE ${text(object, "persistence") === "unlogged" ? "UNLOGGED " : ""}${object.class.toUpperCase()} ${name}`,
    isPlainPartition ? `PARTITION OF ${nameOf(...parents[0]!.identity)} ${text(object, "bound")}` : bodyText,
    isInheriting && `INHERITS (${list(object, "inherits").join(", ")})`,
    key !== undefined && `PARTITION BY ${key}`,
    server !== undefined && `SERVER ${nameOf(server)}`,
    foreign !== "" && `OPTIONS (${foreign})`,
    accessMethod !== undefined && accessMethod !== "heap" && `USING ${nameOf(accessMethod)}`,
    storage.length > 0 && `WITH (${storage.join(", ")})`,
    tablespace !== undefined && `TABLESPACE ${nameOf(tablespace)}`,
  );
  return {
    object: keyOfObject(object),
    phase: phase("table"),
    statements: [
      statement,
      ...columnStatements(object, lookup, shape),
      ...ownership(object, lookup),
      ...columns.flatMap((each) => columnGrants(each, object, lookup)),
      ...identitySequences(columns, lookup),
    ],
  };
}

/** The defaults and constraints of a table that was made without. */
function laterPieces(object: CatalogObject, { columns, inline }: Shape): readonly Piece[] {
  const alter = `ALTER ${object.class.toUpperCase()} ${nameOf(...object.identity)}`;
  const later = (owner: ObjectKey, statement: string): Piece => ({
    object: owner,
    phase: phase("table setting"),
    statements: [statement],
  });
  return [
    ...columns.flatMap((each) => {
      const initial = text(each, "default");
      return initial === undefined
        ? []
        : [
            later(
              keyOfObject(each),
              `${alter} ALTER COLUMN ${nameOf(each.identity[2]!)} SET DEFAULT ${initial}`,
            ),
          ];
    }),
    ...inline.map((each) => later(keyOfObject(each), `${alter} ADD ${namedConstraint(each)}`)),
  ];
}

// ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────

function columnLine(column: CatalogObject, owner: CatalogObject, lookup: Lookup, isWhole: boolean): string {
  const initial = text(column, "default");
  const generated = text(column, "generated");
  const compression = text(column, "compression");
  const foreign = optionList(list(column, "foreignOptions"));
  return clauses(
    nameOf(column.identity[2]!),
    text(column, "type"),
    foreign !== "" && `OPTIONS (${foreign})`,
    compression !== undefined && `COMPRESSION ${compression}`,
    collation(column),
    initial !== undefined && isWhole && `DEFAULT ${initial}`,
    generated !== undefined && `GENERATED ALWAYS AS (${generated.replace(/ (STORED|VIRTUAL)$/, ") $1")}`,
    identity(column, lookup),
    notNull(column, owner, lookup),
  );
}

function notNull(column: CatalogObject, owner: CatalogObject, lookup: Lookup): string | undefined {
  if (!has(column, "notNull") || has(column, "notNullNotValid")) return undefined;
  const name = text(column, "notNullConstraint");
  const [schema = "", table] = owner.identity;
  const usual = `${table}_${column.identity[2]}_not_null`;
  const isNamed = name !== undefined && (name !== usual || lookup.isShared(schema, name));
  return clauses(
    isNamed && `CONSTRAINT ${nameOf(name)}`,
    "NOT NULL",
    has(column, "notNullNoInherit") && "NO INHERIT",
  );
}

function identity(column: CatalogObject, lookup: Lookup): string | undefined {
  const kind = text(column, "identity");
  if (kind === undefined) return undefined;
  const [sequence] = lookup.within(column, "sequence");
  // That of a partition is its parent's, since 17.
  if (sequence === undefined) return undefined;
  const [schema, tableName, name] = column.identity as [string, string, string];
  const isUsual = sequence.identity[0] === schema && sequence.identity[1] === `${tableName}_${name}_seq`;
  const options = clauses(
    !isUsual && `SEQUENCE NAME ${nameOf(...sequence.identity)}`,
    sequenceOptions(sequence),
  );
  return clauses(`GENERATED ${kind.toUpperCase()} AS IDENTITY`, options !== "" && `(${options})`);
}

/** The options of a sequence that are not what its type and its direction make them. */
export function sequenceOptions(sequence: CatalogObject): string {
  const increment = text(sequence, "increment")!;
  const isDown = increment.startsWith("-");
  const [lowest, highest] = LIMITS[text(sequence, "type")!] ?? LIMITS["bigint"]!;
  const usual = isDown ? { minimum: lowest, maximum: "-1" } : { minimum: "1", maximum: highest };
  const minimum = text(sequence, "minimum")!;
  const maximum = text(sequence, "maximum")!;
  const start = text(sequence, "start")!;
  const cache = text(sequence, "cache")!;
  return clauses(
    start !== (isDown ? maximum : minimum) && `START WITH ${start}`,
    increment !== "1" && `INCREMENT BY ${increment}`,
    minimum !== usual.minimum && `MINVALUE ${minimum}`,
    maximum !== usual.maximum && `MAXVALUE ${maximum}`,
    cache !== "1" && `CACHE ${cache}`,
    has(sequence, "cycle") && "CYCLE",
  );
}

const LIMITS: Readonly<Record<string, readonly [string, string]>> = {
  smallint: ["-32768", "32767"],
  integer: ["-2147483648", "2147483647"],
  bigint: ["-9223372036854775808", "9223372036854775807"],
};

/** What is said of columns when the table is there. */
function columnStatements(
  object: CatalogObject,
  lookup: Lookup,
  { columns, parents }: Shape,
): readonly string[] {
  const alter = `ALTER ${object.class.toUpperCase()} ONLY ${nameOf(...object.identity)}`;
  const isInheriting = list(object, "inherits").length > 0;
  return columns.flatMap((column) => {
    const own = nameOf(column.identity[2]!);
    const options = list(column, "options");
    const said = [
      ...[text(column, "storage")].flatMap((each) =>
        each === undefined ? [] : [`SET STORAGE ${each.toUpperCase()}`],
      ),
      ...[text(column, "statistics")].flatMap((each) =>
        each === undefined ? [] : [`SET STATISTICS ${each}`],
      ),
      ...(options.length === 0 ? [] : [`SET (${optionList(options, "=")})`]),
    ].map((each) => `${alter} ALTER COLUMN ${own} ${each}`);
    const notValid = has(column, "notNullNotValid")
      ? [`${alter} ADD CONSTRAINT ${nameOf(text(column, "notNullConstraint")!)} NOT NULL ${own} NOT VALID`]
      : [];
    const inherited =
      isInheriting && has(column, "inherited")
        ? ofItsOwn(column, parents, lookup).map((each) => `${alter} ALTER COLUMN ${own} ${each}`)
        : [];
    return [...inherited, ...said, ...notValid];
  });
}

/** What an inherited column has otherwise than the first parent that it is from. */
function ofItsOwn(
  column: CatalogObject,
  parents: readonly CatalogObject[],
  lookup: Lookup,
): readonly string[] {
  const [model] = parents.flatMap(
    (parent) => lookup.get("column", ...parent.identity, column.identity[2]!) ?? [],
  );
  if (model === undefined) return [];
  const [mine, theirs] = [text(column, "default"), text(model, "default")];
  return [
    ...(mine === theirs ? [] : [mine === undefined ? "DROP DEFAULT" : `SET DEFAULT ${mine}`]),
    ...(has(column, "notNull") && !has(model, "notNull") ? ["SET NOT NULL"] : []),
  ];
}

function columnGrants(
  column: CatalogObject,
  owner: CatalogObject,
  { catalog, ...lookup }: Lookup,
): readonly string[] {
  const wanted = granted(column.properties["privileges"]);
  if (wanted.length === 0) return [];
  const grantor = text(owner, "owner") ?? lookup.owner;
  return grants(wanted, [{ grantee: grantor, grantor, privileges: [] }], {
    on: `ON TABLE ${nameOf(...owner.identity)}`,
    major: catalog.major,
    columns: `(${nameOf(column.identity[2]!)})`,
  });
}

/** What is granted on identity columns' sequences; their owner is the table's. */
const identitySequences = (columns: readonly CatalogObject[], lookup: Lookup): readonly string[] =>
  columns
    .flatMap((column) => lookup.within(column, "sequence"))
    .filter((each) => has(each, "identity"))
    .flatMap((each) => privileges(each, lookup));

// ── partitions, constraints, settings ───────────────────────────────────────────────────────────────────────────

function attachment(object: CatalogObject, { isPlainPartition, parents }: Shape): readonly Piece[] {
  const [parent] = parents;
  if (text(object, "partitionOf") === undefined || isPlainPartition || parent === undefined) return [];
  const statement = `ALTER TABLE ${nameOf(...parent.identity)} ATTACH PARTITION ${nameOf(...object.identity)} ${text(object, "bound")}`;
  return [{ object: keyOfObject(object), phase: phase("attach"), statements: [statement] }];
}

function constraintPieces(
  object: CatalogObject,
  lookup: Lookup,
  { added, inline, parents }: Shape,
): readonly Piece[] {
  const name = nameOf(...object.identity);
  const pieces = added.map((each): Piece => {
    const type = text(each, "type");
    const isIndexed = type !== "foreign key" && type !== "check";
    return {
      object: keyOfObject(each),
      phase: phase(type === "foreign key" ? "foreign key" : isIndexed ? "index" : "table setting"),
      statements: [
        `ALTER ${object.class.toUpperCase()} ${isIndexed ? "ONLY " : ""}${name} ADD ${namedConstraint(each)}`,
      ],
    };
  });
  const disabled = [...added, ...inline].flatMap((each): readonly Piece[] => {
    const states = Object.entries((each.properties["triggers"] ?? {}) as Readonly<Record<string, string>>);
    if (states.length === 0) return [];
    return [
      {
        object: keyOfObject(each),
        phase: phase("trigger setting"),
        statements: states.map(([on, enabled]) => constraintTriggers(each, on, enabled)),
      },
    ];
  });
  return [...pieces, ...disabled, ...validated(object, parents, lookup)];
}

/** A parent's constraint that is not valid is not so here either, when it comes; here it was validated. */
function validated(
  object: CatalogObject,
  parents: readonly CatalogObject[],
  lookup: Lookup,
): readonly Piece[] {
  return lookup.within(object, "constraint").flatMap((each): readonly Piece[] => {
    const name = each.identity[2]!;
    const models = parents.flatMap((parent) => lookup.get("constraint", ...parent.identity, name) ?? []);
    if (!has(each, "inherited") || isNotValid(each) || !models.some(isNotValid)) return [];
    const statement = `ALTER TABLE ${nameOf(...object.identity)} VALIDATE CONSTRAINT ${nameOf(name)}`;
    return [{ object: keyOfObject(each), phase: phase("view"), statements: [statement] }];
  });
}

const STATES: Readonly<Record<string, string>> = {
  never: "DISABLE",
  replica: "ENABLE REPLICA",
  always: "ENABLE ALWAYS",
};

/** The triggers of a foreign key on one of its two tables, which have no names of their own. */
function constraintTriggers(constraint: CatalogObject, on: string, enabled: string): string {
  const [schema, tableName, name] = constraint.identity as [string, string, string];
  const relation = literal(nameOf(schema, tableName));
  const state = enabled.split(", ").find((each) => each !== "origin")!;
  return `DO ${dollarQuoted(
    [
      "",
      "DECLARE t record;",
      "BEGIN",
      "  FOR t IN SELECT g.tgrelid::regclass AS relation, g.tgname AS name FROM pg_trigger AS g",
      "    JOIN pg_constraint AS k ON k.oid = g.tgconstraint",
      `    WHERE k.conrelid = ${relation}::regclass AND k.conname = ${literal(name)}`,
      `      AND g.tgrelid = ${literal(on)}::regclass`,
      "  LOOP",
      `    EXECUTE format('ALTER TABLE %s ${STATES[state]} TRIGGER %I', t.relation, t.name);`,
      "  END LOOP;",
      "END",
      "",
    ].join("\n"),
    "triggers",
  )}`;
}

/** What a table is set to when all that it has is there. */
function settings(object: CatalogObject, lookup: Lookup): readonly Piece[] {
  const name = nameOf(...object.identity);
  const replica = text(object, "replicaIdentity");
  const type = text(object, "ofType");
  const indexes = [object, ...lookup.within(object, "constraint")].flatMap((each) =>
    lookup.within(each, "index"),
  );
  const identityIndex = indexes.find((each) => has(each, "replicaIdentity"));
  const cluster = indexes.find((each) => has(each, "clustered"));
  const said = [
    type !== undefined && `OF ${type}`,
    replica !== undefined &&
      replica !== "index" &&
      object.class === "table" &&
      `REPLICA IDENTITY ${replica.toUpperCase()}`,
    identityIndex !== undefined && `REPLICA IDENTITY USING INDEX ${nameOf(identityIndex.identity[1]!)}`,
    cluster !== undefined && `CLUSTER ON ${nameOf(cluster.identity[1]!)}`,
    has(object, "rowSecurity") && "ENABLE ROW LEVEL SECURITY",
    has(object, "forceRowSecurity") && "FORCE ROW LEVEL SECURITY",
  ].filter((each) => each !== false);
  if (said.length === 0) return [];
  const statements = said.map((each) => `ALTER TABLE ${name} ${each}`);
  return [{ object: keyOfObject(object), phase: phase("table setting"), statements }];
}

export const tables: Readonly<Record<string, Writer>> = { table, "foreign table": table };
