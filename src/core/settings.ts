/**
 * The settings of `migrate.config.json`: one table, from which come the reading of the file with every fault in
 * it, the defaults, and the JSON schema that editors use.
 */
import { isAddress, NO_ADDRESS } from "./address.ts";
import { DURATION, durationFault } from "./duration.ts";
import { type Diagnostic, MigrateError } from "./errors.ts";
import { ENOUGH_FAULTS, type Fault, shorten } from "./fault.ts";
import { patternFault } from "./filename.ts";
import { type JsonMember, type JsonNode, jsonFault } from "./json.ts";
import { defaultLedgerNames } from "./ledger/types.ts";
import { nearest } from "./nearest.ts";
import { optionMeant } from "./option-names.ts";
import { defaultPins, defaultTimeouts } from "./plan/session.ts";
import { SERVER_VERSION, serverVersionFault } from "./server-version.ts";
import type { Source, Stretch } from "./source.ts";
import {
  holdsBrokenVariable,
  type Lookup,
  mayHoldVariable,
  type Place,
  replaceVariables,
  settingHint,
  variablesIn,
} from "./variables.ts";

export type SettingValue = string | number | boolean | readonly string[];

/** The end of the sentence "NAME must be …", and what to do. */
interface WordFault {
  readonly mustBe: string;
  readonly hint: string;
}

type ValueKind = "text" | "name" | "texts" | "names" | "boolean" | "count";

interface ValueRule {
  readonly is: ValueKind;
  readonly description: string;
  readonly default?: SettingValue;
  /** What a count is of, where its name does not say it, and one for example. */
  readonly of?: string;
  /** What each item of a list is, in a word. */
  readonly item?: string;
  /** It is the address of a database. What is none may be written into a script or a file. */
  readonly address?: true;
  /** What the schema tells editors of a text: the source of a regular expression. */
  readonly pattern?: string;
  /** How the text must be, where it is not so. */
  readonly check?: (text: string) => WordFault | undefined;
}

interface GroupRule {
  readonly is: "group";
  readonly description: string;
  readonly fields: Readonly<Record<string, Rule>>;
}

type Rule = ValueRule | GroupRule;

/** A timeout of PostgreSQL; a number alone is milliseconds. */
const timeout = { is: "text", pattern: DURATION, check: (text: string) => durationFault(text) } as const;

/** A list in one string would be the name of one schema. */
const ONE_SCHEMA = "^[^,]+$";

const schemaFault = (text: string) =>
  text.includes(",")
    ? {
        mustBe: "the name of one schema, without a comma",
        hint: `write each as an item of its own: ${text
          .split(",")
          .map((name) => JSON.stringify(name.trim()))
          .join(", ")}`,
      }
    : undefined;

const folderFault = (text: string) =>
  text.endsWith("/")
    ? {
        mustBe: "the path of a file, without a slash at its end",
        hint: 'name a file, such as "schema.sql"',
      }
    : undefined;

const root: GroupRule = {
  is: "group",
  description:
    "Settings of Retort, PostgreSQL migrations in plain SQL. In every string ${NAME} and ${NAME:-default} are replaced, from -x, the environment and .env.",
  fields: {
    database: {
      is: "text",
      address: true,
      description:
        "Address of the database, used when neither --database nor an environment variable gives one.",
    },
    directories: {
      is: "texts",
      item: "folder",
      description: "Folders of migration files, relative to this file.",
      default: ["migrations"],
    },
    role: {
      is: "name",
      description: "Role that each migration runs as (SET ROLE).",
      pattern: "^(?!none$)",
      check: roleFault,
    },
    ledger: {
      is: "group",
      description: "Where the record of applied migrations is kept.",
      fields: {
        schema: {
          is: "name",
          description: "Schema of the ledger's tables.",
          default: defaultLedgerNames.schema,
          pattern: "^(?!pg_|(?:information_schema|public)$)[^.]*$",
          check: ledgerSchemaFault,
        },
        owner: {
          is: "name",
          description:
            'Role that may own the ledger, besides the one that connects, the one in "role", the database\'s owner and superusers.',
        },
      },
    },
    session: {
      is: "group",
      description: "Settings that every migration's session starts with.",
      fields: {
        searchPath: {
          is: "names",
          item: "schema",
          pattern: ONE_SCHEMA,
          check: schemaFault,
          description: "Schemas of search_path; the default is that of the role on the server.",
        },
        timeZone: { is: "text", description: "TimeZone.", default: defaultPins.timeZone },
        dateStyle: { is: "text", description: "DateStyle.", default: defaultPins.dateStyle },
        lockTimeout: {
          ...timeout,
          description: "lock_timeout: how long a statement waits for a lock; 0 for no limit.",
          default: defaultTimeouts.lockTimeout,
        },
        statementTimeout: {
          ...timeout,
          description: "statement_timeout: how long a statement may run; 0 for no limit.",
          default: defaultTimeouts.statementTimeout,
        },
        checkFunctionBodies: {
          is: "boolean",
          description: "check_function_bodies.",
          default: defaultPins.checkFunctionBodies,
        },
      },
    },
    lockWait: {
      is: "count",
      of: "seconds, such as 300",
      description: "Seconds to wait for another run of migrate to end; 0 fails at once.",
      default: 60,
    },
    lockRetries: {
      is: "count",
      description: "How many times a migration is retried after lockTimeout or a deadlock.",
      default: 5,
    },
    fileName: {
      is: "text",
      description: "Name of a new migration's files, before .up.sql and .down.sql.",
      default: "{number}_{slug}",
      pattern: "^[^/\\\\]+$",
      check: patternFault,
    },
    schema: {
      is: "text",
      description:
        "Folder of SQL files with the desired schema, for revision --autogenerate, relative to this file; default: schema.",
    },
    lint: {
      is: "group",
      description: "Rules of migrate lint.",
      fields: {
        version: {
          is: "count",
          description: "Version of the rule set: a newer Retort adds no findings until it is raised.",
          default: 1,
        },
        error: { is: "names", item: "rule", description: "Rules whose findings are errors." },
        warning: { is: "names", item: "rule", description: "Rules whose findings are warnings." },
        off: { is: "names", item: "rule", description: "Rules that are off." },
      },
    },
    referenceRows: {
      is: "texts",
      item: "table",
      description:
        "Tables whose rows belong to the schema, as shop.countries: autogenerate brings them to what the schema folder inserts, by primary key.",
    },
    dump: {
      is: "group",
      description: "The schema as SQL, as migrate dump writes it.",
      fields: {
        file: {
          is: "text",
          description: "File that is written after each upgrade and downgrade, relative to this file.",
          check: folderFault,
        },
      },
    },
    templates: { is: "text", description: "Folder of templates for new migrations, relative to this file." },
    serverVersion: {
      is: "text",
      description:
        "Version of the servers that the migrations are for, such as 15 or 16.4: what check --files and scripts are judged by.",
      pattern: SERVER_VERSION,
      check: serverVersionFault,
    },
    scratch: {
      is: "text",
      address: true,
      description:
        "Address of a server for scratch databases, written as database is; docs/scratch.md describes the default.",
    },
    ignore: {
      is: "texts",
      item: "object",
      description:
        "Objects of the database that are no part of the project: names with * for any text, such as partman.*, or index:shop.* for one class.",
    },
  },
};

const schemaKey: ValueRule = { is: "text", description: "Address of this schema, for editors." };
const environmentsKey: GroupRule = {
  is: "group",
  description: "Named environments, chosen with -n NAME: each holds settings that replace those above.",
  fields: {},
};
const topLevel: GroupRule["fields"] = { ...root.fields, $schema: schemaKey, environments: environmentsKey };

/** Every setting by its dotted name, such as `ledger.schema`, in the order of the table. */
const rules: ReadonlyMap<string, ValueRule> = new Map(flatten(root.fields, ""));

function flatten(fields: GroupRule["fields"], prefix: string): [string, ValueRule][] {
  return Object.entries(fields).flatMap(([key, rule]): [string, ValueRule][] =>
    rule.is === "group" ? flatten(rule.fields, `${prefix}${key}.`) : [[`${prefix}${key}`, rule]],
  );
}

/** The dotted names of all settings, in the order in which they are shown. */
export const settingNames: readonly string[] = [...rules.keys()];

/** The value of a setting that is configured nowhere; undefined where there is none. */
export function defaultOf(setting: string): SettingValue | undefined {
  return rules.get(setting)?.default;
}

/** A value and where it stands in the file: a UTF-16 offset. */
export interface FileSetting {
  readonly value: SettingValue;
  readonly start: number;
}

/** By dotted name. */
export type FileSettings = ReadonlyMap<string, FileSetting>;

/** What a config file says: its own settings, and those of each named environment. */
export interface SettingsFile {
  readonly base: FileSettings;
  readonly environments: ReadonlyMap<string, FileSettings>;
}

/** The tree of a config file → its settings. Throws one error with all faults (`usage/config-key`, `-value`). */
export function readSettings(source: Source, tree: JsonNode): SettingsFile {
  const faults: Diagnostic[] = [];
  const base = new Map<string, FileSetting>();
  const environments = new Map<string, FileSettings>();
  const reader: Reader = {
    lead: "",
    environments,
    written: ({ start, end }) => source.text.slice(start, end),
    fault: (at, fault) => {
      if (faults.length < ENOUGH_FAULTS) faults.push(jsonFault(source, at, fault));
    },
  };
  readGroup(reader, tree, "", topLevel, base);
  base.delete("$schema");
  if (faults.length > 0) throw MigrateError.all(faults);
  return { base, environments };
}

/**
 * The value of a setting of the file with the variables in its texts replaced. Throws `usage/missing-variable`,
 * `usage/long-variable`, and `usage/config-value` where the result is not what the setting must be.
 */
export function withVariables(
  setting: string,
  value: SettingValue,
  lookup: Lookup,
  place: Place,
): SettingValue {
  const rule = rules.get(setting)!;
  const replaced = (text: string): string => {
    if (!mayHoldVariable(text)) return text;
    const result = replaceVariables(text, lookup, place);
    const fault = textFault(rule, result);
    if (fault === undefined) return result;
    throw new MigrateError({
      code: "usage/config-value",
      message: `"${setting}" must be ${fault.expected}, with its variables replaced (from ${place.origin})`,
      hint: fault.hint ?? settingHint(text, place.given),
      ...(place.location === undefined ? {} : { location: place.location }),
    });
  };
  if (typeof value === "string") return replaced(value);
  return Array.isArray(value) ? value.map(replaced) : value;
}

/** The variables that any text of a file has, those of environments that are not selected among them. */
export function variablesOfFile({ base, environments }: SettingsFile): ReadonlySet<string> {
  const settings = [base, ...environments.values()].flatMap((each) => [...each.values()]);
  const texts = settings.flatMap(({ value }) => value).filter((value) => typeof value === "string");
  return new Set(texts.flatMap((text) => [...variablesIn(text)]));
}

interface Reader {
  /** What stands before each name in a sentence: `environments.staging.` */
  readonly lead: string;
  readonly environments: Map<string, FileSettings>;
  /** The text of a part of the file. */
  readonly written: (at: Stretch) => string;
  readonly fault: (at: Stretch, fault: Fault) => void;
}

function readGroup(
  reader: Reader,
  node: JsonNode,
  prefix: string,
  fields: GroupRule["fields"],
  into: Map<string, FileSetting>,
): void {
  for (const { key, at, value } of membersOf(reader, node, prefix)) {
    const rule = Object.hasOwn(fields, key) ? fields[key] : undefined;
    const name = `${prefix}${key}`;
    if (rule === undefined) reader.fault(at, unknownKey(reader.lead, prefix, key, Object.keys(fields)));
    else if (rule === environmentsKey) readEnvironments(reader, value);
    else if (rule.is === "group") readGroup(reader, value, `${name}.`, rule.fields, into);
    else readValue(reader, value, name, rule, into);
  }
}

function readEnvironments(reader: Reader, node: JsonNode): void {
  for (const { key, value } of membersOf(reader, node, "environments.")) {
    const settings = new Map<string, FileSetting>();
    readGroup({ ...reader, lead: `environments.${key}.` }, value, "", root.fields, settings);
    reader.environments.set(key, settings);
  }
}

/** The members of what must be an object, each key once. */
function* membersOf({ lead, fault }: Reader, node: JsonNode, prefix: string): Generator<JsonMember> {
  const name = `${lead}${prefix}`;
  if (node.type !== "object") {
    const what = name === "" ? "the config file" : `"${shorten(name.slice(0, -1))}"`;
    fault(node, { code: "usage/config-value", message: `${what} must be an object, written in { }` });
    return;
  }
  const seen = new Set<string>();
  for (const member of node.members) {
    if (!seen.has(member.key)) yield member;
    else {
      const message = `the key "${shorten(`${name}${member.key}`)}" appears twice`;
      fault(member.at, { code: "usage/config-key", message, hint: "remove one of them" });
    }
    seen.add(member.key);
  }
}

function readValue(
  { lead, written, fault }: Reader,
  node: JsonNode,
  name: string,
  rule: ValueRule,
  into: Map<string, FileSetting>,
): void {
  const found = checked(rule, node, written);
  if (!("expected" in found)) into.set(name, { value: found.value, start: node.start });
  else {
    const { at, expected, hint } = found;
    const message = `"${shorten(`${lead}${name}`)}" must be ${expected}`;
    fault(at, { code: "usage/config-value", message, ...(hint === undefined ? {} : { hint }) });
  }
}

function unknownKey(lead: string, prefix: string, key: string, known: readonly string[]): Fault {
  const alias = optionMeant(key);
  const meant = nearest(key, known) ?? known.find((each) => each === alias);
  return {
    code: "usage/config-key",
    message: `unknown key "${shorten(`${lead}${prefix}${key}`)}"`,
    hint:
      meant === undefined
        ? (placeHint(lead, prefix, key) ?? `known keys here are ${known.join(", ")}`)
        : `did you mean "${meant}"?`,
  };
}

/** Where a key belongs that stands in another group, or in none; undefined where no setting has it. */
function placeHint(lead: string, prefix: string, key: string): string | undefined {
  const [group] =
    Object.entries(root.fields).find(([, rule]) => rule.is === "group" && Object.hasOwn(rule.fields, key)) ??
    [];
  if (Object.hasOwn(root.fields, key))
    return `"${key}" belongs outside "${shorten((lead + prefix).slice(0, -1))}"`;
  return group === undefined ? undefined : `"${key}" belongs in "${shorten(lead + group)}"`;
}

type Checked =
  | { readonly value: SettingValue }
  | { readonly expected: string; readonly hint?: string; readonly at: JsonNode };

function checked(rule: ValueRule, node: JsonNode, written: Reader["written"]): Checked {
  switch (rule.is) {
    case "boolean":
      return node.type === "boolean" ? { value: node.value } : { expected: "true or false", at: node };
    case "count":
      return node.type === "number" && Number.isSafeInteger(node.value) && node.value >= 0
        ? { value: node.value }
        : {
            expected:
              rule.of === undefined ? "a whole number, 0 or more" : `a whole number of ${rule.of}; or 0`,
            at: node,
          };
    case "text":
    case "name":
      return textOf(rule, node, written, "");
    case "texts":
    case "names": {
      if (node.type !== "array") return { expected: "a list of strings, written in [ ]", at: node };
      if (node.items.length === 0)
        return { expected: `a list of at least one ${rule.item ?? "item"}`, at: node };
      const items = node.items.map((item) => textOf(rule, item, written, "a list in which each item is "));
      return (
        items.find((item) => "expected" in item) ?? {
          value: items.map((item) => (item as { value: string }).value),
        }
      );
    }
  }
}

function textOf(rule: ValueRule, node: JsonNode, written: Reader["written"], lead: string): Checked {
  const fault: TextFault | undefined =
    node.type === "string"
      ? rawTextFault(rule, node.value)
      : {
          expected: "a string in double quotes",
          ...(node.type === "number" ? { hint: textOfNumber(rule, written(node)) } : {}),
        };
  return fault === undefined
    ? { value: (node as { value: string }).value }
    : { ...fault, expected: `${lead}${fault.expected}`, at: node };
}

/** A number where a text is needed. A time as one may be meant in seconds. */
const textOfNumber = (rule: ValueRule, number: string): string =>
  rule.pattern === DURATION ? `write "${number}s", or "${number}ms"` : `write "${number}"`;

interface TextFault {
  readonly expected: string;
  readonly hint?: string;
}

/** SET ROLE "none" is RESET ROLE, also where the name is quoted. */
function roleFault(name: string): WordFault | undefined {
  if (name !== "none") return undefined;
  return {
    mustBe: "the name of a role, which none is not",
    hint: 'leave "role" out: migrations then run as the role that connects',
  };
}

/** What is part of a name as PostgreSQL has it, and was most likely meant for none. */
function strayFault(name: string): WordFault | undefined {
  if (/^\s|\s$/.test(name)) return { mustBe: "a name without blanks at its ends", hint: "leave them out" };
  if (/^(["'`]).*\1$/s.test(name)) {
    return {
      mustBe: "a name without quotes around it",
      hint: "leave them out: SQL is written with the quotes that a name needs",
    };
  }
  return undefined;
}

/** PostgreSQL keeps these names to itself. */
function ledgerSchemaFault(name: string): WordFault | undefined {
  const hint = `leave it out for "${defaultLedgerNames.schema}", or name another`;
  // What compares the contents of databases leaves the ledger's schema out.
  if (name === "public") return { mustBe: "a schema for the ledger alone, which public is not", hint };
  if (name.includes("."))
    return {
      mustBe: "the name of a schema alone, without a dot",
      hint: "leave out the database or the table",
    };
  if (!/^(?:pg_|information_schema$)/.test(name)) return undefined;
  return {
    mustBe: "a schema of your own: information_schema, and names that begin with pg_, are PostgreSQL's",
    hint,
  };
}

/** What can be said of a text before its variables are known. */
function rawTextFault(rule: ValueRule, text: string): TextFault | undefined {
  if (!mayHoldVariable(text)) return textFault(rule, text);
  if (!holdsBrokenVariable(text)) return undefined;
  return {
    expected: "a string in which each ${ starts a variable",
    hint: "write ${NAME} or ${NAME:-default}",
  };
}

function textFault(rule: ValueRule, text: string): TextFault | undefined {
  if (text === "") return { expected: "a string that is not empty" };
  if (text.includes("\0")) return { expected: "a string without the NUL character" };
  if (rule.address !== true && isAddress(text))
    return { expected: NO_ADDRESS, hint: 'an address is the value of "database" or of "scratch"' };
  const isName = rule.is === "name" || rule.is === "names";
  // PostgreSQL cuts longer names silently: two would become one.
  if (isName && new TextEncoder().encode(text).length > 63) return { expected: "a name of at most 63 bytes" };
  const fault = (isName ? strayFault(text) : undefined) ?? rule.check?.(text);
  return fault === undefined ? undefined : { expected: fault.mustBe, hint: fault.hint };
}

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** The JSON schema of the file (draft 7), shipped as `migrate.config.schema.json`. */
export function settingsSchema(): Json {
  const fields = Object.fromEntries(
    Object.keys(root.fields).map((key) => [key, { $ref: `#/properties/${key}` }]),
  );
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "migrate.config.json",
    description: root.description,
    type: "object",
    properties: {
      $schema: schemaOf(schemaKey),
      ...properties(root.fields),
      environments: {
        description: environmentsKey.description,
        type: "object",
        additionalProperties: { type: "object", properties: fields, additionalProperties: false },
      },
    },
    additionalProperties: false,
  };
}

function properties(fields: GroupRule["fields"]): { readonly [key: string]: Json } {
  return Object.fromEntries(Object.entries(fields).map(([key, rule]) => [key, schemaOf(rule)]));
}

function schemaOf(rule: Rule): Json {
  const { description } = rule;
  if (rule.is === "group") {
    return { description, type: "object", properties: properties(rule.fields), additionalProperties: false };
  }
  const start = { description, ...(rule.default === undefined ? {} : { default: rule.default }) };
  const isName = rule.is === "name" || rule.is === "names";
  const text = {
    type: "string",
    minLength: 1,
    ...(isName ? { maxLength: 63 } : {}),
    ...(rule.pattern === undefined ? {} : { pattern: `${rule.pattern}|\\$\\{` }),
  };
  if (rule.is === "boolean") return { ...start, type: "boolean" };
  if (rule.is === "count") return { ...start, type: "integer", minimum: 0 };
  if (rule.is === "texts" || rule.is === "names")
    return { ...start, type: "array", minItems: 1, items: text };
  return { ...start, ...text };
}
