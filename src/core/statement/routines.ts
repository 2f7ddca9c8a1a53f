/** What statements call, and the functions and procedures that files create → what the calls do. */
import { dotted, type ObjectName } from "../ast.ts";
import { distinct, type Effects, type Loss } from "./losses.ts";

/** A function or procedure that a file creates. JSON-safe. */
export interface Routine extends Effects {
  readonly name: ObjectName;
}

/** By its name without a schema: all that files create, of every version and with any arguments. */
export type Routines = ReadonlyMap<string, readonly Routine[]>;

/**
 * What calls do, with all that is called on the way. A routine that no file creates is not known. Of several of that
 * name each may be meant: which one it is, the search_path and the types of the arguments tell, and they are not known.
 */
export function lossesOfCalls(calls: readonly ObjectName[], routines: Routines): readonly Loss[] {
  const losses: Loss[] = [];
  const seen = new Set<string>();
  const next = [...calls];
  for (let call = next.shift(); call !== undefined; call = next.shift()) {
    const by = dotted(call);
    if (seen.has(by)) continue;
    seen.add(by);
    const found = (routines.get(call.name) ?? []).filter(({ name }) => mayBe(name, call));
    if (found.length === 0) losses.push({ effect: "not-known", kind: "call", object: by });
    for (const routine of found) {
      losses.push(...routine.losses.map((loss) => (loss.kind === "call" ? loss : { ...loss, by })));
      next.push(...routine.calls);
    }
  }
  return distinct(losses);
}

const mayBe = (created: ObjectName, called: ObjectName): boolean =>
  created.schema === undefined || called.schema === undefined || created.schema === called.schema;

const NAME = /"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*/u.source;
const CREATES = new RegExp(
  `\\bcreate\\s+(?:or\\s+replace\\s+)?(?:function|procedure)\\s+(?:(?:${NAME})\\s*\\.\\s*)?(?<name>${NAME})`,
  "giu",
);

/** The routines that a file's text may create, without their schemas: so that only what is called is parsed. */
export const namesOfRoutines = (text: string): readonly string[] =>
  [...text.matchAll(CREATES)].map(({ groups }) => {
    const name = groups!["name"]!;
    return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
  });
