/** What the server says of a session → a value. */

/** Another session, as a person would look for it. */
export interface SessionInfo {
  /** 0: a prepared transaction, which belongs to none. */
  readonly pid: number;
  readonly application: string;
  readonly user: string;
  /** Address, or `local`; absent where the role that asks may not see it, as `since` is then. */
  readonly client?: string | undefined;
  /** When it began to do what it is doing; ISO 8601, UTC. */
  readonly since?: string | undefined;
  /** What it runs, or ran last, on one line; empty where that is not known. */
  readonly query: string;
  /** As the server calls it, where it has waited for its client for a second or more: `idle in transaction (aborted)`. */
  readonly idle?: string | undefined;
}
