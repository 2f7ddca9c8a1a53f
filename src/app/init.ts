/** A folder name → the beginnings of a project: the folder, a config file and, if asked for, `migrate.mk`. */
import { MigrateError } from "../core/errors.ts";
import { createDirectory, createFiles, isEmptyDirectory } from "../io/directory.ts";
import type { Deps } from "./project.ts";

export interface InitOptions {
  /** Relative to the working directory. Default: `migrations`. */
  readonly directory?: string | undefined;
  /** Write `migrate.mk` too. */
  readonly makefile?: boolean | undefined;
}

/** Paths that were created, relative to the working directory. */
export interface InitResult {
  readonly created: readonly string[];
}

/** Creates what is missing. Throws `usage/not-empty`, `usage/file-exists`; an existing file is never touched. */
export async function init(deps: Deps, { directory = "migrations", makefile = false }: InitOptions): Promise<InitResult> {
  if (makefile && !(await isEmptyDirectory(directory, deps))) {
    return { created: await createFiles(".", [{ name: "migrate.mk", text: migrateMk }], deps) };
  }
  if (!(await isEmptyDirectory(directory, deps))) {
    throw new MigrateError({
      code: "usage/not-empty",
      message: `the folder ${directory} is not empty`,
      hint: "name another folder: migrate init DIR; or go on with what is there: migrate history",
    });
  }
  const config = `${JSON.stringify({ $schema: SCHEMA, directories: [directory] }, null, 2)}\n`;
  const files = [
    { name: "migrate.config.json", text: config },
    ...(makefile ? [{ name: "migrate.mk", text: migrateMk }] : []),
  ];
  const created = await createFiles(".", files, deps);
  const folder = (await createDirectory(directory, deps)) ? [directory] : [];
  return { created: [...folder, ...created] };
}

const SCHEMA = "./node_modules/retort/migrate.config.schema.json";

/** Targets for a Makefile of the user's: `include migrate.mk`. */
const migrateMk = `# Targets for database migrations. In your Makefile: include migrate.mk
# Set MIGRATE to run another command, for example: make migrate-up MIGRATE="docker compose run --rm app npx migrate"
MIGRATE ?= npx migrate
MIGRATE_TO ?= head

.PHONY: migrate-create migrate-up migrate-down migrate-status migrate-sql

# make migrate-create MSG="add users"
migrate-create: export MIGRATE_MSG = $(value MSG)
migrate-create:
	@test -n "$$MIGRATE_MSG" || { echo 'usage: make migrate-create MSG="what it does"' >&2; exit 2; }
	@$(MIGRATE) revision -m "$$MIGRATE_MSG"

# make migrate-up, or: make migrate-up MIGRATE_TO=+1
migrate-up:
	@$(MIGRATE) upgrade $(MIGRATE_TO)

# The last migration back; another target: make migrate-down MIGRATE_TO=base
migrate-down: MIGRATE_TO = -1
migrate-down:
	@$(MIGRATE) downgrade $(MIGRATE_TO)

migrate-status:
	@$(MIGRATE) status

# make migrate-sql > migration.sql, or from a revision: make migrate-sql MIGRATE_TO=29f859a13ea1:head
migrate-sql:
	@$(MIGRATE) upgrade $(MIGRATE_TO) --sql
`;
