/** Two databases → statements, by @supabase/pg-delta, which is an optional peer. Its only importer. */
import type { FactBase, Plan } from "@supabase/pg-delta";
import type { ObjectKey } from "../../core/catalog/catalog.ts";
import { inMajor } from "../../core/catalog/privileges.ts";
import { identifier } from "../../core/quote.ts";
import { majorOf } from "../../core/server-version.ts";
import { optionalPackage } from "../packages.ts";
import type { Row, Session } from "../session/types.ts";
import type { Engine, EngineState } from "./engine.ts";

const PACKAGE = "@supabase/pg-delta@1.0.0-alpha.34";

interface State extends EngineState {
  readonly facts: FactBase;
  /** Of its server. */
  readonly major: number;
}

/** Throws `usage/no-package` where the package is not installed. */
export async function pgDelta(): Promise<Engine> {
  const load = () => import("@supabase/pg-delta");
  const { buildFactBase, extract, plan } = await optionalPackage(PACKAGE, "schemas are compared by", load);
  return {
    read: async (session, hidden): Promise<State> => {
      const { factBase } = await extract(poolOver(session) as never, { redactSecrets: false });
      const state = { engine: PACKAGE, major: majorOf(session.version.number) };
      if (hidden === undefined) return { ...state, facts: factBase };
      const facts = factBase.facts().filter(({ id }) => !isIn(hidden, id));
      const edges = factBase.edges.filter(({ from, to }) => !isIn(hidden, from) && !isIn(hidden, to));
      return { ...state, facts: buildFactBase(facts, edges, factBase.source) };
    },
    plan: (from, to, { own, known }) => {
      const options = { scope: "database", redactSecrets: false, renames: "off" } as const;
      const owners = { defaultOwner: own, assumedRoles: [...known] };
      const states = [from as State, to as State];
      const oldest = Math.min(...states.map(({ major }) => major));
      const [is, wanted] = states.map(({ facts, major }) =>
        major === oldest
          ? facts
          : buildFactBase(facts.facts().flatMap(factIn(oldest)), [...facts.edges], facts.source),
      );
      const { actions } = plan(is!, wanted!, { ...options, ...owners });
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

/** What the engine takes for a pool: it reads over one connection, and gives no parameters. */
function poolOver(session: Session): unknown {
  const query = async (sql: string) => ({
    rows: await session.read({ sql, row: { parse: (row) => row as Row } }),
  });
  return { connect: async () => ({ query, release: () => {} }) };
}

/** Without the privileges that the older of two servers does not have: they would be given, or taken, for no reason. */
const factIn =
  (major: number) =>
  (fact: Fact): readonly Fact[] => {
    if (fact.id.kind !== "acl" && fact.id.kind !== "defaultPrivilege") return [fact];
    const { privileges, grantable } = fact.payload as Readonly<Record<string, readonly string[]>>;
    const left = {
      privileges: [...inMajor(privileges ?? [], major)],
      grantable: [...inMajor(grantable ?? [], major)],
    };
    const isGone = privileges!.length > 0 && left.privileges.length === 0;
    return isGone ? [] : [{ ...fact, payload: { ...fact.payload, ...left } }];
  };

type Fact = ReturnType<FactBase["facts"]>[number];
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
