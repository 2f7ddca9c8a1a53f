/** A connection → the rows of reading queries, each checked by the schema of its query. The only importer of slonik. */
import slonik, { type QueryResultRow } from "slonik";
import { parsedRow, type Query, type Row, StatementFailure } from "./types.ts";

export interface Reader {
  /** Throws `StatementFailure`, `execution/unexpected-row`. */
  rows<T>(query: Query<T>): Promise<readonly T[]>;
  close(): Promise<void>;
}

/** Reads over a connection that is open already; `rowsOf` sends a text and gives the rows of its last query. */
export async function createReader(rowsOf: (sql: string) => Promise<readonly Row[]>): Promise<Reader> {
  const driverFactory = slonik.createDriverFactory(async () => ({
    createPoolClient: async () => ({
      connect: async () => {},
      end: async () => {},
      query: async (sql: string) => {
        const rows = await rowsOf(sql);
        return { command: "SELECT" as const, fields: [], rowCount: rows.length, rows: [...rows] };
      },
      stream: () => {
        throw new Error("this driver does not stream");
      },
    }),
  }));
  const pool = await slonik.createPool("postgres://", {
    driverFactory,
    connectionRetryLimit: 0,
    connectionTimeout: "DISABLE_TIMEOUT",
    statementTimeout: "DISABLE_TIMEOUT",
    idleInTransactionSessionTimeout: "DISABLE_TIMEOUT",
    idleTimeout: "DISABLE_TIMEOUT",
    queryRetryLimit: 0,
    transactionRetryLimit: 0,
    maximumPoolSize: 1,
    typeParsers: [],
    // The connection is not slonik's: statements of ours reset it.
    resetConnection: async () => {},
    interceptors: [
      {
        name: "schema",
        transformRow: ({ resultParser }, _query, row) =>
          parsedRow({ row: resultParser as unknown as Parser }, row),
      },
    ],
  });
  return {
    rows: async <T>({ sql, row }: Query<T>) => {
      try {
        const token = { sql, values: [], parser: row, type: TOKEN };
        return (await pool.any(token as never)) as readonly T[];
      } catch (error) {
        throw failureIn(error) ?? error;
      }
    },
    close: () => pool.end(),
  };
}

type Parser = Query<QueryResultRow>["row"];

/** slonik's own mark of a query; its `sql` tag takes only templates. */
const TOKEN = Symbol.for("SLONIK_TOKEN_QUERY");

/** slonik wraps the errors that it knows; undefined for its own. */
function failureIn(error: unknown): StatementFailure | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof StatementFailure) return each;
  }
  return undefined;
}
