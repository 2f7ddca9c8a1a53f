/** A rule of `migrate lint`: what it looks for in a statement, what that does to a database, and what to write instead. */
import type { Site } from "./site.ts";

/** `error` and `warning` are printed; a command ends with 1 for errors alone, unless it is told to be strict. */
export type Severity = "error" | "warning" | "off";

/** Something that a rule found in a statement. */
export interface Found {
  /** What happens, with the names of this statement; a clause without a full stop. */
  readonly message: string;
  /** What to write instead: the SQL of one migration each, in order. Absent where the rule's advice is all there is. */
  readonly recipe?: readonly string[];
  /** In the place of the rule's advice, where that is not possible. */
  readonly advice?: string;
  /** Asked when the run is over: whether a later statement of it has put this right. */
  readonly mended?: () => boolean;
}

/** What one migration does of a safe form. */
export interface FixSegment {
  /** Statements, each with its `;`. */
  readonly up: string;
  /** What takes back just that; empty where nothing has to be. It follows what the author wrote, if it `keepsBack`. */
  readonly down: string;
  /** What the author wrote to take the statement back takes this back. */
  readonly keepsBack?: true;
  /** `shared`: with others of that kind; `alone`: in a migration of its own; `outside`: and in no transaction. */
  readonly place: "shared" | "alone" | "outside";
  /** The statements of `up`, where advice gives each a migration of its own. */
  readonly apart?: readonly string[];
}

/** The first is where the statement was, if it is `shared`. Or why the statement is left as it is: a clause. */
export type Fix = readonly FixSegment[] | { readonly left: string };

export interface Rule {
  /** A stable name, as it stands behind `retort-ignore:`. */
  readonly id: string;
  /** The version of the rule set that it came with. */
  readonly since: number;
  readonly severity: Severity;
  /** The major version of PostgreSQL that first has the statement, where that is newer than 12. */
  readonly server?: number;
  /** The kinds of statements that it looks at, as the grammar names them; absent: all. */
  readonly kinds?: readonly string[];
  /** It speaks only where no other rule has found anything in the statement. */
  readonly last?: true;
  /** What happens, for the documentation: whole sentences. */
  readonly hazard: string;
  /** What to do instead: one sentence or clause, without a full stop. */
  readonly advice: string;
  /** One migration of the shop in `test/rules/shop.sql`, in which the rule finds something. */
  readonly bad: string;
  /** The migrations to write instead, in which no rule finds anything. Absent where the recipe for `bad` says them. */
  readonly good?: readonly string[];
  readonly find: (site: Site) => Iterable<Found>;
  /** The safe form of a statement in which it finds something, of ALTER TABLE with one command; undefined: there is none. */
  readonly fix?: (site: Site) => Fix | undefined;
}
