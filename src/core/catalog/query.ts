/** A server's major version and the name of the ledger's schema → the one statement that reads a catalog, one query an object class. */
import accessMethods from "../../../sql/catalog/access_methods.sql";
import aggregates from "../../../sql/catalog/aggregates.sql";
import baseTypes from "../../../sql/catalog/base_types.sql";
import casts from "../../../sql/catalog/casts.sql";
import collations from "../../../sql/catalog/collations.sql";
import columns from "../../../sql/catalog/columns.sql";
import comments from "../../../sql/catalog/comments.sql";
import common from "../../../sql/catalog/common.sql";
import compositeTypes from "../../../sql/catalog/composite_types.sql";
import constraints from "../../../sql/catalog/constraints.sql";
import conversions from "../../../sql/catalog/conversions.sql";
import defaultPrivileges from "../../../sql/catalog/default_privileges.sql";
import domainConstraints from "../../../sql/catalog/domain_constraints.sql";
import domains from "../../../sql/catalog/domains.sql";
import enumTypes from "../../../sql/catalog/enum_types.sql";
import eventTriggers from "../../../sql/catalog/event_triggers.sql";
import extensionDependencies from "../../../sql/catalog/extension_dependencies.sql";
import extensions from "../../../sql/catalog/extensions.sql";
import foreignDataWrappers from "../../../sql/catalog/foreign_data_wrappers.sql";
import functions from "../../../sql/catalog/functions.sql";
import indexes from "../../../sql/catalog/indexes.sql";
import languages from "../../../sql/catalog/languages.sql";
import largeObjects from "../../../sql/catalog/large_objects.sql";
import operatorClasses from "../../../sql/catalog/operator_classes.sql";
import operatorFamilies from "../../../sql/catalog/operator_families.sql";
import operators from "../../../sql/catalog/operators.sql";
import policies from "../../../sql/catalog/policies.sql";
import publicationTables from "../../../sql/catalog/publication_tables.sql";
import publications from "../../../sql/catalog/publications.sql";
import rangeTypes from "../../../sql/catalog/range_types.sql";
import rules from "../../../sql/catalog/rules.sql";
import schemas from "../../../sql/catalog/schemas.sql";
import securityLabels from "../../../sql/catalog/security_labels.sql";
import sequences from "../../../sql/catalog/sequences.sql";
import servers from "../../../sql/catalog/servers.sql";
import statistics from "../../../sql/catalog/statistics.sql";
import subscriptions from "../../../sql/catalog/subscriptions.sql";
import systemObjects from "../../../sql/catalog/system_objects.sql";
import tables from "../../../sql/catalog/tables.sql";
import textSearchConfigurations from "../../../sql/catalog/text_search_configurations.sql";
import textSearchDictionaries from "../../../sql/catalog/text_search_dictionaries.sql";
import textSearchParsers from "../../../sql/catalog/text_search_parsers.sql";
import textSearchTemplates from "../../../sql/catalog/text_search_templates.sql";
import transforms from "../../../sql/catalog/transforms.sql";
import triggers from "../../../sql/catalog/triggers.sql";
import userMappings from "../../../sql/catalog/user_mappings.sql";
import views from "../../../sql/catalog/views.sql";
import { literal } from "../quote.ts";

const queries: readonly string[] = [
  accessMethods,
  aggregates,
  baseTypes,
  casts,
  collations,
  columns,
  comments,
  compositeTypes,
  constraints,
  conversions,
  defaultPrivileges,
  domainConstraints,
  domains,
  enumTypes,
  eventTriggers,
  extensionDependencies,
  extensions,
  foreignDataWrappers,
  functions,
  indexes,
  languages,
  largeObjects,
  operatorClasses,
  operatorFamilies,
  operators,
  policies,
  publicationTables,
  publications,
  rangeTypes,
  rules,
  schemas,
  securityLabels,
  sequences,
  servers,
  statistics,
  subscriptions,
  systemObjects,
  tables,
  textSearchConfigurations,
  textSearchDictionaries,
  textSearchParsers,
  textSearchTemplates,
  transforms,
  triggers,
  userMappings,
  views,
];

/**
 * One message, so one transaction, to be sent outside of another. Its rows: `class`, `identity` (text[]), `parent` (text[] or
 * null: a class and an identity), `properties` (json).
 */
export function catalogSql(major: number, ledgerSchema = ""): string {
  const of = (text: string): string => textFor(major, text).trimEnd();
  const shared = of(common).replaceAll("'retort'", () => literal(ledgerSchema));
  const rows = queries.map((text) => of(text).replaceAll("'retort'", () => literal(ledgerSchema)));
  return [...SETTINGS, `WITH\n${shared}\n${rows.join("\nUNION ALL\n")};`].join("\n");
}

/** Expressions and types are written out with schemas and in one form, whatever the session has set. */
const SETTINGS = [
  "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;",
  ...Object.entries({
    search_path: "pg_catalog, pg_temp",
    // To compile these queries takes ten times as long as to run them.
    jit: "off",
    quote_all_identifiers: "off",
    // It holds for what is shown; these texts are read before it is set, and have no backslash.
    standard_conforming_strings: "on",
    DateStyle: "ISO, YMD",
    IntervalStyle: "postgres",
    TimeZone: "'UTC'",
    bytea_output: "hex",
    extra_float_digits: "1",
    lc_monetary: "'C'",
  }).map(([name, value]) => `SET LOCAL ${name} = ${value};`),
];

/** Without the lines that are for a later major version. */
const textFor = (major: number, text: string): string =>
  text.replaceAll(/^.* -- since (\d+)$\n/gm, (line, since: string) => (Number(since) > major ? "" : line));
