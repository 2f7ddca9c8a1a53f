/** The keys of a header: the form of their values, the file in which each is at home, and what a header says. */
import { nearest } from "./nearest.ts";

/** Which file of a pair; and which way a step goes. */
export type Direction = "up" | "down";

/** What is kept of a value of each form. */
interface Values {
  readonly id: string;
  /** Ids or labels, separated by commas; `none` is an empty list. */
  readonly ids: readonly string[];
  readonly text: string;
  /** A text that answers why, not whether. */
  readonly reason: string;
  readonly none: "none";
  /** As written, in PostgreSQL's form: `5s`, `500ms`, `0`. */
  readonly time: string;
  /** As written: `lossy, column-order (the notes were never used)`. */
  readonly acceptance: string;
}

export type Form = keyof Values;

/**
 * Every key: the form of its value, the property of the header that holds it, and which of the two files may say it; in a
 * template too, if it can be the same in each migration that is made from it.
 */
export const headerKeys = {
  revision: { form: "id", property: "revision", up: true, down: true },
  parent: { form: "ids", property: "parents", up: true, down: false },
  "branch-labels": { form: "ids", property: "branchLabels", up: true, down: false },
  "depends-on": { form: "ids", property: "dependsOn", up: true, down: false },
  replaces: { form: "ids", property: "replaces", up: true, down: false },
  message: { form: "text", property: "message", up: true, down: false },
  created: { form: "text", property: "created", up: true, down: false },
  transaction: { form: "none", property: "transaction", up: true, down: true, template: true },
  irreversible: { form: "reason", property: "irreversible", up: true, down: false, template: true },
  "lock-timeout": { form: "time", property: "lockTimeout", up: true, down: true, template: true },
  "statement-timeout": { form: "time", property: "statementTimeout", up: true, down: true, template: true },
  accepts: { form: "acceptance", property: "accepts", up: false, down: true },
} as const satisfies Readonly<
  Record<
    string,
    {
      readonly form: Form;
      readonly property: string;
      readonly up: boolean;
      readonly down: boolean;
      readonly template?: true;
    }
  >
>;

type Keys = typeof headerKeys;

export type HeaderKey = keyof Keys;

type ListKey = { [K in HeaderKey]: Keys[K]["form"] extends "ids" ? K : never }[HeaderKey];

/** What a header says. A key that is absent, or whose value is at fault, has no property; of a list, an empty one. */
export type Header = {
  readonly [K in ListKey as Keys[K]["property"]]: Values["ids"];
} & {
  readonly [K in Exclude<HeaderKey, ListKey> as Keys[K]["property"]]?: Values[Keys[K]["form"]];
};

/** What people who come from Alembic write, and plurals. */
const otherNames: Readonly<Record<string, HeaderKey>> = {
  id: "revision",
  "revision-id": "revision",
  "down-revision": "parent",
  revises: "parent",
  parents: "parent",
  label: "branch-labels",
  labels: "branch-labels",
  depends: "depends-on",
  dependencies: "depends-on",
  description: "message",
  "create-date": "created",
};

/** Words that a target expression already gives a meaning. */
export const reservedWords: readonly string[] = ["head", "heads", "base", "none", "current"];

export const allKeys = Object.keys(headerKeys) as readonly HeaderKey[];

export const keysOfTemplates = allKeys.filter((key) => "template" in headerKeys[key]);

export const keysOf: Readonly<Record<Direction, readonly string[]>> = {
  up: allKeys.filter((key) => isAtHome(key, "up")),
  down: allKeys.filter((key) => isAtHome(key, "down")),
};

export function isAtHome(key: string, direction: Direction): key is HeaderKey {
  return Object.hasOwn(headerKeys, key) && headerKeys[key as HeaderKey][direction];
}

/** The key that a header line is about, as far as one can tell; undefined for a foreign one. */
export function meantKey(key: string, direction: Direction): HeaderKey | undefined {
  if (isAtHome(key, direction)) return key;
  if (Object.hasOwn(headerKeys, key)) return undefined;
  const dashed = key.toLowerCase().replaceAll("_", "-");
  const meant = Object.hasOwn(otherNames, dashed) ? otherNames[dashed] : nearest(dashed, keysOf[direction]);
  return meant !== undefined && isAtHome(meant, direction) ? meant : undefined;
}

/** `-- depends-on:` and `-- depends-on: none` say nothing. Of a parent the one is a slip, and the other means a base. */
export const isEmptyList = (value: string, key: HeaderKey): boolean =>
  headerKeys[key].form === "ids" && key !== "parent" && (value === "" || value === "none");

export const itemsOf = (list: string): readonly string[] =>
  list === "none" || list === "" ? [] : list.split(",").map((item) => item.trim());
