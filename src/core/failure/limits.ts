/** A statement met a limit of time, or the session did → where that is set, and how it is raised or turned off. */

import { withUnit } from "../duration.ts";
import { idleHint } from "../lock-held.ts";
import { asOptions } from "../option-names.ts";
import { defaultTimeouts } from "../plan/session.ts";
import type { Plan } from "../plan/types.ts";
import type { SessionInfo } from "../session-info.ts";
import type { Location } from "../source.ts";
import type { Failure } from "./failure.ts";
import { isUpTo, type SourceText } from "./place.ts";

/** What stands before the author's SQL runs under the limit that the session began with. */
export const startTimeoutHint = (
  failure: Pick<Failure, "sqlstate" | "message">,
  connectionOptions: string | undefined,
): string | undefined => {
  const setting = limitMet(failure);
  // The guard of the ledger sets one where there is none.
  if (setting === "lock_timeout" && connectionOptions?.includes(setting) !== true)
    return "another session holds that lock: try again when it is done";
  return setting === undefined
    ? sessionLimitHint(failure, connectionOptions)
    : turnedOff(setting, "0", connectionOptions);
};

/** Where a limit comes from that ended the session. */
export function sessionLimitHint(
  { sqlstate = "" }: Pick<Failure, "sqlstate">,
  connectionOptions: string | undefined,
): string | undefined {
  const setting = SESSION_LIMITS[sqlstate];
  return setting === undefined ? undefined : turnedOff(setting, "0", connectionOptions);
}

/** The options of the command that set limits: what messages call each, and whether it was given. */
export type LimitOptions = Readonly<
  Record<Limit, { readonly name: string; readonly given: boolean; readonly settings: string }>
>;

/**
 * Where the limit comes from that a step has met, once it has begun; of those of role, database and server none is left.
 * `place`: of the statement that met it, or the end of the file.
 */
export function timeoutIn(
  { settings, batches }: Plan,
  place: Location,
  failure: Failure,
  { sourceText, limitOptions, connectionOptions = "", holders = [] }: Told,
): string | undefined {
  const name = limitMet(failure);
  if (name === undefined) return undefined;
  // However long it waited, one that is idle would go on, and all others would wait behind it.
  const idle = name === "lock_timeout" ? idleHint(holders) : undefined;
  if (idle !== undefined) return idle;
  const isSet = new RegExp(`\\bSET\\b.*\\b${name}\\b|\\bset_config\\s*\\(\\s*'${name}'`, "i");
  const sets = batches
    .flatMap(({ statements }) => statements)
    .some((each) => isUpTo(place, each.origin) && isSet.test(each.sql));
  if (sets) return `the limit is the SET ${name} of this file: raise it there`;
  const key = name.replace("_", "-");
  const inHeader = new RegExp(`^\\uFEFF?(?:--.*\\r?\\n)*?(--[ \\t]*${key}[ \\t]*:(.*))`);
  const [, header, value = ""] = inHeader.exec(sourceText(place.path) ?? "") ?? [];
  if (header !== undefined) {
    // A number alone may be meant in seconds.
    const time = withUnit(value.trim());
    const meaning = time === value.trim() ? "" : `, which is ${time}`;
    return `the limit is that of this file's header ('${header.trim()}'${meaning}): raise it there`;
  }
  const configured = `session.${PINNED[name]}`;
  const option = limitOptions?.[name];
  const setting = settings.find((each) => each.startsWith(name));
  if (setting !== undefined) {
    return option?.given === true
      ? `the limit is ${setting}, from ${option.name}: raise it`
      : `the limit is ${setting}, from ${configured}: raise it; see where it comes from with: ${option?.settings ?? asOptions.settings}`;
  }
  // One of 0 is none: the default takes its place.
  if (new RegExp(`${name.replace("_", "[_-]")}=(?!0\\b)`).test(connectionOptions))
    return `the limit is the ${name} of the ${THERE}: raise it there`;
  const byDefault = defaultTimeouts[PINNED[name]];
  return byDefault === "0"
    ? undefined
    : `the limit is ${name} = '${byDefault}', the default: another is set with ${option === undefined ? "" : `${option.name} or `}${configured}`;
}

/** What is known of a run, and of its surroundings. */
interface Told {
  readonly sourceText: SourceText;
  readonly limitOptions?: LimitOptions | undefined;
  readonly connectionOptions?: string | undefined;
  /** The sessions that it waited for. */
  readonly holders?: readonly SessionInfo[] | undefined;
}

type Limit = keyof typeof PINNED;

const PINNED = { statement_timeout: "statementTimeout", lock_timeout: "lockTimeout" } as const;

const THERE = "options of the connection (PGOPTIONS, options= in the address, or a pool's own)";

/** Where a setting that stops a run comes from, and how it is turned off. `options`: those that the connection was given. */
export function turnedOff(setting: string, value: string, options = ""): string {
  const there = `the ${THERE}`;
  if (options.includes(setting))
    return `${setting} is set in ${there}: take it out, or set it to ${value} there`;
  const place = options === "" ? "" : `, in ${there}`;
  const typed = options === "" ? `PGOPTIONS='-c ${setting}=${value}'` : `add -c ${setting}=${value}`;
  return `${setting} is set for this role, database or server; to turn it off for this run${place}: ${typed}`;
}

/** The session itself was ended for it, by the SQLSTATE. */
const SESSION_LIMITS: Readonly<Record<string, string>> = {
  "25P03": "idle_in_transaction_session_timeout",
  "25P04": "transaction_timeout",
  "57P05": "idle_session_timeout",
};

/** What ends a statement that takes too long, by the SQLSTATE and words that a server says it with. */
const LIMITS = [
  { setting: "statement_timeout", code: "57014", words: "statement timeout" },
  { setting: "lock_timeout", code: "55P03", words: "lock timeout" },
] as const;

/** A server that speaks another language says it otherwise, and gets no hint; the codes alone may be a cancel, or NOWAIT. */
const limitMet = ({ sqlstate, message }: Pick<Failure, "sqlstate" | "message">) =>
  LIMITS.find(({ code, words }) => sqlstate === code && message.includes(words))?.setting;
