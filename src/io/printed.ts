/**
 * What a command printed → printed again, as long as nothing has changed that it read: its words, the folder it ran
 * in, the variables it looked at, and the names, sizes and times of its files. Only for commands that do nothing but
 * print, only when they succeed, and only when they asked nothing else; what the ledger of a database said is compared
 * by whoever connects to it.
 */
import { createHash } from "node:crypto";
import { fstatSync, statSync, writeSync } from "node:fs";
import {
  type CachedFile,
  cacheFolder,
  createCached,
  createFolder,
  type Env,
  readCached,
  TOO_LATE,
} from "./cache.ts";
import type { Reads } from "./reads.ts";
import { type Stamp, stampOfFile, stampOfFolder } from "./stamp.ts";

/** What was read, and what was printed to which stream: a number of bytes each, in order. */
interface Manifest {
  /** Values as hashes: a variable may hold a password. */
  readonly env: readonly (readonly [name: string, hash: string])[];
  readonly files: readonly (readonly [path: string, stamp: string])[];
  readonly folders: readonly (readonly [path: string, stamp: string])[];
  /** Of the ledger, where it was asked. */
  readonly ledger?: string;
  readonly prints: readonly (readonly [stream: 1 | 2, bytes: number])[];
}

/** Digits of the manifest's length, which a file ends with. */
const LENGTH = 10;
/** Bytes; more is not kept. */
const TOO_MUCH = 64 * 1024 * 1024;

/** What the same command line printed before. */
export interface Printed {
  /** It may be printed again only while this is the fingerprint of the ledger. */
  readonly ledger?: string;
  readonly again: () => void;
}

/** Finds what the same command line printed before; undefined where that is not known, or something has changed. */
export function findPrinted(program: string, words: readonly string[], env: Env): Printed | undefined {
  const folder = cacheFolder(env);
  const key = folder === undefined ? undefined : keyOf(folder);
  if (folder === undefined || key === undefined) return undefined;
  const name = nameOf(program, words, key);
  const bytes = name === undefined ? undefined : readCached(folder, name);
  const manifest = bytes === undefined ? undefined : manifestOf(bytes);
  if (bytes === undefined || manifest === undefined) return undefined;
  const same =
    manifest.env.every(([variable, hash]) => hashOf(env[variable], key) === hash) &&
    manifest.files.every(([path, stamp]) => stampOfFile(path)?.text === stamp) &&
    manifest.folders.every(([path, stamp]) => stampOfFolder(path)?.text === stamp);
  if (!same) return undefined;
  const again = (): void => {
    let at = 0;
    for (const [stream, length] of manifest.prints) {
      print(stream, bytes.subarray(at, at + length));
      at += length;
    }
  };
  return { ...(manifest.ledger === undefined ? {} : { ledger: manifest.ledger }), again };
}

function manifestOf(bytes: Buffer): Manifest | undefined {
  const end = bytes.length - LENGTH;
  const begin = end - Number(bytes.toString("latin1", end));
  try {
    return JSON.parse(bytes.toString("utf8", begin, end)) as Manifest;
  } catch {
    return undefined;
  }
}

/** Keeps what a command prints. */
export interface Recorder extends Reads {
  /** The environment; who reads a variable is seen. */
  readonly env: Env;
  /** All the command does is print: from now on that is kept. */
  readonly begin: () => void;
  /** The command has ended. */
  readonly end: (exitCode: number) => void;
}

export function createRecorder(program: string, words: readonly string[], env: Env): Recorder {
  const variables = new Map<string, string | undefined>();
  const files = new Map<string, string>();
  const folders = new Map<string, string>();
  const prints: [1 | 2, number][] = [];
  let ledger: string | undefined;
  const began = Date.now();
  let file: CachedFile | undefined;
  let key: string | undefined;
  let bytes = 0;
  const drop = (): void => {
    file?.drop();
    file = undefined;
  };
  const note = (
    into: Map<string, string>,
    path: string,
    stampOf: (path: string) => Stamp | undefined,
  ): void => {
    if (file === undefined) return;
    const stamp = stampOf(path);
    if (stamp === undefined || began - stamp.changed < TOO_LATE) drop();
    else into.set(path, stamp.text);
  };
  const look = (target: Env, name: string): Env => {
    variables.set(name, target[name]);
    return target;
  };
  const listen = (stream: 1 | 2, to: NodeJS.WriteStream): void => {
    const write = to.write.bind(to) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
    to.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      const printed = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      file?.add(printed);
      bytes += printed.length;
      if (bytes > TOO_MUCH) drop();
      const last = prints.at(-1);
      if (last?.[0] === stream) last[1] += printed.length;
      else prints.push([stream, printed.length]);
      return write(chunk, ...rest);
    };
  };
  return {
    env: new Proxy(env, {
      get: (target, name: string) => look(target, name)[name],
      has: (target, name: string) => name in look(target, name),
      getOwnPropertyDescriptor: (target, name: string) =>
        Object.getOwnPropertyDescriptor(look(target, name), name),
    }),
    begin: () => {
      const folder = cacheFolder(env);
      if (folder === undefined) return;
      try {
        createFolder(folder);
      } catch {
        return; // and nothing is kept
      }
      key = keyOf(folder);
      const name = key === undefined ? undefined : nameOf(program, words, key);
      if (name === undefined) return;
      file = createCached(folder, name);
      listen(1, process.stdout);
      listen(2, process.stderr);
    },
    file: (path) => note(files, path, stampOfFile),
    folder: (path) => note(folders, path, stampOfFolder),
    ledger: (fingerprint) => {
      if (ledger !== undefined && ledger !== fingerprint) drop();
      ledger = fingerprint;
    },
    other: drop,
    get recording() {
      return file !== undefined;
    },
    end: (exitCode) => {
      if (exitCode !== 0) return drop();
      if (file === undefined || key === undefined) return;
      const known = key;
      const manifest: Manifest = {
        env: [...variables].map(([name, value]) => [name, hashOf(value, known)]),
        files: [...files],
        folders: [...folders],
        ...(ledger === undefined ? {} : { ledger }),
        prints,
      };
      const text = Buffer.from(JSON.stringify(manifest));
      file.add(text);
      file.add(Buffer.from(String(text.length).padStart(LENGTH)));
      file.keep();
      file = undefined;
    },
  };
}

/**
 * The name of what a command line printed here; undefined in a terminal, where the width counts too, and where there is
 * no stdout or no folder any more.
 */
function nameOf(program: string, words: readonly string[], key: string): string | undefined {
  try {
    const [out, err] = [fstatSync(1), fstatSync(2)];
    if (out.isCharacterDevice()) return undefined;
    const line = [program, process.version, process.cwd(), err.isCharacterDevice(), words];
    return `printed-${hashOf(line, key)}`;
  } catch {
    return undefined;
  }
}

/**
 * What is known where the cache lies and in no copy of it: values and words are hashed with it, so that nobody finds a
 * password by trying. Undefined where there is no such folder.
 */
function keyOf(folder: string): string | undefined {
  try {
    const { ino, birthtimeNs } = statSync(folder, { bigint: true });
    return `${ino} ${birthtimeNs}`;
  } catch {
    return undefined;
  }
}

function hashOf(value: unknown, key: string): string {
  const text = JSON.stringify([key, value ?? null]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Writes all of it, and waits where the other end is slow. */
function print(stream: 1 | 2, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(stream, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") {
        onBroken(stream, error);
        return;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** One of our streams cannot be written to. `migrate history | head` closes it early, and that is not an error. */
export function onBroken(stream: 1 | 2, error: unknown): void {
  // Messages that nobody reads are no reason to stop.
  if (stream === 2) return;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EPIPE") process.exit(0);
  print(
    2,
    Buffer.from(
      `error[usage/cannot-write] what is printed cannot be written: ${message}\nhint: make room where it goes, and say it again\n`,
    ),
  );
  process.exit(2);
}
