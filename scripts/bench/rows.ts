/** What is promised about speed → the work to do, the programs it is compared with, and how much more may be taken. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { buildSync } from "esbuild";
import type { Databases } from "./databases.ts";
import { bareEnvironment, type Program } from "./measure.ts";
import type { Call, Peer } from "./peers.ts";
import type { DistantServer } from "./proxy.ts";
import { branchy, type Change, data, straight, writePsql, writeRetort } from "./workload.ts";

/** A program beside ours, and how many times its time ours may take. */
export interface Rival extends Program {
  readonly wall?: number;
  readonly cpu?: number;
}

/** The most that ours may take, whatever the others do. */
export interface Limits {
  /** MB. */
  readonly peak?: number;
  /** ms. */
  readonly cpu?: number;
  /** Round trips a migration. */
  readonly trips?: number;
}

export interface Row {
  /** For `--only`: `apply-1000`. */
  readonly id: string;
  readonly work: string;
  readonly repeats: number;
  /** Rows of one series show how the time grows with the number of migrations. */
  readonly growth?: { readonly series: string; readonly size: number };
  readonly contest: () => Promise<Contest>;
}

export interface Contest {
  readonly ours: Program;
  readonly rivals: readonly Rival[];
  readonly limits?: Limits;
  /** Migrations that the trips are divided by. */
  readonly count?: number;
}

export interface Bench {
  /** Ours: `dist/bin.js`. */
  readonly bin: string;
  readonly programs: string;
  /** Everything that is generated. */
  readonly folder: string;
  readonly databases: Databases;
  readonly far: DistantServer;
  readonly peers: readonly Peer[];
  readonly hasPsql: boolean;
  readonly quick: boolean;
}

const node = process.execPath;
const bare: Rival = { name: "node -e 0", argv: [node, "-e", "0"] };

/** All rows, in the order of the promises. Nothing is generated before a row's contest is asked for. */
export function rowsOf(bench: Bench): readonly Row[] {
  const { databases, peers, quick } = bench;
  const [small, middle, large] = quick ? [50, 200, 1_000] : [100, 1_000, 10_000];
  const bytes = quick ? 1_000_000 : 10_000_000;
  const times = (full: number): number => (quick ? Math.min(2, full) : full);
  const psqlOnly = <T>(rivals: readonly T[]): readonly T[] => (bench.hasPsql ? rivals : []);
  const written = new Map<string, Workload>();
  const environment = bareEnvironment(bench.folder);

  const workload = (name: string, make: () => readonly Change[]): Workload => {
    let found = written.get(name);
    if (found === undefined) {
      const folder = path.join(bench.folder, name);
      const changes = make();
      mkdirSync(folder, { recursive: true });
      found = { folder, changes, bytes: writeRetort(folder, changes) };
      writePsql(folder, changes);
      written.set(name, found);
      // Nothing is kept of files that changed within two seconds.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2100);
    }
    return found;
  };
  const line = (count: number): Workload => workload(`straight-${count}`, () => straight(count));
  const tree = (count: number): Workload => workload(`branchy-${count}`, () => branchy(count));
  const peerFolder = (peer: Peer, { folder, changes }: Workload): string => {
    const key = `${folder}/${peer.name}`;
    if (!written.has(key)) peer.write(folder, changes);
    written.set(key, { folder, changes, bytes: 0 });
    return folder;
  };

  const ours = (words: readonly string[], cwd = bench.folder, url?: string): Program => ({
    name: "retort",
    argv: [node, bench.bin, ...words],
    cwd,
    ...(url === undefined ? {} : { env: { DATABASE_URL: url } }),
  });
  const cold = async (): Promise<void> =>
    rmSync(environment["XDG_CACHE_HOME"]!, { recursive: true, force: true });
  const runOurs = (words: readonly string[], cwd: string, url?: string): void => {
    const env = { ...environment, ...(url === undefined ? {} : { DATABASE_URL: url }) };
    execFileSync(node, [bench.bin, ...words], {
      cwd,
      env,
      // Not to /dev/null: nothing is kept of what was printed to a terminal or its like.
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 1 << 28,
    });
  };
  const runCall = ({ argv, env }: Call, cwd: string): void => {
    const [program, ...args] = argv;
    execFileSync(program!, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
      maxBuffer: 1 << 28,
    });
  };
  const read = ({ folder }: Workload, ...flags: readonly string[]): Program => ({
    name: flags.length > 0 ? "Node reads and writes" : "Node reads",
    argv: [node, path.join(bench.programs, "read.mjs"), path.join(folder, "migrations"), ...flags],
  });
  /** What the packages we stand on take by themselves. */
  const parse = ({ folder }: Workload): Program => ({
    name: "libpg-query parses",
    argv: [
      node,
      // Else V8 compiles the parser twice, as `io/engine.ts` has it.
      "--no-wasm-tier-up",
      "--no-wasm-dynamic-tiering",
      path.join(bench.programs, "parse.mjs"),
      path.join(folder, "migrations"),
    ],
  });
  const connect = (url: string): Program => {
    const file = path.join(bench.folder, "connect.cjs");
    if (!existsSync(file)) {
      buildSync({
        entryPoints: [path.join(bench.programs, "connect.cjs")],
        outfile: file,
        bundle: true,
        minify: true,
        platform: "node",
        external: ["pg-native"],
      });
    }
    return { name: "pg, SELECT 1", argv: [node, file, url] };
  };
  const psql = (url: string, file: string): readonly string[] => [
    "psql",
    "-q",
    "-X",
    "-v",
    "ON_ERROR_STOP=1",
    "-f",
    file,
    url,
  ];

  /** The program finds the database new, or as a copy; afterwards it must hold that many tables, but for the tool's own. */
  const onDatabase = <P extends Program>(program: P, name: string, tables: number, template?: string): P => ({
    ...program,
    before: async () => {
      await program.before?.();
      await databases.create(name, template);
    },
    after: async () => {
      const found = await databases.tables(name);
      if (found < tables || found > tables + 3)
        throw new Error(`${program.name} left ${found} tables, not ${tables}`);
    },
  });

  const apply = (
    count: number,
    wall: number,
    repeats: number,
    {
      isFirst = false,
      cpu,
      ...more
    }: { readonly isFirst?: boolean; readonly limits?: Limits; readonly cpu?: number } = {},
  ): Row => ({
    id: `apply-${count}${isFirst ? "-first" : ""}`,
    work: `apply ${count}${isFirst ? ", for the first time" : ""}`,
    repeats,
    contest: async () => {
      const load = line(count);
      const { folder } = load;
      const url = databases.url;
      const raw = [
        node,
        path.join(bench.programs, "apply.mjs"),
        url("raw"),
        path.join(folder, "migrations"),
        "up",
      ];
      const others = count > middle! ? [] : peers;
      return {
        ours: onDatabase(
          { ...ours(["upgrade", "head"], folder, url("ours")), ...(isFirst ? { before: cold } : {}) },
          "ours",
          count,
        ),
        rivals: [
          ...psqlOnly([
            onDatabase({ name: "psql", argv: psql(url("psql"), "up.sql"), cwd: folder, wall }, "psql", count),
          ]),
          onDatabase({ name: "Node, one message", argv: raw }, "raw", count),
          ...others.map((peer, i) =>
            onDatabase(
              {
                name: peer.name,
                ...peer.up(url(`peer_${i}`)),
                cwd: peerFolder(peer, load),
                ...(cpu !== undefined && peer.isNode ? { cpu } : {}),
              },
              `peer_${i}`,
              count,
            ),
          ),
        ],
        ...more,
      };
    },
  });

  const back = (count: number, wall: number | undefined, repeats: number): Row => ({
    id: `rollback-${count}`,
    work: `roll back ${count}`,
    repeats,
    contest: async () => {
      const load = line(count);
      const { folder } = load;
      const url = databases.url;
      const rivals: Rival[] = [];
      await databases.create("ours_full");
      runOurs(["upgrade", "head"], folder, url("ours_full"));
      if (bench.hasPsql) {
        await databases.create("psql_full");
        runCall({ argv: psql(url("psql_full"), "up.sql") }, folder);
        const program = {
          name: "psql",
          argv: psql(url("psql"), "down.sql"),
          cwd: folder,
          ...(wall === undefined ? {} : { wall }),
        };
        rivals.push(onDatabase(program, "psql", 0, "psql_full"));
      }
      for (const [i, peer] of peers.entries()) {
        // node-pg-migrate rolls back in one transaction, and the locks on 1,000 tables do not fit into it.
        if (peer.down === undefined || count > small!) continue;
        await databases.create(`peer_${i}_full`);
        runCall(peer.up(url(`peer_${i}_full`)), peerFolder(peer, load));
        const program = { name: peer.name, ...peer.down(url(`peer_${i}`), count), cwd: folder };
        rivals.push(onDatabase(program, `peer_${i}`, 0, `peer_${i}_full`));
      }
      return {
        ours: onDatabase(ours(["downgrade", "base", "--yes"], folder, url("ours")), "ours", 0, "ours_full"),
        rivals,
      };
    },
  });

  const nothing = (words: readonly string[], count: number, repeats: number, limits?: Limits): Row => ({
    id: `nothing-${words[0]}-${count}`,
    work: `${words.join(" ")}, ${count} applied, nothing to do`,
    repeats,
    contest: async () => {
      const load = line(count);
      const url = databases.url;
      await databases.create("ours");
      runOurs(["stamp", "head"], load.folder, url("ours"));
      // Nothing has changed since the last time, nor since the time before.
      for (let i = 0; i < 2; i += 1) runOurs(words, load.folder, url("ours"));
      const rivals: Rival[] =
        count > middle! ? [{ ...read(load), wall: 1.5 }] : [{ ...bare, wall: 2.2 }, connect(url("ours"))];
      if (bench.hasPsql)
        rivals.push({
          name: "psql",
          argv: ["psql", "-XAtqc", "SELECT revision FROM retort.applied", url("ours")],
        });
      for (const [i, peer] of peers.entries()) {
        if (words[0] !== "upgrade" || count > middle!) continue;
        await databases.create(`peer_${i}`);
        const call = peer.up(url(`peer_${i}`));
        runCall(call, peerFolder(peer, load));
        rivals.push({ name: peer.name, ...call, cwd: load.folder, ...(peer.isNode ? { wall: 1 } : {}) });
      }
      return {
        ours: ours(words, load.folder, url("ours")),
        rivals,
        ...(limits === undefined ? {} : { limits }),
      };
    },
  });

  const far = (count: number): Row => ({
    id: `far-${count}`,
    work: `apply ${count}, the server 5 ms away each way`,
    repeats: quick ? 1 : 3,
    contest: async () => {
      const load = line(count);
      const { folder } = load;
      const { takeTrips } = bench.far;
      const url = (name: string): string => bench.far.url(databases.url(name));
      const raw = [
        node,
        path.join(bench.programs, "apply.mjs"),
        url("raw"),
        path.join(folder, "migrations"),
        "up",
      ];
      const counted = <P extends Program>(program: P, name: string): P =>
        onDatabase({ ...program, takeTrips }, name, count);
      return {
        ours: counted({ ...ours(["upgrade", "head"], folder, url("ours")), before: cold }, "ours"),
        rivals: [
          ...psqlOnly([
            counted({ name: "psql", argv: psql(url("psql"), "up.sql"), cwd: folder, wall: 0.2 }, "psql"),
          ]),
          counted({ name: "Node, one message", argv: raw }, "raw"),
          ...peers.map((peer, i) =>
            counted(
              { name: peer.name, ...peer.up(url(`peer_${i}`)), cwd: peerFolder(peer, load) },
              `peer_${i}`,
            ),
          ),
        ],
        limits: { trips: 0.3 },
        count,
      };
    },
  });

  const reading = (
    series: string,
    words: readonly string[],
    load: () => Workload,
    count: number,
    options: {
      readonly wall?: number;
      readonly isFirst?: boolean;
      /** Nothing is kept: the work itself is what counts. */
      readonly withoutCache?: boolean;
      readonly repeats: number;
      readonly limits?: (load: Workload) => Limits;
    },
  ): Row => ({
    id: `${series.replaceAll(/\W+/g, "-")}-${count}${options.isFirst === true ? "-first" : ""}`,
    work: `${series}, ${count}${options.isFirst === true ? ", for the first time" : ""}`,
    repeats: options.repeats,
    ...(options.isFirst === true ? {} : { growth: { series, size: count } }),
    contest: async () => {
      const made = load();
      if (options.isFirst !== true && options.withoutCache !== true) runOurs(words, made.folder);
      const program = ours(words, made.folder);
      return {
        ours: {
          ...program,
          ...(options.isFirst === true ? { before: cold } : {}),
          ...(options.withoutCache === true ? { env: { RETORT_CACHE: "off" } } : {}),
        },
        rivals: [
          {
            ...read(made, ...(words.includes("--sql") ? ["--print"] : [])),
            ...(options.wall === undefined ? {} : { wall: options.wall }),
          },
          ...(options.isFirst === true ? [parse(made)] : []),
        ],
        ...(options.limits === undefined ? {} : { limits: options.limits(made) }),
      };
    },
  });

  const script = ["upgrade", "heads", "--sql"];
  const scriptRows = [small!, middle!, large!].flatMap((count) => {
    const load = (): Workload => line(count);
    const isLarge = count === large;
    const limits = { limits: (made: Workload) => ({ peak: 100 + (6 * made.bytes) / 1e6 }) };
    return [
      reading("script", script, load, count, {
        wall: 8,
        isFirst: true,
        repeats: times(3),
        ...(isLarge ? limits : {}),
      }),
      reading("script", script, load, count, {
        wall: 1.6,
        repeats: times(isLarge ? 5 : 7),
        ...(isLarge ? limits : {}),
      }),
    ];
  });
  const listings = ["heads", "history", "graph"].filter(
    (name) => spawnSync(node, [bench.bin, name, "--help"]).status === 0,
  );
  const growthRows = [
    ...listings.map((name) => [name, [name]] as const),
    ["planning", script] as const,
  ].flatMap(([name, words]) =>
    [small!, middle!, large!].map((count) =>
      reading(`${name} with branches`, words, () => tree(count), count, {
        ...(name === "planning" ? { withoutCache: true } : { wall: 1.6 }),
        repeats: times(count === large ? 3 : 5),
      }),
    ),
  );

  const bulk = (): Workload => workload("data", () => data(bytes));
  const megabytes = bytes / 1e6;
  return [
    ...["--version", "--help"].map(
      (flag): Row => ({
        id: `start${flag.slice(1)}`,
        work: flag,
        repeats: times(15),
        contest: async () => ({
          ours: ours([flag]),
          rivals: [
            { ...bare, wall: 1.3 },
            ...(flag === "--version" ? psqlOnly([{ name: "psql", argv: ["psql", "--version"] }]) : []),
            ...(flag === "--version"
              ? peers.flatMap(({ name, version }) => (version === undefined ? [] : [{ name, ...version }]))
              : []),
          ],
        }),
      }),
    ),
    nothing(["upgrade", "head"], small!, times(9)),
    nothing(["upgrade", "head"], middle!, times(9), { peak: 80 }),
    nothing(["upgrade", "head"], large!, times(5)),
    nothing(["current"], small!, times(9)),
    nothing(["current"], middle!, times(9)),
    nothing(["current"], large!, times(5)),
    nothing(["status"], middle!, times(9)),
    apply(small!, 1.15, times(5), { isFirst: true }),
    apply(small!, 1.15, times(7)),
    apply(middle!, 0.95, times(3), { isFirst: true, limits: { peak: 130 }, cpu: 0.6 }),
    apply(middle!, 0.95, times(5), { cpu: 0.6 }),
    ...(quick ? [] : [apply(large!, 0.9, 2)]),
    back(small!, undefined, times(7)),
    back(middle!, 1.25, times(5)),
    far(small!),
    {
      id: "parse",
      work: `parse ${quick ? 500 : 5_000} statements, for the first time`,
      repeats: times(3),
      contest: async () => {
        const load = line(quick ? 250 : 2_500);
        return {
          ours: { ...ours(script, load.folder), before: cold },
          rivals: [read(load, "--print"), parse(load)],
          limits: { cpu: 2_000 },
        };
      },
    },
    {
      id: "data-script",
      work: `script of a ${megabytes} MB migration, for the first time`,
      repeats: times(2),
      contest: async () => {
        const load = bulk();
        return {
          ours: { ...ours(script, load.folder), before: cold },
          rivals: [read(load, "--print")],
          limits: { peak: 500 },
        };
      },
    },
    {
      id: "data-apply",
      work: `apply a ${megabytes} MB migration, for the first time`,
      repeats: quick ? 1 : 2,
      contest: async () => {
        const { folder } = bulk();
        const url = databases.url;
        return {
          ours: onDatabase({ ...ours(["upgrade", "head"], folder, url("ours")), before: cold }, "ours", 1),
          rivals: psqlOnly([
            onDatabase({ name: "psql", argv: psql(url("psql"), "up.sql"), cwd: folder }, "psql", 1),
          ]),
          limits: { peak: 500 },
        };
      },
    },
    ...scriptRows,
    ...growthRows,
  ];
}

interface Workload {
  readonly folder: string;
  readonly changes: readonly Change[];
  /** Of the up files. */
  readonly bytes: number;
}
