// Sends SQL to DATABASE_URL, for a case that does to its database what `migrate` would not. Usage: sql STATEMENT …
import process from "node:process";
import pg from "pg";

const client = new pg.Client({ connectionString: process.env.DATABASE_URL, application_name: "sql" });
await client.connect();
for (const statement of process.argv.slice(2)) await client.query(statement);
await client.end();
