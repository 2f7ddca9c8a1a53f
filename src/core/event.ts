/** What happens while a plan runs, as values. */
import { routines } from "./ledger/format.ts";
import type { PlanStep } from "./plan/types.ts";
import type { SessionInfo } from "./session-info.ts";

/** What happens while a plan runs. */
export type Event =
  | { readonly type: "waiting"; readonly seconds: number; readonly holders: readonly SessionInfo[] }
  | { readonly type: "blocked"; readonly blockers: readonly SessionInfo[] }
  | {
      readonly type: "retry";
      /** Why the transaction was rolled back. */
      readonly after: "lock timeout" | "deadlock";
      readonly retry: number;
      readonly of: number;
      /** How long until it is tried again. */
      readonly seconds: number;
      readonly blockers: readonly SessionInfo[];
    }
  /** Nothing runs until a step is started again; how it ended is read from the ledger, over a new connection. */
  | { readonly type: "connection-lost"; readonly message: string }
  | { readonly type: "step-started"; readonly step: PlanStep; readonly index: number; readonly of: number }
  | {
      /** One of the author's statements begins. */
      readonly type: "statement-started";
      readonly step: PlanStep;
      /** Which statement of its file, from 1, and of how many. */
      readonly statement: number;
      readonly statements: number;
    }
  | {
      readonly type: "step-done";
      readonly step: PlanStep;
      readonly index: number;
      readonly of: number;
      /** Wall time on the server, as seen from here; absent where steps share a transaction. */
      readonly ms?: number;
    };

/** `pid 4711, retort, deploy@10.0.0.7, since 2026-03-02T09:14:00Z: CREATE INDEX …` */
export function sessionText({ pid, application, user, client, since, query, idle }: SessionInfo): string {
  const parts = [
    pid === 0 ? "" : `pid ${pid}`,
    application,
    client === undefined ? user : `${user}@${client}`,
    since === undefined ? "" : `${idle === undefined ? "" : `${idle} `}since ${since}`,
  ];
  const what = doing(query, application);
  return `${parts.filter((part) => part !== "").join(", ")}${what === "" ? "" : `: ${what}`}`;
}

/** What a session does: the author's SQL as it is, ours in words. */
function doing(query: string, application: string): string {
  // A migrator says in a comment which statement of which migration it is at.
  const label = /^\/\* (.+?) \*\/ /.exec(query)?.[1];
  if (label !== undefined) return label;
  if (CHECKS.test(query)) return "checks the ledger";
  const [, procedure = ""] = /^CALL (?:"(?:[^"]|"")+"|[\w$]+)\.(\w+)\(/.exec(query) ?? [];
  const isOurs = routines().some(({ name }) => name === procedure);
  const isBetween =
    application === "retort" && /^(?:BEGIN|COMMIT|ROLLBACK|RESET|SET|SELECT|DO)\b/.test(query);
  // Another session may follow behind a semicolon.
  return isOurs || isBetween ? "between two steps" : query.replace(/[;\s]+$/, "");
}

/** How the blocks begin that take the lock, create the ledger and guard it, in a script, too. */
const CHECKS =
  /^(?:-- .* )?DO \$\w*\$ (?:BEGIN PERFORM pg_catalog\.set_config\('search_path', 'pg_catalog, pg_temp', true\)|DECLARE -- (?:needed; or optional|psql sends each))/;
