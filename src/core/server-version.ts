/** A PostgreSQL version as a person writes it, `16` or `16.4` → the number that servers of it say they have. */
import type { Fault } from "./fault.ts";

/** A server's version: `server_version_num` and what a person calls it. */
export interface ServerVersion {
  readonly number: number;
  readonly text: string;
  /** What gave it, where no server was asked: `migrate.config.json line 2`, `flag --server-version`. */
  readonly origin?: string;
}

/** 160004 → 16. */
export const majorOf = (number: number): number => Math.floor(number / 10_000);

/** The form, as the source of a regular expression. */
export const SERVER_VERSION = "^[1-9][0-9](\\.[0-9]{1,2})?$";

/** The oldest major version that is supported. */
export const OLDEST = 12;

/** How the text must be, where it is none from 12 to 99. */
export function serverVersionFault(
  text: string,
): { readonly mustBe: string; readonly hint: string } | undefined {
  const isOne = new RegExp(SERVER_VERSION).test(text) && Number.parseInt(text, 10) >= OLDEST;
  return isOne
    ? undefined
    : { mustBe: `a PostgreSQL version from ${OLDEST} to 99`, hint: 'for example "16", or "16.4"' };
}

/** Of a text that has no such fault. */
export function serverVersionOf(text: string, origin: string): ServerVersion {
  const [major, minor = "0"] = text.split(".");
  return { number: Number(major) * 10_000 + Number(minor), text, origin };
}

/** What needs a later version: nobody knows of the server more than was asked. */
export function newerThan(
  { number, text, origin }: ServerVersion,
  what: string,
  since: number,
): Pick<Fault, "message" | "hint"> {
  const [is, otherwise] =
    origin === undefined
      ? [`the server is ${text}`, "or upgrade the server first"]
      : [
          `the version given is ${text} (${origin})`,
          "or, if the servers are newer, give their version there",
        ];
  return {
    message: `${what} needs PostgreSQL ${since} or later; ${is}`,
    hint: `write it for PostgreSQL ${majorOf(number)}, ${otherwise}`,
  };
}
