/**
 * The settings of `migrate.config.json`: one table, from which come the reading of the file with every fault in
 * it, the defaults, and the JSON schema that editors use.
 */
import { type Diagnostic, MigrateError } from "./errors.ts";
import { patternFault } from "./filename.ts";
import { faultAt, type JsonNode, parseJson } from "./json.ts";
import { defaultLedgerNames } from "./ledger.ts";
import { nearest } from "./nearest.ts";
import { defaultPins } from "./plan.ts";
import { type Location, locate, type Source } from "./source.ts";

export type SettingValue = string | number | boolean | readonly string[];

type ValueKind = "text" | "name" | "texts" | "names" | "boolean" | "count";

interface ValueRule {
  readonly is: ValueKind;
  readonly description: string;
  readonly default?: SettingValue;
  /** What each text must match, as the source of a regular expression, and how to say so. */
  readonly pattern?: { readonly source: string; readonly means: string };
  /** What a pattern cannot say: how the text must be, where it is not so. */
  readonly check?: (text: string) => { readonly mustBe: string; readonly hint: string } | undefined;
}

interface GroupRule {
  readonly is: "group";
  readonly description: string;
  readonly fields: Readonly<Record<string, Rule>>;
}

type Rule = ValueRule | GroupRule;

const interval = { source: "^[0-9]+ ?(us|ms|s|min|h|d)?$", means: 'a time such as "5s", "500ms" or "0"' };
const tableName = (name: string, holds: string): ValueRule => ({
  is: "name",
  description: `Table that holds ${holds}.`,
  default: name,
});
const { tables, schema } = defaultLedgerNames;

const root: GroupRule = {
  is: "group",
  description: "Settings of Retort, PostgreSQL migrations in plain SQL.",
  fields: {
    database: {
      is: "text",
      description:
        "Address of the database, used when neither --database nor an environment variable gives one. ${NAME} and ${NAME:-default} are replaced from -x, the environment and .env.",
    },
    directories: {
      is: "texts",
      description: "Folders of migration files, relative to this file.",
      default: ["migrations"],
    },
    role: { is: "name", description: "Role that each migration runs as (SET ROLE)." },
    ledger: {
      is: "group",
      description: "Where the record of applied migrations is kept.",
      fields: {
        schema: { is: "name", description: "Schema of the ledger's tables.", default: schema },
        tables: {
          is: "group",
          description: "Names of the ledger's tables.",
          fields: {
            applied: tableName(tables.applied, "a row for each applied revision"),
            state: tableName(tables.state, "the digest of the applied set"),
            log: tableName(tables.log, "a row for everything that ever happened"),
            progress: tableName(tables.progress, "the statement under way outside a transaction"),
          },
        },
      },
    },
    session: {
      is: "group",
      description: "What every migration's session starts from.",
      fields: {
        searchPath: {
          is: "names",
          description: "Schemas of search_path; without it, what the server gives the role.",
        },
        timeZone: { is: "text", description: "TimeZone.", default: defaultPins.timeZone },
        dateStyle: { is: "text", description: "DateStyle.", default: defaultPins.dateStyle },
        lockTimeout: {
          is: "text",
          description: "lock_timeout: how long a statement waits for a lock; 0 waits for ever.",
          default: defaultPins.lockTimeout,
          pattern: interval,
        },
        statementTimeout: {
          is: "text",
          description: "statement_timeout: how long a statement may run; 0 for ever.",
          default: defaultPins.statementTimeout,
          pattern: interval,
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
      description: "Seconds to wait for another run of migrate to end; 0 fails at once.",
      default: 60,
    },
    lockRetries: {
      is: "count",
      description: "How many times a migration that met lockTimeout or a deadlock is tried again.",
      default: 5,
    },
    fileName: {
      is: "text",
      description: "Name of a new migration's files, before .up.sql and .down.sql.",
      default: "{number}_{slug}",
      pattern: { source: "^[^/\\\\]+$", means: "a file name, without / or \\" },
      check: patternFault,
    },
    templates: { is: "text", description: "Folder of templates for new migrations, relative to this file." },
  },
};

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

/** A value and where it stands in the file. */
export interface FileSetting {
  readonly value: SettingValue;
  readonly location: Location;
}

export type FileSettings = ReadonlyMap<string, FileSetting>;

/** What a config file says: its own settings, and those of each named environment. */
export interface SettingsFile {
  readonly base: FileSettings;
  readonly environments: ReadonlyMap<string, FileSettings>;
}

/** Reads a config file. Throws one error with all faults (`usage/config-syntax`, `-key`, `-value`). */
export function readSettings(source: Source): SettingsFile {
  const tree = parseJson(source);
  const faults: Diagnostic[] = [];
  const base = new Map<string, FileSetting>();
  const environments = new Map<string, FileSettings>();
  const reader: Reader = { source, faults };
  const topLevel = { ...root.fields, $schema: schemaKey, environments: environmentsKey };
  readGroup(reader, tree, "", topLevel, base, (key, node) => {
    if (key !== "environments" || node.type !== "object") return;
    for (const { key: name, value } of node.members) {
      const prefix = `environments.${name}.`;
      const settings = new Map<string, FileSetting>();
      readGroup(reader, value, prefix, root.fields, settings);
      environments.set(
        name,
        new Map([...settings].map(([key, setting]) => [key.slice(prefix.length), setting])),
      );
    }
  });
  base.delete("$schema");
  if (faults.length > 0) throw MigrateError.all(faults);
  return { base, environments };
}

interface Reader {
  readonly source: Source;
  readonly faults: Diagnostic[];
}

const schemaKey: ValueRule = { is: "text", description: "Address of this schema, for editors." };
const environmentsKey: GroupRule = {
  is: "group",
  description: "Named environments, chosen with -n NAME: each holds settings that replace those above.",
  fields: {},
};

function readGroup(
  reader: Reader,
  node: JsonNode,
  prefix: string,
  fields: GroupRule["fields"],
  into: Map<string, FileSetting>,
  special?: (key: string, node: JsonNode) => void,
): void {
  const { source, faults } = reader;
  if (node.type !== "object") {
    const what = prefix === "" ? "the config file" : `"${prefix.slice(0, -1)}"`;
    faults.push(faultAt(source, node, "usage/config-value", `${what} must be an object, written in { }`));
    return;
  }
  const seen = new Set<string>();
  for (const { key, at, value } of node.members) {
    const rule = Object.hasOwn(fields, key) ? fields[key] : undefined;
    const setting = `${prefix}${key}`;
    if (seen.has(key)) {
      faults.push(
        faultAt(source, at, "usage/config-key", `the key "${setting}" stands twice`, "remove one of them"),
      );
    } else if (rule === undefined) {
      const meant = nearest(key, Object.keys(fields));
      const hint =
        meant === undefined ? `known here are ${Object.keys(fields).join(", ")}` : `did you mean "${meant}"?`;
      faults.push(faultAt(source, at, "usage/config-key", `unknown key "${setting}"`, hint));
    } else if (rule === environmentsKey) {
      if (value.type === "object") special?.(key, value);
      else readGroup(reader, value, `${setting}.`, {}, into);
    } else if (rule.is === "group") {
      readGroup(reader, value, `${setting}.`, rule.fields, into);
    } else {
      const found = checked(rule, value);
      if ("expected" in found) {
        faults.push(
          faultAt(
            source,
            found.at,
            "usage/config-value",
            `"${setting}" must be ${found.expected}`,
            found.hint,
          ),
        );
      } else into.set(setting, { value: found.value, location: locate(source, value.start) });
    }
    seen.add(key);
  }
}

type Checked =
  | { readonly value: SettingValue }
  | { readonly expected: string; readonly hint?: string; readonly at: JsonNode };

function checked(rule: ValueRule, node: JsonNode): Checked {
  switch (rule.is) {
    case "boolean":
      return node.type === "boolean" ? { value: node.value } : { expected: "true or false", at: node };
    case "count":
      return node.type === "number" && Number.isSafeInteger(node.value) && node.value >= 0
        ? { value: node.value }
        : { expected: "a whole number, 0 or more", at: node };
    case "text":
    case "name":
      return textOf(rule, node, "");
    case "texts":
    case "names": {
      if (node.type !== "array" || node.items.length === 0)
        return { expected: "a list of texts, written in [ ]", at: node };
      const items = node.items.map((item) => textOf(rule, item, "a list in which each is "));
      return (
        items.find((item) => "expected" in item) ?? {
          value: items.map((item) => (item as { value: string }).value),
        }
      );
    }
  }
}

function textOf(rule: ValueRule, node: JsonNode, lead: string): Checked {
  const expected = (what: string) => ({ expected: `${lead}${what}`, at: node });
  if (node.type !== "string") return expected("a text in double quotes");
  const text = node.value;
  if (text === "") return expected("a text that is not empty");
  if (text.includes("\0")) return expected("a text without the NUL character");
  const isName = rule.is === "name" || rule.is === "names";
  // PostgreSQL cuts longer names silently: two would become one.
  if (isName && new TextEncoder().encode(text).length > 63) return expected("a name of at most 63 bytes");
  const fault = rule.check?.(text);
  if (fault !== undefined) return { ...expected(fault.mustBe), hint: fault.hint };
  if (rule.pattern !== undefined && !new RegExp(rule.pattern.source).test(text))
    return expected(rule.pattern.means);
  return { value: text };
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
    ...(rule.pattern === undefined ? {} : { pattern: rule.pattern.source }),
  };
  if (rule.is === "boolean") return { ...start, type: "boolean" };
  if (rule.is === "count") return { ...start, type: "integer", minimum: 0 };
  if (rule.is === "texts" || rule.is === "names")
    return { ...start, type: "array", minItems: 1, items: text };
  return { ...start, ...text };
}
