/**
 * What the parsers said of files → the user's cache, by the checksum of each body, so that no body is parsed twice for
 * the same server. It holds no SQL: statements are cut out of the file's text, which has that checksum.
 */
import type { MigrationFile } from "../core/migration.ts";
import type { StatementFacts } from "../core/statement/file.ts";
import { cachedRows, type RowsWriter } from "./cache.ts";
import type { Env } from "./cache-folder.ts";
import { grammarStamps } from "./grammar-files.ts";

/** Of one body; offsets count from where it begins. */
export interface KnownBody {
  readonly statements: readonly StatementFacts[];
  /** As the checksum, without comments and white space. */
  readonly codeChecksum: string;
}

export interface KnownBodies {
  readonly find: (file: MigrationFile) => KnownBody | undefined;
  readonly add: (file: MigrationFile, body: KnownBody) => void;
  /** Keeps what was added. */
  readonly keep: () => void;
}

/** A body by its checksum. */
type Row = readonly [checksum: string, body: KnownBody];

/** What these grammars said of the bodies of a project (its folders, absolute) for a server's major version; 0: for any. */
export function knownBodies(folders: readonly string[], major: number, env: Env): KnownBodies {
  const about = JSON.stringify([major, folders, grammarStamps()]);
  const cache = cachedRows<Row>("parsed", about, env);
  if (cache === undefined) return { find: () => undefined, add: () => {}, keep: () => {} };
  // Read when the first body is asked for: most runs have nothing to do.
  let known: ReadonlyMap<string, KnownBody> | undefined;
  const bodies = (): ReadonlyMap<string, KnownBody> => {
    known ??= new Map(cache.read());
    return known;
  };
  let news: RowsWriter<Row> | undefined;
  const replace = (): RowsWriter<Row> => {
    const rows = cache.replace();
    for (const row of bodies()) rows.add(row);
    return rows;
  };
  return {
    find: (file) => {
      const body = bodies().get(file.checksum);
      return body === undefined || !isPlain(file) ? undefined : shifted(body, file.bodyStart);
    },
    add: (file, body) => {
      if (!isPlain(file)) return;
      news ??= replace();
      news.add([file.checksum, shifted(body, -file.bodyStart)]);
    },
    keep: () => news?.keep(),
  };
}

/** UTF-16 units; what is longer is data, and what is to be said of it about as long. */
const LONG = 128 * 1024;

/** Whether it can be kept: the checksum does not tell one line end from another, and offsets do. */
const isPlain = ({ source: { text } }: MigrationFile): boolean => text.length <= LONG && !text.includes("\r");

function shifted({ statements, ...rest }: KnownBody, by: number): KnownBody {
  const move = (each: StatementFacts): StatementFacts => ({
    ...each,
    begin: each.begin + by,
    start: each.start + by,
    end: each.end + by,
    tail: each.tail + by,
  });
  return { ...rest, statements: statements.map(move) };
}
