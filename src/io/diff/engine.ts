/** What the rest of the program knows of a diff engine: two databases as it read them → the statements from the one to the other. */
import type { PlannedStatement } from "../../core/diff/plan.ts";
import type { Session } from "../session/types.ts";

/** A database as an engine has read it; only that engine can look into it. */
export interface EngineState {
  readonly engine: string;
}

export interface Engine {
  /** Reads the database of a session that is outside a transaction, without one schema. Throws `StatementFailure`. */
  read(session: Session, hidden?: string): Promise<EngineState>;
  /** In an order that may work. Throws an `Error` in the engine's words. */
  plan(from: EngineState, to: EngineState, roles: Roles): readonly PlannedStatement[];
}

export interface Roles {
  /** The one that runs the statements, so that what they make is its own. */
  readonly own: string;
  /** All that there are. */
  readonly known: readonly string[];
}
