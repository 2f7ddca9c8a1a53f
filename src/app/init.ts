/** A folder name → the beginnings of a project: the folder, a config file and, if asked for, `migrate.mk`. */
import path from "node:path";
import { MigrateError } from "../core/errors.ts";
import { type FileNamePattern, filePattern } from "../core/filename.ts";
import { shellWord } from "../core/shell.ts";
import { type Config, namesDatabase } from "../io/config.ts";
import {
  createDirectory,
  createFiles,
  fileBelow,
  holdsMigrations,
  inNewFolders,
  isEmptyDirectory,
  isInFolder,
  isSameFolder,
  type NewFile,
} from "../io/directory.ts";
import { statsAt } from "../io/files.ts";
import { adoptHint, foreignFolder, lookText } from "./foreign-folder.ts";
import {
  addFolder,
  besideConfig,
  type Deps,
  foldersFile,
  inFolder,
  mayBeAdded,
  openConfig,
  type ProjectOptions,
} from "./project.ts";

export interface InitOptions extends Pick<ProjectOptions, "database" | "environment" | "variables"> {
  /** Relative to the working directory. Default: `migrations`; in a folder below a project it must be given. */
  readonly directory?: string | undefined;
  /** One of `projectTemplates`. Default: `default`. */
  readonly template?: string | undefined;
}

/** What a project can begin as. */
export const projectTemplates: readonly { readonly name: string; readonly description: string }[] = [
  { name: "default", description: "a folder for migrations and migrate.config.json" },
  { name: "makefile", description: "the same, and migrate.mk with targets for your Makefile" },
];

/** What was created, and what was there. */
export interface InitResult {
  /** Paths, relative to the working directory. */
  readonly created: readonly string[];
  /** A database is configured; whether its address is right is not looked at. */
  readonly hasDatabase: boolean;
  /** The folder was not empty. */
  readonly hasMigrations: boolean;
  /** The command that goes on from there. */
  readonly next: string;
}

/** Creates what is missing. Throws `usage/unknown-template`, `usage/not-empty`, `usage/file-exists`; an existing file is never touched. */
export async function init(
  deps: Deps,
  { directory: named, template = "default", database: address, environment, variables }: InitOptions,
): Promise<InitResult> {
  if (projectTemplates.every(({ name }) => name !== template)) {
    throw new MigrateError({
      code: "usage/unknown-template",
      message: `project template '${template}' does not exist`,
      hint: `the templates are ${projectTemplates.map(({ name }) => name).join(" and ")}; the database is a setting, not a template`,
    });
  }
  const directory = named ?? "migrations";
  const makefile = template === "makefile";
  const config = await openConfig(deps, { database: address, environment, variables });
  const { file, directories } = config;
  const isHere = file !== undefined && path.resolve(deps.cwd, file) === path.resolve(deps.cwd, CONFIG_FILE);
  // A clone of a fresh project has that file, and not the folder, since git keeps none that are empty. Where the file names
  // no folder, it is the one beside it.
  const isConfigured =
    (isHere || foldersFile(config) !== undefined) &&
    directories.some((each) => isSameFolder(each, directory, deps));
  const isEmpty = await isEmptyDirectory(directory, deps);
  const result = (...created: readonly string[]): InitResult => ({
    created,
    hasDatabase: namesDatabase(config),
    hasMigrations: !isEmpty,
    next: isEmpty
      ? `migrate ${FIRST_REVISION}${isConfigured ? inFolder(config, deps, directory) : ""}`
      : "migrate status",
  });
  const mk = makefile ? [{ name: "migrate.mk", text: migrateMk }] : [];
  /** And the folder, or neither. */
  const write = (files: readonly NewFile[]) =>
    inNewFolders(isConfigured || isEmpty ? [directory] : [], deps, async (made) =>
      result(...made, ...(await createFiles(".", files, deps))),
    );
  if (makefile && (isConfigured || !isEmpty)) return write(mk);
  if (isConfigured && (await createDirectory(directory, deps))) return result(directory);
  const pattern = filePattern(config.fileName);
  const folder: NamedFolder = { directory, pattern, isConfigured, isEmpty };
  const flags = makefile ? " --makefile" : "";
  if (isConfigured || isHere) throw alreadySetUp(config, folder, flags, deps);
  if (file !== undefined && named === undefined) throw belowProject(config, file, flags, deps);
  if (!isEmpty) throw notEmpty(folder, deps, anotherFolder(directory, deps), true);
  const made = await write([configFile({ directories: [directory] }), ...mk]);
  if (file === undefined) {
    const below = fileBelow(deps.cwd, CONFIG_FILE);
    if (below !== undefined) {
      const message = `${below} is the config file of another project; from this folder, the new one counts`;
      deps.onNotice?.({ severity: "WARNING", message });
    }
    return made;
  }
  const message = `${file} is the config file of a project above this folder; below this folder, the new one counts, until you remove ${CONFIG_FILE} here`;
  deps.onNotice?.({ severity: "WARNING", message });
  // The database of the one above, and its .env, count here no more.
  const counting = await openConfig(deps, { database: address, variables });
  return { ...made, hasDatabase: namesDatabase(counting) };
}

interface NamedFolder {
  readonly directory: string;
  /** How the project's files are named. */
  readonly pattern: FileNamePattern;
  /** The config file names it. */
  readonly isConfigured: boolean;
  readonly isEmpty: boolean;
}

/** All commands find the project above, so a second one is only made where its folder is named. */
const belowProject = (config: Config, file: string, flags: string, { cwd, names }: Deps): MigrateError =>
  new MigrateError({
    code: "usage/file-exists",
    message: `this folder is in a project already, that of ${file}`,
    hint: `${besideConfig(config, { cwd, names }) ?? "commands use that project from here, too: migrate history"}; to begin another one in this folder, name its folder: migrate init migrations${flags}`,
  });

/** A config file is here, or one above names the folder, so `init` can create no other: a further folder is one more name in it. */
function alreadySetUp(config: Config, folder: NamedFolder, flags: string, deps: Deps): MigrateError {
  const { directory, isConfigured, isEmpty } = folder;
  if (!isEmpty) return notEmpty(folder, deps, besideIt(config, folder, deps), isConfigured);
  return new MigrateError({
    code: "usage/file-exists",
    message: `${config.file ?? CONFIG_FILE} already exists`,
    hint: isConfigured
      ? `the project is set up: migrate ${FIRST_REVISION}${inFolder(config, deps, directory)}`
      : `${addFolder(config, directory, deps)}, then: migrate init ${shellWord(directory)}${flags}`,
  });
}

/** What to do where the folder is not empty. */
function besideIt(config: Config, { directory, isConfigured }: NamedFolder, deps: Deps): string {
  if (!isConfigured && mayBeAdded(config, directory, deps))
    return `${addFolder(config, directory, deps)}, then: migrate history`;
  const within = config.directories.filter((each) => isInFolder(each, directory, deps));
  const [present] = within.filter((each) => statsAt(each)?.isDirectory() === true);
  return present !== undefined
    ? `the project is set up: migrate ${within.some(holdsMigrations) ? "history" : `${FIRST_REVISION}${inFolder(config, deps, present)}`}`
    : anotherFolder(directory, deps);
}

/** `hint` is for a folder that is not another tool's. `isMeant`: as of `foreignFolder`. */
function notEmpty(
  { directory, pattern }: NamedFolder,
  { cwd }: Deps,
  hint: string,
  isMeant: boolean,
): MigrateError {
  const foreign = foreignFolder(directory, cwd, pattern, isMeant);
  return new MigrateError({
    code: "usage/not-empty",
    message:
      foreign === undefined ? `the folder ${directory} is not empty` : `the folder ${lookText(foreign)}`,
    hint: foreign === undefined ? hint : adoptHint(foreign),
  });
}

/** Without a config file: any other folder may be named, and one of migrations needs none. */
const anotherFolder = (directory: string, { cwd }: Deps): string =>
  `name another folder: migrate init DIR${holdsMigrations(path.resolve(cwd, directory)) ? `; or use the migrations in it: migrate history --directory ${shellWord(directory)}` : ""}`;

const FIRST_REVISION = 'revision -m "create users"';

const CONFIG_FILE = "migrate.config.json";
const SCHEMA = "./node_modules/pgretort/migrate.config.schema.json";

/** A config file with these settings. */
export const configFile = (settings: Readonly<Record<string, unknown>>): NewFile => ({
  name: CONFIG_FILE,
  text: `${JSON.stringify({ $schema: SCHEMA, ...settings }, null, 2)}\n`,
});

/** Targets for a Makefile of the user's: `include migrate.mk`. */
const migrateMk = `# Targets for database migrations. In your Makefile: include migrate.mk
# Set MIGRATE to run another command, for example: make migrate-up MIGRATE="docker compose run --rm app npx pgretort"
MIGRATE ?= npx pgretort
MIGRATE_TO ?= head
# More flags for the command, for example: make migrate-create MSG="add users" MIGRATE_FLAGS="--head billing@head"
MIGRATE_FLAGS ?=
export MIGRATE_FLAGS

# The default goal remains that of your Makefile, even where it is set below the include.
MIGRATE_GOAL_BEFORE := $(.DEFAULT_GOAL)

.PHONY: migrate-create migrate-up migrate-down migrate-status migrate-sql

# make migrate-create MSG="add users"
migrate-create: export MIGRATE_MSG = $(value MSG)
migrate-create:
	@test -n "$$MIGRATE_MSG" || { echo 'usage: make migrate-create MSG="what it does"' >&2; exit 2; }
	@$(MIGRATE) revision -m "$$MIGRATE_MSG" $(MIGRATE_FLAGS)

# make migrate-up, or: make migrate-up MIGRATE_TO=+1; with several heads: make migrate-up MIGRATE_TO=heads
migrate-up:
	@$(MIGRATE) upgrade $(MIGRATE_TO) $(MIGRATE_FLAGS)

# Undoes the last migration; another target: make migrate-down MIGRATE_TO=base
# Without a terminal, where data would be lost: make migrate-down MIGRATE_FLAGS=--yes
migrate-down: MIGRATE_TO = -1
migrate-down:
	@$(MIGRATE) downgrade $(MIGRATE_TO) $(MIGRATE_FLAGS)

migrate-status:
	@$(MIGRATE) status $(MIGRATE_FLAGS)

# make -s migrate-sql > migration.sql, or from a revision: make -s migrate-sql MIGRATE_TO=29f859a13ea1:head
# Without -s, make -C and a make in a make write "Entering directory" to the same file.
migrate-sql:
	@$(MIGRATE) upgrade $(MIGRATE_TO) --sql $(MIGRATE_FLAGS)

.DEFAULT_GOAL := $(MIGRATE_GOAL_BEFORE)
`;
