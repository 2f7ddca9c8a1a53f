/** Migrations and a server → the programs that run them, each on a database of its own that shows whether it did. */
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import type { Databases } from "./databases.ts";
import type { Program, Runner } from "./measure.ts";
import type { Peer } from "./packages.ts";
import type { DistantServer } from "./proxy.ts";
import { type Change, tables, writePsql, writeRetort } from "./workload.ts";

export interface Bench {
  /** The command that is measured. */
  readonly bin: string;
  /** The programs beside it. */
  readonly floors: { readonly read: string; readonly parse: string; readonly connect: string };
  /** Everything that is generated. */
  readonly folder: string;
  readonly databases: Databases;
  readonly far: DistantServer;
  /** Its name. */
  readonly terminal: string;
  readonly peers: readonly Peer[];
  readonly runner: Runner;
  readonly quick: boolean;
}

/** Migrations that were written. */
export interface Load {
  readonly folder: string;
  readonly changes: readonly Change[];
}

/** The name of a database → its URL. */
export type Where = (name: string) => string;

/** Programs by name, for the database at a URL. */
export type Contestants<Name extends string = string> = Readonly<Record<Name, (url: string) => Program>>;

/** Writes the migrations into a folder of that name, once. */
export function load({ folder: parent }: Bench, name: string, changes: readonly Change[]): Load {
  const folder = path.join(parent, name);
  if (!existsSync(folder)) {
    writeRetort(folder, changes);
    writePsql(folder, changes);
    // Nothing is kept in the cache of files that changed within two seconds.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2100);
  }
  return { folder, changes };
}

export const tablesOf = (bench: Bench, count: number): Load => load(bench, `tables-${count}`, tables(count));

export function ours(
  { bin }: Bench,
  node: string,
  words: readonly string[],
  { folder }: Load,
  url?: string,
): Program {
  return { argv: [node, bin, ...words], cwd: folder, env: url === undefined ? {} : { DATABASE_URL: url } };
}

/** `file` is in the folder of the migrations. */
export function psql(file: string, { folder }: Load, url: string): Program {
  return { argv: ["psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", file, url], cwd: folder };
}

/** The script of all migrations. Returns its path. */
export async function writeScript(bench: Bench, node: string, made: Load): Promise<string> {
  const file = path.join(made.folder, "script.sql");
  rmSync(file, { force: true });
  await bench.runner.run(ours(bench, node, ["upgrade", "head", "--sql", "-o", file], made));
  return file;
}

/** Who applies the migrations, and who can roll them back; for the other tools they are written. */
export function contestants(bench: Bench, node: string, made: Load) {
  const ups = {
    ours: (url: string) => ours(bench, node, ["upgrade", "head"], made, url),
    psql: (url: string) => psql("up.sql", made, url),
  };
  const downs = {
    ours: (url: string) => ours(bench, node, ["downgrade", "base", "--yes"], made, url),
    psql: (url: string) => psql("down.sql", made, url),
  };
  const peers = bench.peers.map((peer) => {
    const cwd = path.join(made.folder, peer.name);
    if (!existsSync(cwd)) peer.write(cwd, made.changes);
    return { ...peer, cwd };
  });
  const others = (half: "up" | "down"): Contestants =>
    Object.fromEntries(
      peers.flatMap(({ name, cwd, [half]: run }) =>
        run === undefined ? [] : [[name, (url: string) => ({ ...run(node, url, made.changes.length), cwd })]],
      ),
    );
  return { ups: { ...others("up"), ...ups }, downs: { ...others("down"), ...downs } };
}

/** Each applies so many migrations to a new database. */
export function applying<Name extends string>(
  bench: Bench,
  ups: Contestants<Name>,
  count: number,
  where: Where = bench.databases.url,
): Readonly<Record<Name, Program>> {
  const entries = Object.entries<Contestants[string]>(ups);
  return Object.fromEntries(
    entries.map(([name, up]) => [name, onDatabase(bench, up(where(name)), name, count)]),
  ) as Record<Name, Program>;
}

/** Each rolls so many migrations back, on a copy of a database where it has applied them. */
export async function rollingBack(
  bench: Bench,
  ups: Contestants,
  downs: Contestants,
  count: number,
): Promise<Readonly<Record<string, Program>>> {
  const { url } = bench.databases;
  const programs: Record<string, Program> = {};
  for (const [name, down] of Object.entries(downs)) {
    const full = `${name}_full`;
    await bench.runner.run(onDatabase(bench, ups[name]!(url(full)), full, count));
    programs[name] = onDatabase(bench, down(url(name)), name, 0, full);
  }
  return programs;
}

/** The program finds the database new, or as a copy; afterwards it must hold that many tables, but for the tool's own. */
function onDatabase(
  { databases }: Bench,
  program: Program,
  name: string,
  count: number,
  template?: string,
): Program {
  return {
    ...program,
    before: () => databases.create(name, template),
    after: async () => {
      const found = await databases.tables(name);
      if (found < count || found > count + 3) throw new Error(`${name}: ${found} tables, not ${count}`);
    },
  };
}
