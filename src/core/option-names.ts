/** An option of the API → what messages call it: the flag on the command line, or the option itself. */
import { shellWord } from "./shell.ts";

/** The flags of the options that messages name. `desired`: a database beside the one that is worked with. */
const FLAGS = {
  all: "--all",
  allowLoss: "--allow-loss",
  allowRebuild: "--allow-rebuild",
  branchLabels: "--branch-label",
  client: "--client",
  config: "--config",
  database: "--database",
  desired: "--desired",
  directories: "--directory",
  environment: "--env",
  failOn: "--fail-on",
  fromDatabase: "--from-database",
  heads: "--head",
  idempotent: "--idempotent",
  ignore: "--ignore",
  lockTimeout: "--lock-timeout",
  lockWait: "--lock-wait",
  onDatabase: "--on-database",
  renames: "--rename",
  revision: "--rev-id",
  scratch: "--scratch",
  serverVersion: "--server-version",
  since: "--since",
  singleTransaction: "--single-transaction",
  split: "--split",
  statementTimeout: "--statement-timeout",
  variables: "-x",
  versionPath: "--version-path",
  wait: "--wait",
  withDowngrade: "--with-downgrade",
} as const;

/** What other programs call the address. */
const ADDRESS_WORDS: ReadonlySet<string> = new Set([
  ...["url", "uri", "dsn", "connectionString", "connectionUri", "connectionUrl"],
  ...["databaseUri", "databaseUrl", "DATABASE_URL", "dbUrl"],
]);

/** The option that another program's name, or a flag's, stands for: `url`, `env`, `directory`. */
export const optionMeant = (name: string): string | undefined => {
  if (ADDRESS_WORDS.has(name)) return "database";
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return Object.entries(FLAGS).find(([, each]) => each.replace(/^-+/, "") === flag)?.[0];
};

type Option = keyof typeof FLAGS;

/** What messages call the options: the flags of the command line, or those of the API. */
export interface OptionNames {
  /** `flag --scratch`; `option scratch` */
  (option: Option): string;
  /** Where no word stands before it: `--scratch`; `option scratch`. */
  readonly short: (option: Option) => string;
  /** How it is given: `--directory db`; `directories: ["db"]`. */
  readonly given: (option: Option, value: string) => string;
  /** The same as a whole: `migrate COMMAND --scratch URL`; `{ scratch: "URL" }`. */
  readonly alone: (option: Option, value: string) => string;
  /** What shows the settings, and where they come from: `migrate config`; `checkConfig(deps, options)`. */
  readonly settings: string;
  /** What plans without a database, behind the name of a command: `with --sql`; `as a script`. */
  readonly offline: string;
  /** Where the two differ in more than a name: what is typed; what is given. */
  readonly either: (typed: string, given: string) => string;
  /** A folder: as it was typed; where it is, for who reads of it elsewhere. */
  readonly place: (typed: string, absolute: string) => string;
  /** What makes a project: `migrate init`; `init(deps, {})`. */
  readonly init: (folder?: string) => string;
  /** What makes a script of several files for other clients: `--split DIR --client any`; `split: true`. */
  readonly files: string;
  /** How its range is given: `migrate downgrade --sql head:-1`; `target: "head:-1"`. */
  readonly range: (kind: string, range: string) => string;
}

/** The flags as they are typed: of two names the one that people know. */
const TYPED: Readonly<Record<Option, string>> = { ...FLAGS, environment: "-n" };
const LISTS: ReadonlySet<Option> = new Set([
  "allowRebuild",
  "branchLabels",
  "directories",
  "heads",
  "ignore",
  "renames",
  "variables",
]);

const flagGiven = (option: Option, value: string): string => `${TYPED[option]} ${shellWord(value)}`;
const optionGiven = (option: Option, value: string): string =>
  `${option}: ${option === "lockWait" ? value : JSON.stringify(LISTS.has(option) ? [value] : value)}`;

/** As they were typed on the command line. */
export const asFlags: OptionNames = Object.assign((option: Option) => `flag ${FLAGS[option]}`, {
  short: (option: Option) => FLAGS[option],
  given: flagGiven,
  alone: (option: Option, value: string) => `migrate COMMAND ${flagGiven(option, value)}`,
  settings: "migrate config",
  offline: "with --sql",
  either: (typed: string) => typed,
  place: (typed: string) => typed,
  init: (folder?: string) => ["migrate init", ...(folder === undefined ? [] : [shellWord(folder)])].join(" "),
  files: "--split DIR --client any",
  range: (kind: string, range: string) => `migrate ${kind} --sql ${shellWord(range)}`,
});

/** As a caller of the API gave them. */
export const asOptions: OptionNames = Object.assign((option: Option) => `option ${option}`, {
  short: (option: Option) => `option ${option}`,
  given: optionGiven,
  alone: (option: Option, value: string) => `{ ${optionGiven(option, value)} }`,
  settings: "checkConfig(deps, options)",
  offline: "as a script",
  either: (_typed: string, given: string) => given,
  place: (_typed: string, absolute: string) => absolute,
  init: (folder?: string) =>
    `init(deps, ${folder === undefined ? "{}" : `{ directory: ${JSON.stringify(folder)} }`})`,
  files: "renderSplit, and split: true in the form",
  range: (_kind: string, range: string) => `target: ${JSON.stringify(range)}`,
});
