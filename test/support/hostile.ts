/** Text that attacks whoever prints it, and how a test sees that it was printed as it is. */
import { expect } from "vitest";
import { type Finished, migrate, migrateHere } from "./migrate.ts";

/** Sets the title of a terminal, colours, an 8-bit control sequence, a turn of the direction, line ends of every kind. */
export const hostile =
  "h\u001b]0;owned\u0007\u001b[31m\u009b2J\u0085\u200f\u061c\u202eevil\u2066\u2028\u2029\ufeff\u007f\b\rback\nFORGED line";

/** What a file's header, an identifier without a line end, and one word take of it. */
export const hostileLine = hostile.replaceAll(/[\n\r]/g, "");

const ACTS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffd]|^FORGED/mu;

/** Fails where text would act on a terminal, or passes itself off as a line of ours. */
export function expectHarmless(text: string): void {
  expect(ACTS.exec(text)?.[0], JSON.stringify(text)).toBeUndefined();
}

/** Runs the built command, checks both streams, and gives both as one text. */
export const migrateHarmlessly = async (...args: Parameters<typeof migrate>): Promise<string> =>
  harmless(await migrate(...args));

/** The same in this process. */
export const harmlessHere = async (...args: Parameters<typeof migrateHere>): Promise<string> =>
  harmless(await migrateHere(...args));

function harmless({ code, stdout, stderr }: Finished): string {
  for (const text of [stdout, stderr]) expectHarmless(text);
  expect(code, stderr).not.toBe(70);
  return stdout + stderr;
}
