/** Schemas, extensions, foreign data, text search and other objects → the statements that create them. */
import type { CatalogObject } from "../catalog/catalog.ts";
import { initialPrivileges } from "../catalog/public.ts";
import { literal } from "../quote.ts";
import { grantee, nameOf, optionList, withoutArguments } from "./names.ts";
import { clauses, has, keyOfObject, list, type Piece, phase, text, type Writer } from "./piece.ts";
import { byItself, DEFAULT_KINDS, granted, grants, ownership } from "./privileges.ts";
import { addressOf } from "./target.ts";
import { definition } from "./types.ts";

const piece = (
  object: CatalogObject,
  kind: Parameters<typeof phase>[0],
  ...statements: readonly string[]
): readonly Piece[] =>
  statements.length === 0 ? [] : [{ object: keyOfObject(object), phase: phase(kind), statements }];

/** `public` is in each database; what it has from initdb is left out of the catalog. */
const schema: Writer = (object, lookup) => {
  const [name = ""] = object.identity;
  if (name !== "public")
    return piece(object, "schema", `CREATE SCHEMA ${nameOf(name)}`, ...ownership(object, lookup));
  const owner = text(object, "owner");
  const wanted = granted(object.properties["privileges"]);
  const moved = owner === undefined ? [] : [`ALTER SCHEMA public OWNER TO ${nameOf(owner)}`];
  if (wanted.length === 0) return piece(object, "schema", ...moved);
  const initial = initialPrivileges(lookup.catalog.major, owner ?? wanted[0]!.grantor);
  const changed = grants(wanted, initial, { on: "ON SCHEMA public", major: lookup.catalog.major });
  return piece(object, "schema", ...moved, ...changed);
};

const extension: Writer = (object, { get }) => {
  const [name = ""] = object.identity;
  if (name === "plpgsql") return [];
  const home = text(object, "schema")!;
  const isThere = home === "pg_catalog" || get("schema", home) !== undefined;
  return piece(
    object,
    "extension",
    clauses(
      `CREATE EXTENSION IF NOT EXISTS ${nameOf(name)}`,
      isThere && `WITH SCHEMA ${nameOf(home)}`,
      "CASCADE",
    ),
  );
};

const language: Writer = (object, lookup) => {
  const [name = ""] = object.identity;
  const [handler, inline, validator] = ["handler", "inline", "validator"].map((each) => text(object, each));
  return piece(
    object,
    "language",
    clauses(
      `CREATE ${has(object, "trusted") ? "TRUSTED " : ""}LANGUAGE ${nameOf(name)}`,
      handler !== undefined && `HANDLER ${handler}`,
      inline !== undefined && `INLINE ${inline}`,
      validator !== undefined && `VALIDATOR ${validator}`,
    ),
    ...ownership(object, lookup),
  );
};

const accessMethod: Writer = (object) =>
  piece(
    object,
    "language",
    `CREATE ACCESS METHOD ${nameOf(...object.identity)} TYPE ${text(object, "type")!.toUpperCase()} HANDLER ${text(object, "handler")}`,
  );

// ── foreign data ────────────────────────────────────────────────────────────────────────────────────────────────

const foreignOptions = (object: CatalogObject): string | undefined => {
  const options = optionList(list(object, "foreignOptions"));
  return options === "" ? undefined : `OPTIONS (${options})`;
};

const wrapper: Writer = (object, lookup) => {
  const [handler, validator] = ["handler", "validator"].map((each) => text(object, each));
  return piece(
    object,
    "wrapper",
    clauses(
      `CREATE FOREIGN DATA WRAPPER ${nameOf(...object.identity)}`,
      handler !== undefined && `HANDLER ${handler}`,
      validator !== undefined && `VALIDATOR ${validator}`,
      foreignOptions(object),
    ),
    ...ownership(object, lookup),
  );
};

const server: Writer = (object, lookup) => {
  const [type, version] = ["type", "serverVersion"].map((each) => text(object, each));
  return piece(
    object,
    "wrapper",
    clauses(
      `CREATE SERVER ${nameOf(...object.identity)}`,
      type !== undefined && `TYPE ${literal(type)}`,
      version !== undefined && `VERSION ${literal(version)}`,
      `FOREIGN DATA WRAPPER ${nameOf(text(object, "wrapper")!)}`,
      foreignOptions(object),
    ),
    ...ownership(object, lookup),
  );
};

const userMapping: Writer = (object) => {
  const [on = "", name = ""] = object.identity;
  const user = name === "public" ? "PUBLIC" : nameOf(name);
  return piece(
    object,
    "wrapper",
    clauses(`CREATE USER MAPPING FOR ${user} SERVER ${nameOf(on)}`, foreignOptions(object)),
  );
};

// ── text search, conversions ────────────────────────────────────────────────────────────────────────────────────

const conversion: Writer = (object, lookup) =>
  piece(
    object,
    "text search",
    clauses(
      `CREATE ${has(object, "default") ? "DEFAULT " : ""}CONVERSION ${nameOf(...object.identity)}`,
      `FOR ${literal(text(object, "from")!)} TO ${literal(text(object, "to")!)}`,
      `FROM ${withoutArguments(text(object, "function")!)}`,
    ),
    ...ownership(object, lookup),
  );

const configuration: Writer = (object, lookup) => {
  const name = nameOf(...object.identity);
  const mappings = (object.properties["mappings"] ?? {}) as Readonly<Record<string, readonly string[]>>;
  return piece(
    object,
    "text search",
    `CREATE TEXT SEARCH CONFIGURATION ${name} (PARSER = ${text(object, "parser")})`,
    ...Object.entries(mappings).map(
      ([token, dictionaries]) =>
        `ALTER TEXT SEARCH CONFIGURATION ${name} ADD MAPPING FOR ${nameOf(token)} WITH ${dictionaries.join(", ")}`,
    ),
    ...ownership(object, lookup),
  );
};

const dictionary: Writer = (object, lookup) => {
  const options = text(object, "options");
  return piece(
    object,
    "text search",
    `CREATE TEXT SEARCH DICTIONARY ${nameOf(...object.identity)} (TEMPLATE = ${text(object, "template")}${options === undefined ? "" : `, ${options}`})`,
    ...ownership(object, lookup),
  );
};

const parser: Writer = (object) =>
  piece(
    object,
    "function",
    `CREATE TEXT SEARCH PARSER ${nameOf(...object.identity)} ${definition([
      ["START", text(object, "start")],
      ["GETTOKEN", text(object, "gettoken")],
      ["END", text(object, "end")],
      ["HEADLINE", text(object, "headline")],
      ["LEXTYPES", text(object, "lextypes")],
    ])}`,
  );

const template: Writer = (object) =>
  piece(
    object,
    "function",
    `CREATE TEXT SEARCH TEMPLATE ${nameOf(...object.identity)} ${definition([
      ["INIT", text(object, "init")],
      ["LEXIZE", text(object, "lexize")],
    ])}`,
  );

// ── of the whole database ───────────────────────────────────────────────────────────────────────────────────────

const STATES: Readonly<Record<string, string>> = {
  never: "DISABLE",
  replica: "ENABLE REPLICA",
  always: "ENABLE ALWAYS",
};

const eventTrigger: Writer = (object, lookup) => {
  const name = nameOf(...object.identity);
  const tags = list(object, "tags");
  const state = STATES[text(object, "enabled") ?? ""];
  return piece(
    object,
    "event trigger",
    clauses(
      `CREATE EVENT TRIGGER ${name} ON ${text(object, "event")}`,
      tags.length > 0 && `WHEN TAG IN (${tags.map(literal).join(", ")})`,
      `EXECUTE FUNCTION ${text(object, "function")}`,
    ),
    ...ownership(object, lookup),
    ...(state === undefined ? [] : [`ALTER EVENT TRIGGER ${name} ${state}`]),
  );
};

const defaultPrivileges: Writer = (object, { catalog }) => {
  const [owner = "", kind = "", home] = object.identity;
  const [word, defaults] = DEFAULT_KINDS[kind]!;
  const prefix = `ALTER DEFAULT PRIVILEGES FOR ROLE ${nameOf(owner)}${home === undefined ? "" : ` IN SCHEMA ${nameOf(home)}`} `;
  // In a schema they are added to those that there are in all schemas.
  const initial = home === undefined ? byItself(defaults, owner) : [];
  const wanted = granted(object.properties["privileges"]);
  return piece(
    object,
    "default privileges",
    ...grants(wanted, initial, { on: `ON ${word}`, major: catalog.major, prefix }),
  );
};

/** Its privileges are others than the server or the extension gave it: those of everybody are taken away first. */
const systemObject: Writer = (object) => {
  const [kind = "", name = ""] = object.identity;
  const word = { table: "TABLE", view: "TABLE", aggregate: "FUNCTION" }[kind] ?? kind.toUpperCase();
  const on = `ON ${word} ${name}`;
  return piece(
    object,
    "system",
    `REVOKE ALL ${on} FROM PUBLIC`,
    ...granted(object.properties["privileges"]).map(
      (item) =>
        `GRANT ${item.privileges.map((each) => each.replace(/ WITH GRANT OPTION$/, "")).join(", ")} ${on} TO ${grantee(item.grantee)}`,
    ),
  );
};

const comment: Writer = (object) => {
  // PostgreSQL's own, of a schema that each database begins with.
  if (object.identity.join() === "schema,public" && text(object, "text") === "standard public schema")
    return [];
  const { target, object: on } = addressOf(object.identity);
  const statements = [`COMMENT ON ${target} IS ${literal(text(object, "text")!)}`];
  return [{ object: on ?? keyOfObject(object), phase: phase("comment"), statements }];
};

const securityLabel: Writer = (object) => {
  const [provider = "", ...address] = object.identity;
  const { target } = addressOf(address);
  return piece(
    object,
    "comment",
    `SECURITY LABEL FOR ${nameOf(provider)} ON ${target} IS ${literal(text(object, "label")!)}`,
  );
};

const extensionDependency: Writer = (object) => {
  const [name = "", ...address] = object.identity;
  return piece(object, "comment", `ALTER ${addressOf(address).target} DEPENDS ON EXTENSION ${nameOf(name)}`);
};

export const others: Readonly<Record<string, Writer>> = {
  schema,
  extension,
  language,
  "access method": accessMethod,
  "foreign-data wrapper": wrapper,
  server,
  "user mapping": userMapping,
  conversion,
  "text search configuration": configuration,
  "text search dictionary": dictionary,
  "text search parser": parser,
  "text search template": template,
  "event trigger": eventTrigger,
  "default privileges": defaultPrivileges,
  "system object": systemObject,
  comment,
  "security label": securityLabel,
  "extension dependency": extensionDependency,
};
