/** Two databases → statements, by @supabase/pg-delta, which is an optional peer. Its only importer. */
import type { FactBase, Plan } from "@supabase/pg-delta";
import type { ObjectKey } from "../../core/catalog/catalog.ts";
import { MigrateError } from "../../core/errors.ts";
import { identifier } from "../../core/quote.ts";
import type { Row, Session } from "../session/types.ts";
import type { Engine, EngineState } from "./engine.ts";

const PACKAGE = "@supabase/pg-delta@1.0.0-alpha.34";

interface State extends EngineState {
  readonly facts: FactBase;
}

/** Throws `usage/no-engine` where the package is not installed. */
export async function pgDelta(): Promise<Engine> {
  const { buildFactBase, extract, plan } = await loaded();
  return {
    read: async (session, hidden): Promise<State> => {
      const { factBase } = await extract(poolOver(session) as never, { redactSecrets: false });
      if (hidden === undefined) return { engine: PACKAGE, facts: factBase };
      const facts = factBase.facts().filter(({ id }) => !isIn(hidden, id));
      const edges = factBase.edges.filter(({ from, to }) => !isIn(hidden, from) && !isIn(hidden, to));
      return { engine: PACKAGE, facts: buildFactBase(facts, edges, factBase.source) };
    },
    plan: (from, to, { own, known }) => {
      const options = { scope: "database", redactSecrets: false, renames: "off" } as const;
      const owners = { defaultOwner: own, assumedRoles: [...known] };
      const { actions } = plan((from as State).facts, (to as State).facts, { ...options, ...owners });
      return (
        actions
          // Its own it has anyway.
          .filter(({ sql }) => !(sql.startsWith("GRANT ") && sql.endsWith(` TO ${identifier(own)}`)))
          .map(({ sql, produces, destroys }) => ({
            sql: sql.trim().replace(/;$/, ""),
            creates: produces.flatMap(keyOfId),
            drops: destroys.flatMap(keyOfId),
          }))
      );
    },
  };
}

async function loaded(): Promise<
  Pick<typeof import("@supabase/pg-delta"), "buildFactBase" | "extract" | "plan">
> {
  try {
    return await import("@supabase/pg-delta");
  } catch (cause) {
    throw new MigrateError(
      {
        code: "usage/no-engine",
        message: "comparing schemas needs the package @supabase/pg-delta, which is not installed",
        hint: `npm install -D ${PACKAGE}`,
      },
      { cause },
    );
  }
}

/** What the engine takes for a pool: it reads over one connection, and gives no parameters. */
function poolOver(session: Session): unknown {
  const query = async (sql: string) => ({
    rows: await session.read({ sql, row: { parse: (row) => row as Row } }),
  });
  return { connect: async () => ({ query, release: () => {} }) };
}

type StableId = Plan["actions"][number]["produces"][number];

/** Whether it is of that schema, or says something of what is. */
function isIn(schema: string, id: StableId): boolean {
  if ("target" in id) return isIn(schema, id.target);
  return ("schema" in id && id.schema === schema) || (id.kind === "schema" && id.name === schema);
}

const CLASSES: Readonly<Record<string, string>> = {
  materializedView: "materialized view",
  foreignTable: "foreign table",
  eventTrigger: "event trigger",
  fdw: "foreign-data wrapper",
};

/** Comments, privileges and what has no class of its own are left out. */
function keyOfId(id: StableId): readonly ObjectKey[] {
  const parts = id as Partial<Record<"schema" | "table" | "name", string>> & {
    readonly kind: string;
    readonly args?: readonly string[];
  };
  const { kind, schema, table, name, args } = parts;
  if (name === undefined || kind === "default" || kind === "role") return [];
  const identity = [schema, table, name, args?.join(", ")].filter((part) => part !== undefined);
  return [{ class: CLASSES[kind] ?? kind, identity }];
}
