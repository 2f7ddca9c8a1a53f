/** The folder of an embedded database → a connection to it, in this process. The only importer of PGlite. */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { Extensions } from "@electric-sql/pglite";
import { MigrateError } from "../../core/errors.ts";
import { codeOf, isMissing, reasonOf, statsAt } from "../files.ts";
import type { EmbeddedAddress } from "../libpq/parameters.ts";
import { makeFolder } from "../make-folder.ts";
import { optionalPackage } from "../packages.ts";
import { cannotCreate } from "../write-files.ts";
import type { Row, Wire, WireListener, WireOptions } from "./types.ts";

const PACKAGE = "@electric-sql/pglite";
const USE = "a database in this process, without a server, is run by";

/**
 * Throws `usage/no-package`, `usage/cannot-write`, `execution/connect`, `execution/database-in-use`. `creates`: a database is made where there is none; else one that is not there is empty, and none is made; with
 * `asksContents` it is refused. `packed`: what a database in memory begins as.
 */
export async function embeddedWire(
  address: EmbeddedAddress,
  { creates = false, asksContents = false, packed }: WireOptions,
  { onNotice }: WireListener,
): Promise<Wire> {
  const { folder: asked } = address;
  const { PGlite } = await optionalPackage(PACKAGE, USE, () => import("@electric-sql/pglite"));
  const isThere = asked === "memory" || holdsDatabase(address, asksContents) || creates;
  if (!isThere) {
    const message = `there is no database in ${asked} yet; the first upgrade creates it`;
    onNotice({ severity: "WARNING", message });
  }
  const folder = isThere ? asked : "memory";
  const unlock = folder === "memory" ? () => {} : lockFolder(folder);
  const extensions = Object.fromEntries(
    await Promise.all(
      EXTENSIONS.map(async (name) => {
        const entry = `${PACKAGE}/contrib/${name}`;
        const module = (await import(/* @vite-ignore */ entry)) as Record<string, unknown>;
        return [name, module[name]];
      }),
    ),
  );
  const db = new PGlite(folder === "memory" ? "memory://" : folder, {
    extensions: extensions as Extensions,
    ...(packed === undefined ? {} : { loadDataDir: new Blob([packed as Uint8Array<ArrayBuffer>]) }),
  });
  return {
    connect: () => db.waitReady,
    end: async () => {
      try {
        await db.close();
      } finally {
        unlock();
      }
    },
    send: async (text, wantsRows) => {
      const results = await db.exec(text, {
        onNotice: (n) => onNotice({ severity: n.severity ?? "NOTICE", message: n.message ?? "" }),
      });
      const found = wantsRows ? results.findLast(({ fields }) => fields.length > 0) : undefined;
      return { tag: "", rows: (found?.rows ?? []) as readonly Row[] };
    },
    aside: async () => [],
    cancel: async () => {},
    announced: () => undefined,
    pack: async () => new Uint8Array(await (await db.dumpDataDir("gzip")).arrayBuffer()),
  };
}

/**
 * Whether the folder is there, with a database or empty. PGlite would make one between what is there. Throws
 * `execution/connect` where that is something else, and where only a database will do and there is none.
 */
function holdsDatabase({ display, origin, folder }: EmbeddedAddress, asksContents: boolean): boolean {
  const fault = (is: string): MigrateError =>
    new MigrateError({
      code: "execution/connect",
      message: `cannot connect to ${display} (from ${origin}): ${folder} ${is}`,
      hint: `name the folder of a PGlite database${asksContents ? "" : ", or one that is empty or does not exist yet, for the first upgrade to create it"}`,
    });
  try {
    const names = readdirSync(folder);
    if (names.includes("PG_VERSION") || (names.length === 0 && !asksContents)) return true;
  } catch (error) {
    if (statsAt(folder)?.isFile() === true) throw fault("is a file, not a folder");
    if (isMissing(error)) {
      if (asksContents) throw fault("does not exist");
      return false;
    }
    throw fault(`cannot be read: ${reasonOf(error)}`);
  }
  throw fault(`${asksContents ? "" : "is not empty, and "}holds no PGlite database`);
}

/** Of PGlite: what one has packed only the same can unpack. Throws `usage/no-package`. */
export async function embeddedVersion(): Promise<string> {
  const main = await optionalPackage(PACKAGE, USE, () =>
    createRequire(import.meta.url).resolve("@electric-sql/pglite"),
  );
  const text = readFileSync(path.join(path.dirname(main), "..", "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** Contrib modules that PGlite ships and must be given before CREATE EXTENSION can find them. */
const EXTENSIONS = [
  "btree_gin",
  "btree_gist",
  "citext",
  "fuzzystrmatch",
  "hstore",
  "intarray",
  "ltree",
  "pg_trgm",
  "pgcrypto",
  "unaccent",
  "uuid_ossp",
] as const;

/**
 * PGlite lets a second process open and write the same folder, which destroys it: a lock file beside the folder
 * names the process that has it. One left behind by a process that is gone is taken over.
 */
function lockFolder(folder: string): () => void {
  const file = `${path.resolve(folder)}.lock`;
  const mine = `${process.pid} ${randomUUID()}`;
  makeFolder(path.dirname(file));
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(file, mine, { flag: "wx" });
      return () => {
        if (readText(file) === mine) rmSync(file, { force: true });
      };
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw cannotCreate(file, error);
      const pid = Number.parseInt(readText(file) ?? "", 10);
      if (attempt > 2 || isAlive(pid)) {
        const isOwn = pid === process.pid;
        throw new MigrateError({
          code: "execution/database-in-use",
          message: `the embedded database ${folder} is in use by ${isOwn ? "this process" : `process ${pid}`}`,
          // One that is gone may have left its number to another, or to us in a new container; one that uses the API is no `migrate`.
          hint: isOwn
            ? `await one call before the next begins; if there is no other, an ended process has left ${file}: remove it`
            : `wait until that process has ended; if it is one that does not use this database, remove ${file}`,
        });
      }
      rmSync(file, { force: true });
    }
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
