/** Transactions and their savepoints → which locks are held. */
import { type Ast, visitNodes, word } from "../ast.ts";
import { isOff, type SettingOf, settingSet } from "../setting.ts";
import type { LockMode } from "./mode.ts";
import { stronger } from "./mode.ts";
import type { Relation } from "./schema.ts";
import type { Session } from "./work.ts";

/** Locks by the id of the relation. */
export type Held = Map<number, LockMode>;

interface Savepoint {
  readonly name: string;
  readonly held: Held;
  readonly session: Session;
}

export class Transaction {
  held: Held = new Map();
  readonly #savepoints: Savepoint[] = [];

  hold(locks: ReadonlyMap<Relation, LockMode>): void {
    for (const [{ id }, mode] of locks) this.held.set(id, stronger(this.held.get(id), mode));
  }

  /** SAVEPOINT, RELEASE, ROLLBACK TO: what came since is as if it had not been. The session to go on with. */
  control(tree: Ast, session: Session): Session {
    const [kind, name] = [word(tree["kind"]), word(tree["savepoint_name"])];
    if (kind === "TRANS_STMT_SAVEPOINT") {
      this.#savepoints.push({ name, held: new Map(this.held), session: copyOf(session) });
      return session;
    }
    const at = this.#savepoints.findLastIndex((each) => each.name === name);
    if (at < 0) return session;
    if (kind === "TRANS_STMT_RELEASE") {
      this.#savepoints.splice(at);
      return session;
    }
    if (kind !== "TRANS_STMT_ROLLBACK_TO") return session;
    this.#savepoints.splice(at + 1);
    const { held, session: before } = this.#savepoints[at]!;
    this.held = new Map(held);
    return copyOf(before);
  }

  /** It ends; nothing is held any more. */
  end(session: Session): void {
    this.held = new Map();
    this.#savepoints.length = 0;
    session.transaction += 1;
    session.pending = new Set();
    session.made = new Set();
  }
}

export function copyOf(session: Session): Session {
  return {
    ...session,
    schema: session.schema.copy(),
    prepared: new Map(session.prepared),
    cursors: new Map(session.cursors),
    pending: new Set(session.pending),
    made: new Set(session.made),
    own: new Map(session.own),
  };
}

/** What the calls of `set_config` in a statement set, from constants. */
export function setConfig(session: Session, tree: Ast): void {
  visitNodes(tree, (kind, fields) => {
    if (kind === "FuncCall") set(session, settingSet(kind, fields));
    return true;
  });
}

/** SET and RESET of what changes the meaning of later statements. */
export function setVariable(session: Session, tree: Ast): void {
  set(session, settingSet("VariableSetStmt", tree));
}

function set(session: Session, setting: SettingOf | undefined): void {
  if (setting?.name === "search_path") {
    // The header of a dump sets it to '', which is no schema.
    session.searchPath = (setting.values ?? ["public"]).filter((schema) => schema !== "");
    session.isServersPath = setting.values === undefined;
  }
  if (setting?.name === "check_function_bodies")
    session.checksBodies = setting.values === undefined || !isOff(setting.values[0] ?? "");
  if (setting?.name === "timezone") session.timeZone = setting.values?.[0] ?? "";
}
