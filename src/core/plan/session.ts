/** The configured settings of a session → the statements that make it so. */
import { withUnit } from "../duration.ts";
import { identifier, literal } from "../quote.ts";
import type { Purpose, Statement } from "./types.ts";

/** What the author's SQL starts from. Times are PostgreSQL interval texts. */
export interface SessionPins {
  readonly role?: string;
  readonly searchPath?: readonly string[];
  readonly timeZone: string;
  readonly dateStyle: string;
  /** Undefined: those of the connection, where it was given any, as in PGOPTIONS; else `defaultTimeouts`. */
  readonly lockTimeout?: string;
  readonly statementTimeout?: string;
  readonly checkFunctionBodies: boolean;
}

export const defaultTimeouts = { lockTimeout: "5s", statementTimeout: "0" } as const;

/** What the ledger's procedures set before the author's SQL; what a project changes is set after that. */
export const defaultPins: SessionPins = {
  timeZone: "UTC",
  dateStyle: "ISO, MDY",
  checkFunctionBodies: true,
};

/** The settings that differ from the defaults: `search_path = "shop"`. Of the role, `resetting` takes care. */
export function settingsOf(pins: SessionPins): readonly string[] {
  const different = <K extends keyof SessionPins>(
    key: K,
    text: (value: NonNullable<SessionPins[K]>) => string,
  ) => (pins[key] === undefined || pins[key] === defaultPins[key] ? [] : [text(pins[key]!)]);
  return [
    ...different("searchPath", searchPathIs),
    ...different("timeZone", (value) => `TimeZone = ${literal(value)}`),
    ...different("dateStyle", (value) => `DateStyle = ${literal(value)}`),
    ...different("lockTimeout", (value) => `lock_timeout = ${literal(withUnit(value))}`),
    ...different("statementTimeout", (value) => `statement_timeout = ${literal(withUnit(value))}`),
    ...different("checkFunctionBodies", (value) => `check_function_bodies = ${value ? "on" : "off"}`),
  ];
}

/** `search_path = …`, to be SET. */
export const searchPathIs = (schemas: readonly string[]): string =>
  `search_path = ${schemas.map(identifier).join(", ")}`;

/** `"$user", public` → its names. */
export const searchPathNames = (text: string): readonly string[] =>
  [...text.matchAll(/"((?:[^"]|"")*)"|[^\s,]+/g)].map(([plain, quoted]) =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"'),
  );

/** What somebody has set for a database or a role; undefined: nobody has. */
export const searchPathSet = (text: string): readonly string[] | undefined =>
  text === '"$user", public' ? undefined : searchPathNames(text);

/** The statement that brings a setting back to what each migration begins with. `name` in lower case. */
export function restoring(name: string, pins: SessionPins): string {
  if (name === "session authorization") return "SET SESSION AUTHORIZATION DEFAULT;";
  if (name === "role") return pins.role === undefined ? "RESET ROLE;" : `SET ROLE ${identifier(pins.role)};`;
  const pinned: Readonly<Record<string, string | undefined>> = {
    search_path: pins.searchPath === undefined ? undefined : searchPathIs(pins.searchPath),
    timezone: `TimeZone = ${literal(pins.timeZone)}`,
    datestyle: `DateStyle = ${literal(pins.dateStyle)}`,
    lock_timeout: `lock_timeout = ${literal(withUnit(pins.lockTimeout ?? defaultTimeouts.lockTimeout))}`,
    statement_timeout: `statement_timeout = ${literal(withUnit(pins.statementTimeout ?? defaultTimeouts.statementTimeout))}`,
    check_function_bodies: `check_function_bodies = ${pins.checkFunctionBodies ? "on" : "off"}`,
  };
  const value = pinned[name];
  return value === undefined ? `RESET ${name};` : `SET ${value};`;
}

/** What our own statements are read with, before anything in the database can be trusted. */
export const opening = (role: string | undefined): readonly Statement[] => [
  ...statements("pin", ["SET search_path = pg_catalog, pg_temp", ...READ_AS_WRITTEN]),
  ...resetting(role),
];

/**
 * A role that was SET, or a session authorization, is the author's: the ledger is written as the project's role, or as
 * the one that the connection began with.
 */
export const resetting = (role: string | undefined, step?: number): readonly Statement[] =>
  statements(
    "reset",
    ["SET SESSION AUTHORIZATION DEFAULT", role === undefined ? "RESET ROLE" : `SET ROLE ${identifier(role)}`],
    step,
  );

/** With it off, the server reads `\\` in a string as one backslash, and writes one as `\\` in what it shows of expressions. */
export const STANDARD_STRINGS = "SET standard_conforming_strings = on";

const READ_AS_WRITTEN = ["SET client_encoding = 'UTF8'", STANDARD_STRINGS];

/**
 * What stands before a text that is read otherwise with another encoding or other strings, behind statements that may
 * have set these: else psql could take a part of a string for a command of its own, such as one for the shell.
 */
export const readAsWritten = (sql: string, step?: number): readonly Statement[] =>
  /[\\\u0080-\uffff]/.test(sql) ? statements("pin", READ_AS_WRITTEN, step) : [];

/** Statements of ours from texts without `;`. */
export const statements = (purpose: Purpose, texts: readonly string[], step?: number): readonly Statement[] =>
  texts.map((sql) => ({ sql: `${sql};`, purpose, ...(step === undefined ? {} : { step }) }));
