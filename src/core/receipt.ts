/**
 * The text of a script → the receipt that it states, and the one that it has: the SHA-256 of all its bytes, with zeros for
 * the digits of the receipt itself.
 */
import { sha256 } from "./sha256.ts";

/** What stands for the receipt while it is computed. */
export const NO_RECEIPT = "0".repeat(64);

export interface Receipts {
  readonly stated: string;
  readonly actual: string;
  /** What differs is nothing but the line ends. */
  readonly lineEnds: boolean;
}

/** Undefined where the text states none, so is no script. */
export function receiptsOf(script: string): Receipts | undefined {
  const stated = /^-- Retort migration script.*\r?\n-- Receipt: sha256:([0-9a-f]{64})\r?$/m.exec(script)?.[1];
  if (stated === undefined) return undefined;
  const of = (text: string): string => sha256(text.replaceAll(stated, NO_RECEIPT));
  const actual = of(script);
  return { stated, actual, lineEnds: actual !== stated && of(script.replaceAll("\r\n", "\n")) === stated };
}
