// Mistakes of programs, by name; what the API throws is printed as the command line prints it.
import { appendFileSync } from "node:fs";
import { fix, upgrade } from "pgretort";
import { withMigratedDatabase } from "pgretort/test";
import pg from "pg";

const mistakes = {
  "unknown option": () => upgrade({ traget: "b2" }),
  "client that is not connected": () => upgrade({ connection: new pg.Client() }),
  "client in a transaction": async () => {
    const client = new pg.Client(process.env.DATABASE_URL);
    await client.connect();
    try {
      await client.query("BEGIN");
      await upgrade({ connection: client });
    } finally {
      await client.end();
    }
  },
  "test database before the tests": () => withMigratedDatabase({ before() {}, after() {} }).url,
  "editor that saves meanwhile": () => {
    const onScratch = () => appendFileSync("migrations/0002_by_note.up.sql", "-- by note\n");
    const deps = { env: process.env, cwd: process.cwd(), now: () => new Date() };
    return fix(deps, { which: ["b2"], onScratch });
  },
};

try {
  await mistakes[process.argv[2]]();
} catch ({ code, message, hint }) {
  // A test framework shows the message alone, which then has the hint.
  console.error(`error[${code}] ${message}${message.includes("\nhint: ") ? "" : `\nhint: ${hint}`}`);
}
