/** The tree of a JSON text: every node knows where it stands, so that a wrong setting can be pointed at. */
import type { Diagnostic } from "./errors.ts";
import { type Fault, faultAt } from "./fault.ts";
import { lineOf, locate, type Source, type Stretch } from "./source.ts";

export interface JsonMember {
  readonly key: string;
  /** The key's own stretch, quotes included. */
  readonly at: Stretch;
  readonly value: JsonNode;
}

export type JsonNode = Stretch &
  (
    | { readonly type: "object"; readonly members: readonly JsonMember[] }
    | { readonly type: "array"; readonly items: readonly JsonNode[] }
    | { readonly type: "string"; readonly value: string }
    | { readonly type: "number"; readonly value: number }
    | { readonly type: "boolean"; readonly value: boolean }
    | { readonly type: "null" }
  );

/** What may name or be a secret. */
const SECRET = /pass|pwd|secret|token/i;

/** A fault at a stretch of a JSON text. The line is shown only if no secret stands in it, nor its name before it. */
export function jsonFault(source: Source, { start, end }: Stretch, fault: Fault): Diagnostic {
  const at = { ...locate(source, start), start };
  const { excerpt, ...rest } = faultAt(source, at, end - start, fault);
  const line = lineOf(source.text, at.line);
  const before = source.text.slice(0, start - (at.column - 1)).trimEnd();
  const above = before.slice(before.lastIndexOf("\n") + 1);
  return SECRET.test(above) || SECRET.test(line) || excerpt?.line !== line ? rest : { ...rest, excerpt };
}
