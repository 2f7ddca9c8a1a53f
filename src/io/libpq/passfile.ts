/** A password file, and what is connected to → the password that the file holds for it, or why the file is ignored. */
import { shellWord } from "../../core/shell.ts";
import { isNullDevice, statsAt, textIfThere } from "../files.ts";

/** What is connected to. */
export interface Login {
  /** A name, an IP address, or the folder of a Unix socket (begins with `/`). */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** The password, and where it was found, where the file has one; a sentence to print, where the file is ignored. */
export interface FilePassword {
  readonly password?: string;
  readonly origin?: string;
  readonly warning?: string;
}

/** Looks a login up. `isNamed`: the user asked for this file, so that it should be there. */
export function passwordFromFile(file: string, isNamed: boolean, login: Login): FilePassword {
  const stats = statsAt(file);
  if (stats === undefined) {
    return isNamed ? { warning: `the password file ${file} does not exist or cannot be read` } : {};
  }
  if (!stats.isFile()) {
    // That is how one says "no password file".
    return isNullDevice(stats) ? {} : { warning: `the password file ${file} is not a file and is ignored` };
  }
  if (process.platform !== "win32" && (stats.mode & 0o077) !== 0) {
    return {
      warning: `the password file ${file} can be read by others and is ignored; run: chmod 600 ${shellWord(file)}`,
    };
  }
  try {
    const password = passwordFor(login, textIfThere(file, "usage/database-address") ?? "");
    return password === undefined ? {} : { password, origin: `password file ${file}` };
  } catch {
    return { warning: `the password file ${file} cannot be read and is ignored` };
  }
}

const LINE = /^((?:[^\\:]|\\.)*):((?:[^\\:]|\\.)*):((?:[^\\:]|\\.)*):((?:[^\\:]|\\.)*):(.*)$/s;

/** The password of the first line `host:port:database:user:password` that fits; `*` fits all. */
function passwordFor(login: Login, text: string): string | undefined {
  // libpq looks a socket in its default folder up as localhost.
  const host = ["/tmp", "/var/run/postgresql", "/run/postgresql"].includes(login.host)
    ? "localhost"
    : login.host;
  const fields = [host, String(login.port), login.database, login.user];
  for (const line of text.split(/\r?\n/)) {
    const match = line.startsWith("#") ? null : LINE.exec(line);
    if (match === null) continue;
    const [password, ...patterns] = [match[5]!, ...match.slice(1, 5)];
    const fits = patterns.every((pattern, i) => pattern === "*" || unescapeColons(pattern!) === fields[i]);
    if (fits) return unescapeColons(password) || undefined;
  }
  return undefined;
}

function unescapeColons(text: string): string {
  return text.replace(/\\(.)/gs, "$1");
}
