/** Every command is run with --json, and what it prints is of the shape that is published for it. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { event, failure, outputSchema, outputSchemaPath, outputs } from "../../scripts/output-schema.ts";
import { groups } from "../../src/cli/command-line.ts";
import { migrateHere } from "../support/migrate.ts";
import { ownDatabase, project } from "../support/project.ts";
import { query, servers } from "../support/server.ts";

const scratch = realpathSync(mkdtempSync(join(tmpdir(), "retort-output-schema-")));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const commands = groups.flatMap(([, entries]) => entries.map(([name]) => name));

test(`${outputSchemaPath} is made of the shapes; else: node scripts/run.mjs scripts/docs.ts`, () => {
  expect(readFileSync(outputSchemaPath, "utf8")).toBe(outputSchema());
});

test("each command has a shape", () => {
  expect(Object.keys(outputs).sort()).toEqual([...commands].sort());
});

/** What each command is given beside --json, in order; a line ends with its exit code where that is not 0. */
const LINES = `
init new
adopt theirs --to ours
adopt theirs --prove --directory ours
adopt theirs --from-database --directory ours
baseline --directory new
doctor 1
check --single-head
lint --all
lint --fix --dry-run
review --all --format json
review --all --format json --sizes --no-catalog
review b:c --format json --scratch postgres://127.0.0.1:1/x
trace
config
list-templates
completion bash
ensure-version --sql
ensure-version
upgrade --sql
upgrade --sql --split split
upgrade base:b --sql -o split/script.sql
receipt split/script.sql
upgrade b
test b
drift
dump
dump b
downgrade b:a --sql
downgrade -1 --yes
stamp b
stamp b:c --sql
status
current --check-heads 1
history -i
graph -i
heads
branches
show b
log
dev --once
revision -m more
revision -m beside --head c --splice
branches
merge heads -m both
edit b
revision --remove --yes
squash base:b
verify
repair --dry-run
doctor
`;

test("what they print is of that shape", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  // A database and a folder that another tool has migrated.
  const { url: other } = await ownDatabase(servers()[0]!);
  await query(
    other,
    "CREATE TABLE schema_migrations (version text); INSERT INTO schema_migrations VALUES ('1')",
  );
  mkdirSync(join(scratch, "theirs"));
  writeFileSync(
    join(scratch, "theirs/1_t.sql"),
    "-- migrate:up\nCREATE TABLE t ();\n\n-- migrate:down\nDROP TABLE t;\n",
  );
  const files = project({
    a: { up: "CREATE TABLE t (id int);", down: "DROP TABLE t;", header: ["branch-labels: main"] },
    b: { up: "CREATE INDEX CONCURRENTLY i ON t (id);", down: "DROP INDEX CONCURRENTLY i;" },
    c: "UPDATE t SET id = 1;",
  });
  const env = { VISUAL: "true", RETORT_CACHE: "off" };
  const run = async (line: string): Promise<string> => {
    const [, words, code = "0"] = /^(.*?)(?: ([1-9]))?$/.exec(line)!;
    const asked = words!.split(" ");
    const isOther = ["init", "adopt", "baseline"].includes(asked[0]!);
    const cwd = isOther ? scratch : files.folder;
    // Without a server the doctor has something to say.
    const down = "postgres://127.0.0.1:1/x";
    const address = isOther ? other : code === "1" && asked[0] === "doctor" ? down : url;
    const world = { ...env, DATABASE_URL: address };
    const { code: ended, stdout, stderr } = await migrateHere([...asked, "--json"], { cwd, env: world });
    expect(`${words} ${ended} ${ended === Number(code) ? "" : stderr}`).toBe(`${words} ${code} `);
    const parsed = outputs[asked[0]!]!.safeParse(JSON.parse(stdout));
    expect(`${words}: ${parsed.error?.message ?? "of its shape"}`).toBe(`${words}: of its shape`);
    return asked[0]!;
  };
  const ran = new Set<string>();
  for (const line of LINES.trim().split("\n")) ran.add(await run(line));
  expect([...ran].sort()).toEqual([...commands].sort());

  await query(url, "CREATE TABLE by_hand ()");
  await run("drift 1");

  // Applied files that changed, in each way, and one that is gone.
  files.write(
    "0001_a.up.sql",
    "-- revision: a\n-- parent: none\n-- branch-labels: main\n-- message: x\n\nCREATE TABLE u ();\n",
  );
  files.write(
    "0002_b.up.sql",
    "-- revision: b\n-- parent: a\n\n-- why\nCREATE INDEX CONCURRENTLY i ON t (id);\n",
  );
  for (const line of ["verify 1", "repair --sql"]) await run(line);
});

test("an error is of the shape of errors, and each line of --json-events of its own", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const files = project({ a: "CREATE TABLE t (id int);", b: "SELECT 1 / 0;" });
  const cwd = files.folder;
  const failed = await migrateHere(["show", "nowhere", "--json"], { cwd });
  expect(failed.code).toBe(4);
  expect(failure.safeParse(JSON.parse(failed.stdout)).error?.message).toBeUndefined();

  const types = async (...words: string[]): Promise<readonly string[]> => {
    const { stdout } = await migrateHere([...words, "--json-events"], { cwd, env: { DATABASE_URL: url } });
    expect(stdout.endsWith("\n")).toBe(true);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly type: string });
    for (const line of lines) expect(event.safeParse(line).error?.message).toBeUndefined();
    return lines.map(({ type }) => type);
  };
  const ofA = ["step-started", "statement-started", "step-done"];
  expect(await types("upgrade", "a")).toEqual([...ofA, "result"]);
  expect(await types("upgrade", "a")).toEqual(["result"]);
  expect(await types("upgrade")).toEqual(["step-started", "statement-started", "error"]);
  expect(await types("downgrade", "base", "--yes")).toEqual([...ofA, "result"]);
  expect(await types("upgrade", "--sql")).toEqual(["error"]);
});

test("a report for JUnit is XML of several lines", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  const { folder } = project({ a: { up: "CREATE TABLE t (id int);", down: "DROP TABLE t;" } });
  const { stdout } = await migrateHere(["test", "--format", "junit"], {
    cwd: folder,
    env: { DATABASE_URL: url },
  });
  expect(stdout).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites [\s\S]*\n<\/testsuites>\n$/);
});
