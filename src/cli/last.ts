/** The flag `--last` of what is listed newest first, and what it says. */
import { type Arguments, type Flags, value } from "./command.ts";
import { count, type SoMany } from "./numbers.ts";

export const newest: SoMany = { what: "for the newest", words: (count) => `--last ${count}` };

export const lastFlag = (description: string): Flags => ({ last: value(description, "COUNT") });

export const lastOf = (args: Arguments): number | undefined => count(args.text("last"), "--last");
