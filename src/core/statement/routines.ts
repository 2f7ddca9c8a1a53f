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

/** Whether a file may create one of these routines, names without a schema in lower case: it is worth parsing. */
export function mayCreate(text: string, names: readonly string[]): boolean {
  if (!/\bcreate\s+(?:or\s+replace\s+)?(?:function|procedure)\b/i.test(text)) return false;
  const lower = text.toLowerCase();
  return names.some((name) => lower.includes(name));
}
