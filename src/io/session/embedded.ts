/** The folder of an embedded database → a connection to it, in this process. The only importer of PGlite. */
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { Extensions } from "@electric-sql/pglite";
import { MigrateError } from "../../core/errors.ts";
import type { EmbeddedAddress } from "../libpq/parameters.ts";
import { makeFolder } from "../make-folder.ts";
import { optionalPackage } from "../packages.ts";
import type { Row, Wire, WireListener } from "./types.ts";

const PACKAGE = "@electric-sql/pglite";
const USE = "a database in this process, without a server, is run by";

/**
 * Throws `usage/no-package`, `usage/cannot-write`, `execution/connect`, `execution/database-in-use`. `creates`: a database is made where there is none; else one that is not there is empty, and none is made. `packed`: what
 * a database in memory begins as.
 */
export async function embeddedWire(
  { folder: asked, display, origin }: EmbeddedAddress,
  creates: boolean,
  { onNotice }: WireListener,
  packed?: Uint8Array,
): Promise<Wire> {
  const { PGlite } = await optionalPackage(PACKAGE, USE, () => import("@electric-sql/pglite"));
  refuseOther(display, origin, asked);
  const isThere = asked === "memory" || creates || existsSync(asked);
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

/** PGlite would make a database between what is there. Throws `execution/connect`. */
function refuseOther(display: string, origin: string, folder: string): void {
  if (folder === "memory" || !existsSync(folder)) return;
  const isFolder = statSync(folder).isDirectory();
  if (isFolder && (existsSync(path.join(folder, "PG_VERSION")) || readdirSync(folder).length === 0)) return;
  throw new MigrateError({
    code: "execution/connect",
    message: `cannot connect to ${display} (from ${origin}): ${folder} ${isFolder ? "is not empty, and holds no PGlite database" : "is a file, not a folder"}`,
    hint: "name the folder of a PGlite database, or one that is empty or does not exist yet, for the first upgrade to create it",
  });
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
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const pid = Number.parseInt(readText(file) ?? "", 10);
      if (attempt > 2 || isAlive(pid)) {
        throw new MigrateError({
          code: "execution/database-in-use",
          message: `the embedded database ${folder} is in use by process ${pid}`,
          hint: `wait until that process has ended; if it is not a migrate process, remove ${file}`,
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
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
