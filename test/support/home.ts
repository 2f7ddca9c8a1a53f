/** A text of an address, variables, and the files of a home folder of its own → the address that is connected to. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { parseAddress } from "../../src/core/address.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { resolveAddress, type ServerAddress } from "../../src/io/libpq/parameters.ts";

export interface Home {
  readonly folder: string;
  /** Writes a file below the folder; its path. */
  readonly write: (name: string, text: string, mode?: number) => string;
  readonly resolve: (text: string, env?: Readonly<Record<string, string>>) => Promise<ServerAddress>;
  /** The error that `resolve` ends in. */
  readonly failure: (text: string, env?: Readonly<Record<string, string>>) => Promise<MigrateError>;
}

/** An empty home folder, deleted behind the test. */
export function makeHome(): Home {
  const folder = mkdtempSync(path.join(tmpdir(), "retort-home-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const resolve: Home["resolve"] = async (text, env = {}) => {
    const variables: Readonly<Record<string, string>> = { HOME: folder, ...env };
    const address = await resolveAddress(parseAddress(text, "a test"), "a test", folder, {
      variable: (name) => {
        const value = variables[name];
        return value === undefined ? undefined : { value, origin: `environment variable ${name}` };
      },
      cwd: folder,
    });
    if (address.kind !== "server") throw new Error("a server was expected");
    return address;
  };
  return {
    folder,
    write: (name, text, mode = 0o600) => {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
      chmodSync(file, mode);
      return file;
    },
    resolve,
    failure: async (text, env) => {
      const error: unknown = await resolve(text, env).catch((thrown: unknown) => thrown);
      if (error instanceof MigrateError) return error;
      throw new Error(`a MigrateError was expected, not ${JSON.stringify(error)}`);
    },
  };
}
