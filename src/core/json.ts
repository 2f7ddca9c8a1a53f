/** The tree of a JSON text: every node knows where it stands, so that a wrong setting can be pointed at. */
import type { Diagnostic } from "./errors.ts";
import { type Fault, faultAt } from "./fault.ts";
import { redact } from "./redact.ts";
import { locate, type Source } from "./source.ts";

/** A stretch of the text: UTF-16 offsets. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

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

/** A fault at a stretch of a JSON text. The line is shown only if no password stands in it. */
export function jsonFault(source: Source, { start, end }: Stretch, fault: Fault): Diagnostic {
  const { excerpt, ...rest } = faultAt(source, { ...locate(source, start), start }, end - start, fault);
  if (excerpt === undefined || /password/i.test(excerpt.line) || redact(excerpt.line) !== excerpt.line)
    return rest;
  return { ...rest, excerpt };
}
