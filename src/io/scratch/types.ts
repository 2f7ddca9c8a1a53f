/** What the rest of the program knows of a scratch database: a throw-away one, on which SQL is tried. */
import type { OptionNames } from "../../core/option-names.ts";
import type { ServerAddress } from "../libpq/parameters.ts";
import type { Notice, Session } from "../session/types.ts";

export interface Scratch {
  /** For a person, to be said once: `scratch: PostgreSQL 15.18, a temporary database on db.example:5432`. */
  readonly description: string;
  readonly version: Session["version"];
  /** What a session there begins with, which whoever runs it or its server may change at any time; "": nobody can. */
  readonly settings: string;
  /** Whether it is of the major version of the database that is worked with: else what is found here proves nothing there. */
  readonly proves: boolean;
  /** Whether the server is ours too. On one of the user's, roles and other databases are his, and none is made. */
  readonly ownsRoles: boolean;
  /** The search_path that is set for the database that is worked with, or for the role there; undefined: none, or it was not asked. */
  readonly searchPath: readonly string[] | undefined;
  /** Of the schemas of the search_path that counts, those that the database has that is worked with. */
  readonly schemas: readonly string[];
  /** Where the database is, for connections of others; absent in this process. */
  readonly address?: ServerAddress | undefined;
  /** Does the work while nobody else on that server does work of that name. */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** A session on the database, which is empty; where roles are ours there are none. One given before must not be used any more. */
  empty(): Promise<Session>;
  /** The same, but with what is kept under the first of the keys that there is; undefined: nothing is kept under any. */
  restored(keys: readonly string[]): Promise<{ readonly session: Session; readonly key: string } | undefined>;
  /** The same, but with all that is in a database of the same server; undefined where it cannot be copied, or is large. */
  copied(database: string): Promise<Session | undefined>;
  /** How many migrations a replay must have to be worth keeping: fewer are run again sooner than what is kept is there. */
  readonly keepsFrom: number;
  /** Keeps what is in the database under a key (lower-case hex), where that can be done, and gives the session to go on with. */
  keep(key: string): Promise<Session>;
  /** Another database there, at the same time, which is dropped with this one; undefined: there is no room for two. */
  beside(): Promise<Scratch | undefined>;
  /** Drops the database. */
  close(): Promise<void>;
}

/** Where the database of a scratch is made: a server, or this process. */
export interface Room {
  readonly version: Session["version"];
  /** As that of a scratch. */
  readonly settings: string;
  /** The search_path of the database that the address names; absent where it names none. */
  readonly searchPath?: string | undefined;
  /** `a temporary database on db.example:5432` */
  readonly place: string;
  readonly ownsRoles: boolean;
  readonly keepsFrom: number;
  readonly address?: ServerAddress | undefined;
  /** As that of a scratch; absent where nobody else is. */
  readonly alone?: Scratch["alone"] | undefined;
  /** Makes the database anew, empty or a copy of what is kept under that key. */
  create(key?: string): Promise<Session>;
  /** Makes it a copy of a database of the user's; undefined: it is large, or somebody is connected to it. */
  readonly copy?: ((database: string) => Promise<Session | undefined>) | undefined;
  /** The first of the keys under which something is kept. */
  find(keys: readonly string[]): Promise<string | undefined>;
  keep(key: string, session: Session): Promise<Session>;
  /** Room for another database there. */
  readonly beside?: (() => Promise<Room>) | undefined;
  close(): Promise<void>;
}

/** Why there is no room. */
export interface NoRoom {
  readonly reason: string;
  /** What to do about it, where that is known. */
  readonly hint?: string | undefined;
}

export interface RoomOptions {
  /** The role that the migrations run as, who is to own the database; undefined: the role that connects. */
  readonly owner?: string | undefined;
  /** Told what we have to say; what a server says on a scratch database is of no interest. */
  readonly onNotice?: ((notice: Notice) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What messages call the options. */
  readonly names?: OptionNames | undefined;
}
