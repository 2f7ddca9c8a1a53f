/** Where a script goes and what names it: the same bytes everywhere, whole files, receipts, and the log that keeps them. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { receiptsOf } from "../../src/core/receipt.ts";
import { builtCli } from "../support/cases.ts";
import { example, migrateHere } from "../support/migrate.ts";
import { ownDatabase, project } from "../support/project.ts";
import { needsPsql, psql, runScript } from "../support/psql.ts";
import { ownRole } from "../support/roles.ts";
import { query, servers } from "../support/server.ts";

const root = mkdtempSync(join(tmpdir(), "retort-output-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const [server] = servers();
const script = ["upgrade", "head", "--sql", "--directory", example];

describe("the same files and arguments", () => {
  test("give the same bytes, wherever, whenever and by whomever they are asked for", async () => {
    const wanted = await migrateHere(script);
    expect(wanted.code).toBe(0);
    const elsewhere = join(root, "elsewhere");
    cpSync(example, join(elsewhere, "deep", "er"), { recursive: true });
    symlinkSync(join(elsewhere, "deep", "er"), join(elsewhere, "link"));
    const env = {
      TZ: "Asia/Kathmandu",
      LANG: "tr_TR.UTF-8",
      LC_ALL: "tr_TR.UTF-8",
      USER: "somebody",
      HOME: "/",
      FORCE_COLOR: "1",
      NO_COLOR: "",
    };
    const worlds: readonly (readonly [string, string])[] = [
      ["/", join(elsewhere, "deep", "er")],
      [elsewhere, "deep/er"],
      [elsewhere, "./deep/../deep/er/"],
      [elsewhere, "link"],
    ];
    for (const [cwd, directory] of worlds) {
      const found = await migrateHere(["upgrade", "head", "--sql", "--directory", directory], { cwd, env });
      expect(found.stdout === wanted.stdout, directory).toBe(true);
      expect(found.stderr).toBe(wanted.stderr);
    }
    expect(wanted.stdout).not.toContain("\u001b");
    // Line ends of the files are part of a statement's bytes, and no part of its checksum.
    const crlf = join(root, "crlf");
    mkdirSync(crlf);
    for (const name of readdirSync(example)) {
      writeFileSync(join(crlf, name), readFileSync(join(example, name), "utf8").replaceAll("\n", "\r\n"));
    }
    const other = await migrateHere(["upgrade", "head", "--sql", "--directory", crlf]);
    expect(other.stdout.match(/^-- +checksum .*$/gm)).toEqual(wanted.stdout.match(/^-- +checksum .*$/gm));
    expect(other.stdout.replaceAll("\r\n", "\n").replaceAll(/[0-9a-f]{64}/g, "")).toBe(
      wanted.stdout.replaceAll(/[0-9a-f]{64}/g, ""),
    );
  });

  test("in every place a script can go to", async () => {
    const { stdout, stderr } = await migrateHere(script);
    const file = join(root, "out.sql");
    // An empty file, and then a script, are replaced; what is neither stays (way-back.test.ts).
    writeFileSync(file, "");
    for (const _ of ["the first time", "again"])
      expect(await migrateHere([...script, "-o", file])).toMatchObject({ code: 0, stdout: "", stderr });
    expect(readFileSync(file, "utf8") === stdout).toBe(true);
    expect(readdirSync(root).filter((name) => name.startsWith("out"))).toEqual(["out.sql"]);
    const device = spawnSync("bash", ["-c", `node '${builtCli}' ${script.join(" ")} -o /dev/stdout | cat`], {
      encoding: "utf8",
    });
    expect(device.stdout === stdout, device.stderr).toBe(true);
    const value = JSON.parse((await migrateHere([...script, "--json", "-q"])).stdout) as {
      script: string;
      receipt: string;
    };
    expect(value.script === stdout).toBe(true);
    expect(stderr).toBe(`receipt: sha256:${value.receipt} (16 steps)\n`);
  });

  test("a script that was changed is written again by the command that the check of its receipt names", async () => {
    const { folder: cwd } = project({
      a: "CREATE TABLE a ();",
      b: { up: "CREATE TABLE b ();", down: "DROP TABLE b;" },
      c: { up: "CREATE TABLE c ();", down: "DROP TABLE c;", parent: "none" },
    });
    writeFileSync(join(cwd, "migrate.config.json"), '{"directories": ["."], "environments": {"prod": {}}}');
    const write = (command: string) => migrateHere(command.split(" ").slice(1), { cwd });
    /** The hint where the script of a command was changed. */
    const hintOf = async (text: string): Promise<string> => {
      const changed = join(root, "changed.sql");
      writeFileSync(changed, `${text}-- mine\n`);
      const { code, stderr } = await migrateHere(["receipt", changed], { cwd });
      expect(code, stderr).toBe(1);
      return stderr;
    };
    const again = async (text: string): Promise<string | undefined> =>
      /write it again with: (.*), and compare the two/.exec(await hintOf(text))?.[1];
    for (const command of [
      "migrate ensure-version --sql",
      "migrate stamp base:b --sql",
      "migrate downgrade b:a --sql --no-annotate",
      "migrate upgrade base:b --sql --idempotent --expect-database shop --expect-role deploy",
      "migrate upgrade a:b --sql --single-transaction --client any",
      "migrate upgrade base:b --sql --lock-timeout 3s --statement-timeout 1min --lock-retries 7 --expect-database shop-of-the-north --server-version 15.2 --source v1",
      "migrate upgrade a:b --sql -n prod --idempotent",
      "migrate upgrade a:b --sql --with-downgrade FILE",
      "migrate downgrade b:0001 --sql",
      // It leads to b, but what is above b is nothing.
      "migrate downgrade b,c:c@base --sql",
    ]) {
      const { code, stdout, stderr } = await write(command);
      expect(code, stderr).toBe(0);
      expect(await again(stdout)).toBe(command);
      if (command.includes("-n "))
        expect(stdout).toContain("'migrate upgrade %s:b --sql -n prod --idempotent'");
      rmSync(join(cwd, "FILE"), { force: true });
    }
    await write("migrate upgrade a:b --sql --split DIR");
    const [name = ""] = readdirSync(join(cwd, "DIR"));
    expect(await again(readFileSync(join(cwd, "DIR", name), "utf8"))).toBe(
      "migrate upgrade a:b --sql --split DIR",
    );
    rmSync(join(cwd, "DIR"), { recursive: true });
    const { url } = await ownDatabase(server!);
    const found = await write(`migrate upgrade b --sql --from-database --database ${url}`);
    const command = (await again(found.stdout)) ?? "";
    expect(command).toMatch(/^migrate upgrade base:b --sql --server-version \d\d$/);
    expect((await write(command)).stdout).toBe(found.stdout);
    // What a shell would read otherwise is not shown.
    for (const odd of ["--expect-database $(date)", "--x; date"]) {
      const { stdout } = await write("migrate upgrade a:b --sql --idempotent");
      const hint = await hintOf(stdout.replace("-- With: --idempotent", `-- With: ${odd}`));
      expect(hint).toMatch(/; compare it with the script that was handed out\n$/);
    }
  });

  test("a reader that has seen enough is no error", () => {
    const command = `node '${builtCli}' ${script.join(" ")}`;
    const { stdout, stderr } = spawnSync(
      "bash",
      ["-c", `${command} -q | head -n 1; echo "\${PIPESTATUS[0]}"`],
      { encoding: "utf8" },
    );
    expect(stderr).toBe("");
    expect(stdout).toBe("-- Retort migration script: upgrade <base> -> 3fb05c94e8d2\n0\n");
  });

  test("a failure leaves the file as it was", async () => {
    const file = join(root, "kept.sql");
    writeFileSync(file, "as it was");
    expect(
      (await migrateHere(["upgrade", "nowhere", "--sql", "--directory", example, "-o", file])).code,
    ).toBe(4);
    expect(readFileSync(file, "utf8")).toBe("as it was");
    expect((await migrateHere([...script, "-o", join(root, "no", "folder.sql")])).code).toBe(2);
    expect(existsSync(join(root, "no"))).toBe(false);
  });
});

test("lines of ours are at most 100 wide, but for those that hold checksums, and no two empty lines stand together", async () => {
  const { stdout } = await migrateHere(script);
  const files = readdirSync(example)
    .map((name) => readFileSync(join(example, name), "utf8"))
    .join("\n");
  const theirs = new Set(files.split("\n").map((line) => line.trim()));
  const wide = stdout
    .split("\n")
    .filter((line) => line.length > 100 && !theirs.has(line.trim()) && !/[0-9a-f]{64}/.test(line));
  // The rounds of a batched UPDATE are the author's too, but for a name in them.
  expect(wide.filter((line) => !line.includes("retort.batch_size"))).toEqual([]);
  expect(stdout).not.toMatch(/\n\n\n/);
});

test("split files: names that sort, an empty folder, and nothing in it when something is wrong", async () => {
  const folder = join(root, "split");
  const { code, stderr } = await migrateHere([...script, "--split", folder]);
  expect(code).toBe(0);
  const names = readdirSync(folder);
  expect(
    stderr
      .split("\n")
      .slice(0, -1)
      .map((line) => line.replace(/ {2}sha256:[0-9a-f]{64}$/, "")),
  ).toEqual(names.map((name) => join(folder, name)));
  expect(names.sort()).toEqual(names);
  for (const name of names) expect(name).toMatch(/^\d{4}_(start|up_\w+?(_\d_of_\d)?)\.sql$/);
  expect(await migrateHere([...script, "--split", folder])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("is not empty"),
  });
  const other = join(root, "other");
  await migrateHere(["upgrade", "nowhere", "--sql", "--directory", example, "--split", other]);
  expect(existsSync(other)).toBe(false);
});

describe("receipts", () => {
  test("from the writing to the log of the database", async (context) => {
    needsPsql(context);
    const file = join(root, "receipt.sql");
    const { stderr } = await migrateHere([...script, "-o", file]);
    const receipt = /sha256:[0-9a-f]{64}/.exec(stderr)![0];
    expect(await migrateHere(["receipt", file])).toEqual({
      code: 0,
      stdout: `${receipt}\n`,
      stderr: "unchanged since it was written\n",
    });
    // What any shell can compute.
    const digits = receipt.slice("sha256:".length);
    const command = `sed 's/${digits}/${"0".repeat(64)}/g' '${file}' | sha256sum`;
    expect(`sha256:${spawnSync("sh", ["-c", command], { encoding: "utf8" }).stdout.slice(0, 64)}`).toBe(
      receipt,
    );

    const { url } = await ownDatabase(server!);
    const { stdout } = await psql(url, file);
    expect(stdout).toContain(receipt);
    const log = await migrateHere(["log", "--database", url]);
    expect(log.stdout).toMatch(
      new RegExp(
        `\n\\S+Z {2}postgres {2}began script with receipt ${receipt}, revisions base:3fb05c94e8d2\n$`,
      ),
    );
    const value = JSON.parse((await migrateHere(["log", "--json", "--database", url])).stdout) as {
      log: readonly object[];
    };
    expect(value.log).toHaveLength(17);
    expect(value.log.at(-1)).toMatchObject({
      event: "script",
      checksum: receipt.slice("sha256:".length),
      detail: "base:3fb05c94e8d2",
    });

    // One letter, wherever it is, and it is another script.
    const text = readFileSync(file, "utf8");
    const digitsOf = (places: RegExp): string =>
      text.replace(places, (all) => all.replace(/[0-9a-f]{64}/, "0".repeat(64)));
    for (const [changed, how] of [
      [text.replace("CREATE SCHEMA shop", "CREATE SCHEMA shoq"), "it cannot be told where;"],
      [text.replace("Retort migration", "Retort Migration"), "it cannot be told where;"],
      [text.replace("-- Receipt", "-- Receit"), undefined],
      [text.replaceAll(/.{78}/g, "$&\n"), "its lines were broken, as in the text of a mail;"],
      [text.replaceAll(/(.{1,60}) /g, "$1 \n"), "its lines were broken, as in the text of a mail;"],
      [text.slice(0, -1), "it cannot be told where;"],
      [text.slice(0, 50_000), "its end is missing: it was cut off;"],
      // Behind the \\endif of another \\if.
      [text.replace(/^\\if :retort_passed .*/ms, ""), "its end is missing: it was cut off;"],
      [digitsOf(/begin_script\('[0-9a-f]{64}'/), "it cannot be told where;"],
      [digitsOf(/'sha256:[0-9a-f]{64}' AS receipt/), "it cannot be told where;"],
      [`\ufeff${text}`, "a byte order mark was put before it;"],
      [
        `\ufeff${text.replaceAll("\n", "\r\n")}`,
        "a byte order mark was put before it, and its line ends were changed, to CRLF or CR;",
      ],
      [`\ufeff${text}\n`, "a byte order mark was put before it, and text was added after its end;"],
      [`-- Checked by the DBA.\n${text}`, "text was added before its title;"],
      [`${text}\n`, "text was added after its end;"],
      [
        `SELECT 1;\n${text}DROP TABLE x;`,
        "text was added before its title, and text was added after its end;",
      ],
      [
        `SELECT 1;\n${text.replace("CREATE SCHEMA shop", "CREATE SCHEMA shoq")}`,
        "text was added before its title, and more was changed, it cannot be told where;",
      ],
      [
        `SELECT 1;\n${text.slice(0, 50_000)}`,
        "text was added before its title, and its end is missing: it was cut off;",
      ],
      [text.replace("-- Receipt", "-- Checked.\n-- Receipt"), "it cannot be told where;"],
    ] as const) {
      writeFileSync(file, changed);
      const found = await migrateHere(["receipt", file]);
      if (how === undefined) {
        expect(found).toMatchObject({ code: 2, stderr: expect.stringContaining("has no receipt") });
        continue;
      }
      expect(found).toEqual({
        code: 1,
        stdout: expect.not.stringContaining(receipt),
        stderr: expect.stringMatching(
          new RegExp(`was changed after it was written: ${how}.*its receipt is ${receipt}`),
        ),
      });
    }
    writeFileSync(file, text.replaceAll("\n", "\r\n"));
    expect(await migrateHere(["receipt", file])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("CRLF"),
    });
    const other = await ownDatabase(server!);
    expect(await psql(other.url, file)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("its line ends were converted"),
    });
    expect(await query(other.url, "SELECT FROM pg_namespace WHERE nspname = 'retort'")).toEqual([]);
  });

  test("it is written where the project's role is another than the one that connects", async (context) => {
    needsPsql(context);
    const [owner, login] = [await ownRole(server!, "NOLOGIN"), await ownRole(server!, "LOGIN")];
    const { url, name } = await ownDatabase(server!);
    await query(
      url,
      `GRANT ${owner.name} TO ${login.name}; GRANT CREATE ON DATABASE ${name} TO ${owner.name}; GRANT CREATE ON SCHEMA public TO ${owner.name}`,
    );
    const shop = project(
      { a: "CREATE TABLE a (x int);", b: "CREATE INDEX CONCURRENTLY a_x ON a (x);" },
      { role: owner.name },
    );
    const text = await shop.script("base:b");
    expect(await runScript(login.url(name), text)).toMatchObject({ code: 0 });
    const { stated } = receiptsOf(text)!;
    expect(await query(url, "SELECT by, checksum, how FROM retort.log WHERE event = 'script'")).toEqual([
      { by: login.name, checksum: stated, how: "script" },
    ]);
    await query(url, `DROP OWNED BY ${owner.name} CASCADE`);
  });

  test("an idempotent script that finds nothing to do leaves no receipt", async (context) => {
    needsPsql(context);
    const { url } = await ownDatabase(server!);
    const file = join(root, "twice.sql");
    await migrateHere([...script, "--idempotent", "-o", file]);
    for (let run = 0; run < 3; run += 1) expect((await psql(url, file)).code).toBe(0);
    expect(await query(url, "SELECT event FROM retort.log WHERE event = 'script'")).toHaveLength(1);
  });
});
