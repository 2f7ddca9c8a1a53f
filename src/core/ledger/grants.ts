/** The schema of a ledger and a role, as they stand in SQL → the GRANTs with which that role may use the ledger. */
import { LEDGER_TABLES } from "../catalog/ledgers.ts";
import type { Denied } from "../failure/denied.ts";
import { routines } from "./format.ts";

/** Who may not create the ledger. */
interface Uncreated {
  /** What it lacks: a right on the database, or on the schema that is there. */
  readonly on: "database" | "schema";
  readonly object: string;
  readonly to: string;
  /** Of the ledger. */
  readonly schema: string;
  /** The project sets that role. */
  readonly isSet: boolean;
  /** How a command begins. Default: `migrate`. */
  readonly migrate?: string;
}

/**
 * The two ways to a ledger that a role without the rights may use, each whole: it may create the ledger, and then owns it; or
 * another creates it, which does not take the role that the project sets, and grants what is needed. That one connects with
 * an address of its own: what is configured is that of the role that may not.
 */
export function mayBeCreated({ on, object, to, schema, isSet, migrate = "migrate" }: Uncreated): string {
  const right = on === "database" ? "CREATE ON DATABASE" : "CREATE, USAGE ON SCHEMA";
  return (
    `as the owner of the ${on}, run: GRANT ${right} ${object} TO ${to}; or create the ledger for it, with the address of that owner` +
    `${isSet ? ' and a config file without "role"' : ""}: ${migrate} ensure-version --database URL, then: ${grants(schema, to)}`
  );
}

/** Whether a right that our own SQL lacks is one on the ledger in `schema`: the server says no schema of a table or a routine. */
export function isOfLedger({ kind, name }: Denied, schema: string): boolean {
  if (kind === "schema") return name === schema;
  // Of a relation, the view and the sequence of the log besides the tables.
  if (kind === "relation") return [...LEDGER_TABLES, "log_id_seq", "progress"].includes(name);
  if (kind === "routine") return routines().some((routine) => routine.name === name);
  // Creating the ledger's schema is what takes a right on the database.
  return kind === "database";
}

/** What is to be done with a ledger: shown, or written by an upgrade and the like. */
export type LedgerUse = "read" | "write";

export function grants(schema: string, to: string, use: LedgerUse = "write"): string {
  const privileges = use === "read" ? "SELECT" : "SELECT, INSERT, UPDATE, DELETE";
  const rest = `IN SCHEMA ${schema} TO ${to}`;
  return (
    `GRANT USAGE ON SCHEMA ${schema} TO ${to}; ` +
    `GRANT ${privileges} ON ALL TABLES ${rest}; GRANT EXECUTE ON ALL ROUTINES ${rest}`
  );
}
