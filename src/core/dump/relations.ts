/** Sequences, views, indexes, and what belongs to tables → the statements that create them. */
import type { CatalogObject } from "../catalog/catalog.ts";
import { literal } from "../quote.ts";
import { nameOf, optionList, partsOf } from "./names.ts";
import {
  clauses,
  has,
  keyOfObject,
  type Lookup,
  list,
  type Piece,
  phase,
  text,
  type Writer,
} from "./piece.ts";
import { granted, grants, ownership } from "./privileges.ts";
import { sequenceOptions } from "./tables.ts";

const sequence: Writer = (object, lookup) => {
  // That of an identity column is made with it.
  if (has(object, "identity")) return [];
  const name = nameOf(...object.identity);
  const type = text(object, "type");
  const created: Piece = {
    object: keyOfObject(object),
    phase: phase("sequence"),
    statements: [
      clauses(
        `CREATE ${text(object, "persistence") === "unlogged" ? "UNLOGGED " : ""}SEQUENCE ${name}`,
        type !== "bigint" && `AS ${type}`,
        sequenceOptions(object),
      ),
      ...ownership(object, lookup),
    ],
  };
  const column = text(object, "ownedBy");
  if (column === undefined) return [created];
  const statements = [`ALTER SEQUENCE ${name} OWNED BY ${column}`];
  return [created, { object: keyOfObject(object), phase: phase("owned sequence"), statements }];
};

const view: Writer = (object, lookup) => {
  const isMaterialized = object.class === "materialized view";
  const name = nameOf(...object.identity);
  const storage = [
    optionList(list(object, "options"), "="),
    optionList(list(object, "toastOptions"), "=", "toast."),
  ].filter((each) => each !== "");
  const method = text(object, "accessMethod");
  const tablespace = text(object, "tablespace");
  const query = text(object, "definition")!.replace(/;$/, "");
  const columns = lookup.within(object, "column");
  const alter = `ALTER ${object.class.toUpperCase()} ${name}`;
  return [
    {
      object: keyOfObject(object),
      phase: phase("view"),
      statements: [
        clauses(
          `CREATE ${object.class.toUpperCase()} ${name}`,
          isMaterialized && method !== undefined && method !== "heap" && `USING ${nameOf(method)}`,
          storage.length > 0 && `WITH (${storage.join(", ")})`,
          tablespace !== undefined && `TABLESPACE ${nameOf(tablespace)}`,
          `AS\n${query}`,
          has(object, "notPopulated") && "WITH NO DATA",
        ),
        ...columns.flatMap((each) =>
          columnSettings(each).map((said) => `${alter} ALTER COLUMN ${nameOf(each.identity[2]!)} ${said}`),
        ),
        ...ownership(object, lookup),
        ...columns.flatMap((each) => viewGrants(each, object, lookup)),
      ],
    },
  ];
};

/** Of a view a column can have a default; of a materialized one what ANALYZE and its rows are set to. */
function columnSettings(column: CatalogObject): readonly string[] {
  const [initial, statistics, storage, compression] = ["default", "statistics", "storage", "compression"].map(
    (name) => text(column, name),
  );
  const options = list(column, "options");
  return [
    ...(initial === undefined ? [] : [`SET DEFAULT ${initial}`]),
    ...(storage === undefined ? [] : [`SET STORAGE ${storage.toUpperCase()}`]),
    ...(compression === undefined ? [] : [`SET COMPRESSION ${compression}`]),
    ...(statistics === undefined ? [] : [`SET STATISTICS ${statistics}`]),
    ...(options.length === 0 ? [] : [`SET (${optionList(options, "=")})`]),
  ];
}

function viewGrants(column: CatalogObject, owner: CatalogObject, { catalog }: Lookup): readonly string[] {
  const wanted = granted(column.properties["privileges"]);
  const grantor = text(owner, "owner")!;
  return grants(wanted, [{ grantee: grantor, grantor, privileges: [] }], {
    on: `ON TABLE ${nameOf(...owner.identity)}`,
    major: catalog.major,
    columns: `(${nameOf(column.identity[2]!)})`,
  });
}

const index: Writer = (object, lookup) => {
  const name = nameOf(...object.identity);
  const isConstraint = object.parent?.class === "constraint";
  const tablespace = text(object, "tablespace");
  const statistics = (object.properties["statistics"] ?? {}) as Readonly<Record<string, number>>;
  const partOf = text(object, "partOf");
  const statements = [
    ...(isConstraint ? [] : [text(object, "definition")!]),
    ...(tablespace === undefined ? [] : [`ALTER INDEX ${name} SET TABLESPACE ${nameOf(tablespace)}`]),
    ...Object.entries(statistics).map(
      ([at, target]) => `ALTER INDEX ${name} ALTER COLUMN ${at} SET STATISTICS ${target}`,
    ),
  ];
  const clustered = isOnTable(object, lookup) || !has(object, "clustered") ? [] : [clusterSql(object)];
  return [
    ...(statements.length === 0 && clustered.length === 0
      ? []
      : [{ object: keyOfObject(object), phase: phase("index"), statements: [...statements, ...clustered] }]),
    ...(partOf === undefined
      ? []
      : [
          {
            object: keyOfObject(object),
            phase: phase("attached index"),
            statements: [`ALTER INDEX ${nameOf(...partsOf(partOf))} ATTACH PARTITION ${name}`],
          },
        ]),
  ];
};

/** What a table is clustered on stands with its other settings. */
const isOnTable = ({ parent }: CatalogObject, { get }: Lookup): boolean =>
  parent?.class === "constraint" ||
  (parent !== undefined && get(parent.class, ...parent.identity)?.class === "table");

const clusterSql = ({ identity, parent }: CatalogObject): string =>
  `ALTER MATERIALIZED VIEW ${nameOf(...parent!.identity)} CLUSTER ON ${nameOf(identity[1]!)}`;

const ENABLED: Readonly<Record<string, string>> = {
  never: "DISABLE",
  replica: "ENABLE REPLICA",
  always: "ENABLE ALWAYS",
};

const enabling = (object: CatalogObject, word: string, fallback?: string): readonly string[] => {
  const [schema, relation, name] = object.identity as [string, string, string];
  const state = text(object, "enabled");
  const said = state === undefined ? fallback : ENABLED[state];
  return said === undefined
    ? []
    : [`ALTER TABLE ${nameOf(schema, relation)} ${said} ${word} ${nameOf(name)}`];
};

const rule: Writer = (object) => [
  {
    object: keyOfObject(object),
    phase: phase("rule"),
    statements: [text(object, "definition")!.replace(/;$/, ""), ...enabling(object, "RULE")],
  },
];

/** One that a partition has from its parent is there; only that it is enabled otherwise has to be said. */
const trigger: Writer = (object) => {
  const isInherited = has(object, "inherited");
  const statements = isInherited
    ? enabling(object, "TRIGGER", "ENABLE")
    : [text(object, "definition")!, ...enabling(object, "TRIGGER")];
  return [
    { object: keyOfObject(object), phase: phase(isInherited ? "trigger setting" : "trigger"), statements },
  ];
};

const policy: Writer = (object) => {
  const [schema, relation, name] = object.identity as [string, string, string];
  const roles = list(object, "roles").map((each) => (each === "public" ? "PUBLIC" : nameOf(each)));
  const using = text(object, "using");
  const check = text(object, "check");
  return [
    {
      object: keyOfObject(object),
      phase: phase("policy"),
      statements: [
        clauses(
          `CREATE POLICY ${nameOf(name)} ON ${nameOf(schema, relation)}`,
          has(object, "restrictive") && "AS RESTRICTIVE",
          text(object, "command") !== "all" && `FOR ${text(object, "command")!.toUpperCase()}`,
          roles.join() !== "PUBLIC" && `TO ${roles.join(", ")}`,
          using !== undefined && `USING (${using})`,
          check !== undefined && `WITH CHECK (${check})`,
        ),
      ],
    },
  ];
};

const statistics: Writer = (object, lookup) => {
  const target = text(object, "target");
  return [
    {
      object: keyOfObject(object),
      phase: phase("statistics"),
      statements: [
        text(object, "definition")!,
        ...(target === undefined
          ? []
          : [`ALTER STATISTICS ${nameOf(...object.identity)} SET STATISTICS ${target}`]),
        ...ownership(object, lookup),
      ],
    },
  ];
};

const publication: Writer = (object, lookup) => {
  const name = nameOf(...object.identity);
  const actions = ["insert", "update", "delete", "truncate"].filter((each) => has(object, each));
  const generated = text(object, "generatedColumns");
  const options = [
    ...(actions.length === 4 ? [] : [`publish = ${literal(actions.join(", "))}`]),
    ...(has(object, "viaRoot") ? ["publish_via_partition_root = true"] : []),
    ...(generated === undefined ? [] : [`publish_generated_columns = ${generated}`]),
  ];
  return [
    {
      object: keyOfObject(object),
      phase: phase("publication"),
      statements: [
        clauses(
          `CREATE PUBLICATION ${name}`,
          has(object, "allTables") && "FOR ALL TABLES",
          options.length > 0 && `WITH (${options.join(", ")})`,
        ),
        ...list(object, "schemas").map(
          (each) => `ALTER PUBLICATION ${name} ADD TABLES IN SCHEMA ${nameOf(each)}`,
        ),
        ...lookup.within(object, "publication table").map((each) => publicationTable(each, name)),
        ...ownership(object, lookup),
      ],
    },
  ];
};

function publicationTable(object: CatalogObject, name: string): string {
  const columns = list(object, "columnList");
  const where = text(object, "where");
  return clauses(
    `ALTER PUBLICATION ${name} ADD TABLE ONLY ${nameOf(...object.identity.slice(1))}`,
    columns.length > 0 && `(${columns.map((each) => nameOf(each)).join(", ")})`,
    where !== undefined && `WHERE (${where})`,
  );
}

export const relations: Readonly<Record<string, Writer>> = {
  sequence,
  view,
  "materialized view": view,
  index,
  rule,
  trigger,
  policy,
  statistics,
  publication,
};
