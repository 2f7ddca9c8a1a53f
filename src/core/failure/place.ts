/** A statement that failed → the place in its file. */
import { IN_BATCHES, isInWalk, keyBefore } from "../batch.ts";
import type { Excerpt } from "../errors.ts";
import { excerptAt } from "../fault.ts";
import type { Statement } from "../plan/types.ts";
import { offsetInDo } from "../plpgsql.ts";
import { type Location, locate, offsetOfCodePoint } from "../source.ts";
import type { Failure } from "./failure.ts";

/** The text of a path in the plan. */
export type SourceText = (path: string) => string | undefined;

/** Of a statement of the author's: the place that the server names, or its beginning; of a batch's walk its key. */
export function placeOf(
  statement: Statement,
  failure: Failure,
  sourceText: SourceText,
): { readonly location: Location; readonly excerpt?: Excerpt } {
  const origin = statement.origin!;
  const text = sourceText(origin.path);
  if (text === undefined) return { location: origin };
  const within = offsetOf(failure, statement) ?? statement.offset ?? 0;
  const source = { path: origin.path, text };
  const key = hasFailedInWalk(statement, failure) ? keyBefore(text, origin.start) : undefined;
  const offset = key ?? origin.start - (statement.offset ?? 0) + within;
  return { location: locate(source, offset), excerpt: excerptAt(source, offset) };
}

/** Where in the statement it failed, as a UTF-16 offset; undefined where the server does not say. */
export function offsetOf(failure: Failure, statement: Statement): number | undefined {
  const { position } = failure;
  const { sql, tag } = statement;
  if (position !== undefined) return offsetOfCodePoint(sql, position);
  const character = untranslatable(failure);
  if (character !== undefined && sql.includes(character)) return sql.indexOf(character);
  const line = lineInBlock(failure);
  return line === undefined || tag !== "DO" ? undefined : offsetInDo(sql, line);
}

/** A batch by a key failed in the walk over its values. */
export function hasFailedInWalk({ tag = "", sql, offset = 0 }: Statement, failure: Failure): boolean {
  const line = lineInBlock(failure);
  if (!tag.endsWith(IN_BATCHES) || line === undefined) return false;
  return isInWalk(sql, offset, offsetInDo(sql, line) ?? offset);
}

/** The line of a DO block that failed; the words around it are in the language of the server. */
export function lineInBlock({ where = "" }: Failure): number | undefined {
  const line = /inline_code_block\D*(\d+)/.exec(where)?.[1];
  return line === undefined ? undefined : Number(line);
}

/** The character that the encoding of the database lacks; the server names its bytes. */
export function untranslatable({ sqlstate, message }: Failure): string | undefined {
  if (sqlstate !== "22P05") return undefined;
  const bytes = [...message.matchAll(/0x([0-9a-f]{2})/g)].map(([, byte]) => `%${byte}`).join("");
  try {
    return decodeURIComponent(bytes) || undefined;
  } catch {
    // They are not UTF-8 where the server translates the other way.
    return undefined;
  }
}

/** Whether a statement stands in the same file, not behind that place. */
export const isUpTo = ({ path, line, column }: Location, origin: Location | undefined): boolean =>
  origin?.path === path && (origin.line < line || (origin.line === line && origin.column <= column));
