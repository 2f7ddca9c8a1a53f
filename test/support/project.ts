/** Small descriptions of migrations go in; a folder of files, and the verbs over it, come out. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { readState, type State } from "../../src/app/look.ts";
import { type OfflineOptions, offline } from "../../src/app/offline.ts";
import { type Deps, openProject } from "../../src/app/project.ts";
import { type RunOptions, type RunResult, run } from "../../src/app/run.ts";
import type { Request } from "../../src/app/steps.ts";
import { formOf } from "../../src/core/plan/script.ts";
import type { Plan } from "../../src/core/plan/types.ts";
import { renderScript } from "../../src/render/script/script.ts";
import { temporaryFolder } from "./folders.ts";
import { deps } from "./migrate.ts";
import { freshDatabase, query, type TestDatabase, type TestServer, withClient } from "./server.ts";

/** A migration: its up body, or more. Headers are further lines such as `transaction: none`. */
export type MigrationText =
  | string
  | {
      readonly up: string;
      readonly down?: string;
      /** Default: the migration before it; the first is a base. */
      readonly parent?: string;
      readonly header?: readonly string[];
      readonly downHeader?: readonly string[];
    };

export interface TestProject {
  readonly folder: string;
  readonly deps: Deps;
  /** Replaces the text of a file, such as `0002_b.up.sql`. */
  readonly write: (file: string, text: string) => void;
  readonly run: (url: string, request: Request, options?: RunOptions) => Promise<RunResult>;
  readonly upgrade: (url: string, target?: string, options?: RunOptions) => Promise<RunResult>;
  readonly downgrade: (url: string, target: string, options?: RunOptions) => Promise<RunResult>;
  readonly state: (url: string) => Promise<State>;
  readonly plan: (request: Request, options?: OfflineOptions) => Promise<Plan>;
  /** The offline script of an upgrade (`a:b`) or of another request. */
  readonly script: (request: Request | string, options?: OfflineOptions) => Promise<string>;
}

/**
 * A project whose migrations follow one another in the order given; `0001_<revision>.up.sql` and so on lie right in
 * the working directory, so errors name them by file name alone. `config` becomes its `migrate.config.json`.
 */
export function project(
  migrations: Readonly<Record<string, MigrationText>>,
  config: object = {},
): TestProject {
  const folder = temporaryFolder("retort-project-");
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
  write("migrate.config.json", JSON.stringify({ directories: ["."], ...config }));
  const revisions = Object.keys(migrations);
  for (const [index, revision] of revisions.entries()) {
    const given = migrations[revision]!;
    const { up, down, parent, header, downHeader } = typeof given === "string" ? { up: given } : given;
    const name = `${String(index + 1).padStart(4, "0")}_${revision}`;
    const lines = [
      `revision: ${revision}`,
      `parent: ${parent ?? revisions[index - 1] ?? "none"}`,
      ...(header ?? []),
    ];
    write(`${name}.up.sql`, `${headerOf(lines)}${up}`);
    write(
      `${name}.down.sql`,
      `${headerOf([`revision: ${revision}`, ...(downHeader ?? [])])}${down ?? "SELECT 1;\n"}`,
    );
  }
  const world = deps({}, folder);
  const verb = (url: string, request: Request, options: RunOptions = {}) =>
    run(world, request, { database: url, ...options });
  const written = (request: Request, options: OfflineOptions = {}) => offline(world, request, options);
  return {
    folder,
    deps: world,
    write,
    run: verb,
    upgrade: (url, target = "heads", options) => verb(url, { kind: "upgrade", target }, options),
    downgrade: (url, target, options) => verb(url, { kind: "downgrade", target }, options),
    state: (url) => readState(world, { database: url }),
    plan: async (request, options) => (await written(request, options)).plan,
    script: async (request, options) => {
      const { plan, ledger } = await written(
        typeof request === "string" ? { kind: "upgrade", target: request } : request,
        options,
      );
      return renderScript(plan, ledger, formOf(options ?? {})).text;
    },
  };
}

/** How many lines stand above the body: the header's and an empty one. */
export const headerLines = 3;

function headerOf(lines: readonly string[]): string {
  return `${lines.map((line) => `-- ${line}\n`).join("")}\n`;
}

/** An empty database that is dropped when the running test ends. */
export async function ownDatabase(server: TestServer): Promise<TestDatabase> {
  const database = await freshDatabase(server);
  onTestFinished(() => database.drop());
  return database;
}

/** What a promise is rejected with; fails where it is not. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const outcome = await promise.then(
    () => undefined,
    (error: Error) => error,
  );
  if (outcome === undefined) throw new Error("this should have failed");
  return outcome as Error & Record<string, unknown>;
}

/** Waits until the query has a row; fails where it never has one. */
export async function until(url: string, sql: string): Promise<void> {
  for (let tries = 0; (await query(url, sql)).length === 0; tries += 1) {
    if (tries > 2000) throw new Error(`never came true: ${sql}`);
    await sleep(50);
  }
}

/** Does `work` while another session holds the lock of the project's ledger. */
export async function withLock(of: TestProject, url: string, work: () => Promise<void>): Promise<void> {
  const { ledger } = await openProject(of.deps, {});
  await withClient(url, async (client) => {
    await client.query(ledger.lock({}));
    await work();
  });
}
