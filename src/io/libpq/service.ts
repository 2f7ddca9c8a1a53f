/** The name of a service, and connection service files → the connection parameters of that service. */
import { checkParameter, type Found } from "../../core/address.ts";
import { CONFLICT_HINT, isConflict } from "../../core/conflict.ts";
import { MigrateError } from "../../core/errors.ts";
import { textIfSeen, textIfThere } from "../files.ts";

export interface Service {
  /** Names and values, in file order. */
  readonly entries: readonly (readonly [string, string])[];
  /** `service shop in /home/ann/.pg_service.conf` */
  readonly origin: string;
}

/**
 * The first of these files that has the service decides. `named`: the one that the user asked for. Throws `usage/service`, and `usage/database-address` for
 * a parameter that is unknown or not supported.
 */
export function readService(service: Found, files: readonly string[], named?: string): Service {
  let present = false;
  for (const file of files) {
    const text = (file === named ? textIfThere : textIfSeen)(file, "usage/service");
    present ||= text !== undefined;
    const entries = text === undefined ? undefined : sectionOf(text, service.value, file);
    if (entries !== undefined) return { entries, origin: `service ${service.value} in ${file}` };
  }
  throw new MigrateError({
    code: "usage/service",
    message: `service "${service.value}" does not exist in ${files.join(" or ")} (from ${service.origin})`,
    hint: present
      ? `add a section [${service.value}] to such a file, or name the file that has it in PGSERVICEFILE`
      : `no such file is found: create it with a section [${service.value}], or name another in PGSERVICEFILE`,
  });
}

/** The `key=value` lines below `[name]`; undefined where the file has no such section. */
function sectionOf(text: string, name: string, file: string): Service["entries"] | undefined {
  let section: string | undefined;
  let entries: (readonly [string, string])[] | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    section = /^\[(.*)\]$/.exec(line)?.[1] ?? section;
    if (section !== name) continue;
    if (line.startsWith("[")) {
      // As in libpq, the first section of that name ends the search.
      if (entries !== undefined) break;
      entries = [];
    } else entries?.push(entryOf(line, file, index + 1));
  }
  return entries;
}

function entryOf(line: string, file: string, number: number): readonly [string, string] {
  const equals = line.indexOf("=");
  const key = line.slice(0, Math.max(0, equals));
  const isOther = key === "service";
  if (isOther || !/^\S+$/.test(key)) {
    throw new MigrateError({
      code: "usage/service",
      message: isOther
        ? "a service cannot name another service"
        : "a line of the service file is not key=value",
      hint: isConflict(line)
        ? CONFLICT_HINT
        : isOther
          ? "leave the line out"
          : "write one parameter per line, such as host=db.example.com, without spaces around =",
      location: { path: file, line: number, column: 1 },
    });
  }
  checkParameter(key, line.slice(equals + 1), `${file} line ${number}`);
  return [key, line.slice(equals + 1)];
}
