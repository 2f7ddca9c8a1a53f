// Sends SQL to DATABASE_URL, for a case that does to its database what `migrate` would not. Usage:
// sql SQL … [-- COMMAND]: the session stays open while the shell runs the command, whose exit code it then has.
import { spawnSync } from "node:child_process";
import pg from "pg";

const args = process.argv.slice(2);
const end = args.indexOf("--");
const [statements, command] = end < 0 ? [args, ""] : [args.slice(0, end), args.slice(end + 1).join(" ")];
const client = new pg.Client({ connectionString: process.env.DATABASE_URL, application_name: "sql" });
await client.connect();
for (const statement of statements) await client.query(statement);
if (command !== "") process.exitCode = spawnSync("sh", ["-c", command], { stdio: "inherit" }).status ?? 1;
await client.end();
