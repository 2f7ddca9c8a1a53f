/** Dumps loaded into an empty database: the same catalog, for one-change cases over all object classes and for the example. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { dump } from "../../src/app/dump.ts";
import { run } from "../../src/app/run.ts";
import { writeOutputs } from "../../src/app/write-output.ts";
import type { Catalog } from "../../src/core/catalog/catalog.ts";
import { compareCatalogs } from "../../src/core/catalog/compare.ts";
import { type Dump, dumpOf, dumpText } from "../../src/core/dump/dump.ts";
import { dumpFiles } from "../../src/core/dump/folder.ts";
import { outputs } from "../../src/core/outputs.ts";
import { readCatalog } from "../../src/io/catalog.ts";
import { replaceDump } from "../../src/io/dump-folder.ts";
import { changes, soleChanges } from "../support/changes.ts";
import { deps, example } from "../support/migrate.ts";
import { ownDatabase } from "../support/project.ts";
import { canDo, dropSubscriptions, nameOf, sendChanges, sqlOf } from "../support/send-changes.ts";
import { query, servers, type TestServer } from "../support/server.ts";
import { sessionOn } from "../support/session.ts";

const ROLE = "retort_dump_role";
const folder = mkdtempSync(join(tmpdir(), "retort-dump-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is in a database that was empty before that text was sent. */
async function loaded(server: TestServer, text: string): Promise<Catalog> {
  const { url } = await ownDatabase(server);
  const session = await sessionOn(url);
  try {
    await session.send(text);
    return await readCatalog(session, "retort");
  } finally {
    await session.close();
  }
}

/** The files of a folder, one behind the other, as psql reads `load.psql`. */
function textOfFiles(dumped: Dump): string {
  const files = new Map(dumpFiles(dumped).map(({ path, text }) => [path, text]));
  return files
    .get("load.psql")!
    .replace(/^\\set .*$/m, "")
    .replaceAll(/^\\ir '(.*)'$/gm, (_, path: string) => files.get(path.replaceAll("''", "'"))!);
}

const withoutSubscriptions = (catalog: Catalog): Catalog => ({
  ...catalog,
  objects: catalog.objects.filter((each) => each.class !== "subscription"),
});

test("a folder of migrations takes no dump", async () => {
  const link = `${folder}-link`;
  symlinkSync(folder, link);
  for (const to of [`../${basename(folder)}/`, link])
    await expect(dump(deps({}, folder), { directories: ["."], folder: to })).rejects.toMatchObject({
      code: "usage/own-folder",
    });
  const write = (path: string, directories: readonly string[]) =>
    writeOutputs(deps({}, folder), outputs.script, [{ path, pieces: ["SELECT 1;"] }], directories);
  await expect(write(join(link, "s.SQL"), ["."])).rejects.toMatchObject({ code: "usage/own-folder" });
  await write("other.md", ["."]);
  rmSync(join(folder, "other.md"));
  rmSync(link);
});

test("what is in the way of a dump is named, and what is there stays", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "retort-dump-"));
  mkdirSync(join(cwd, "a/load.psql"), { recursive: true });
  mkdirSync(join(cwd, "b"));
  for (const file of ["file", "b/shop"]) writeFileSync(join(cwd, file), "");
  const files = ["load.psql", "shop/users.sql"].map((path) => ({ path, text: "SELECT 1;\n" }));
  for (const [to, message] of [
    ["file", "file is a file, and the dump needs a folder there"],
    ["file/x", "file is a file, and the dump needs a folder there"],
    [join(cwd, "file"), `${join(cwd, "file")} is a file, and the dump needs a folder there`],
    ["a", "a/load.psql is a folder, and the dump has a file of that name"],
    ["b", "b/shop is a file, and the dump needs a folder there"],
  ] as const)
    await expect(replaceDump(to, files, { cwd }).catch((error: unknown) => error)).resolves.toMatchObject({
      code: "usage/not-a-dump",
      message,
      hint: "nothing was written; name another folder with --to DIR, or move it",
    });
  expect(readdirSync(join(cwd, "b"))).toEqual(["shop"]);
  rmSync(cwd, { recursive: true });
});

describe.sequential.each(servers())("on $name", (server) => {
  const owner = new URL(server.url()).username;

  test("each of the one-change cases, before and after its change; of subscriptions no SQL can be written", async () => {
    await query(server.url(), `DROP ROLE IF EXISTS ${ROLE}; CREATE ROLE ${ROLE}`);
    const { url } = await ownDatabase(server);
    const session = await sessionOn(url);
    try {
      for (const which of ["setup", "change"] as const) {
        await sendChanges(session, which, ROLE);
        const whole = await readCatalog(session, "retort");
        const ofSubscriptions = changes.filter(
          (each) => canDo(each, session) && each.sees.startsWith("subscription"),
        );
        expect(() => dumpOf(whole, owner)).toThrow("cannot dump subscription sub_");
        expect(whole.objects.filter((each) => each.class === "subscription").length).toBe(
          which === "setup" ? 1 : ofSubscriptions.length,
        );
        const catalog = withoutSubscriptions(whole);
        const dumped = dumpOf(catalog, owner);
        expect(compareCatalogs(catalog, await loaded(server, dumpText(dumped)))).toEqual([]);
        expect(compareCatalogs(catalog, await loaded(server, textOfFiles(dumped)))).toEqual([]);
      }
    } finally {
      await dropSubscriptions(session);
      await session.close();
    }
  });

  test.each(soleChanges.filter(({ sees }) => !sees.startsWith("large objects")))(
    "$change",
    async ({ setup, change }) => {
      const { url } = await ownDatabase(server);
      const session = await sessionOn(url);
      await session.send(sqlOf(`${setup} ${change}`, nameOf(0), ROLE));
      const catalog = await readCatalog(session, "retort");
      await session.close();
      expect(compareCatalogs(catalog, await loaded(server, dumpText(dumpOf(catalog, owner))))).toEqual([]);
    },
  );

  test("the example: the database and the replay are one dump, which a run keeps current", async () => {
    const { url } = await ownDatabase(server);
    const file = join(folder, `${server.name}.sql`);
    const config = join(folder, `${server.name}.json`);
    writeFileSync(config, JSON.stringify({ directories: [example], dump: { file } }));
    const project = { config, database: url };
    await run(deps(), { kind: "upgrade", target: "head" }, project);
    const ofDatabase = await dump(deps(), project);
    expect(readFileSync(file, "utf8")).toBe(ofDatabase.text);
    const own = { directories: [join(folder, "to/shop")], database: url, folder: join(folder, "to") };
    await expect(dump(deps(), own)).rejects.toMatchObject({ code: "usage/own-folder" });
    expect((await dump(deps(), { ...project, revision: "head" })).text).toBe(ofDatabase.text);
    const session = await sessionOn(url);
    const catalog = await readCatalog(session, "retort");
    await session.close();
    expect(compareCatalogs(catalog, await loaded(server, ofDatabase.text))).toEqual([]);

    await run(deps(), { kind: "downgrade", target: "base" }, project);
    expect(readFileSync(file, "utf8")).not.toContain("CREATE TABLE");

    writeFileSync(file, "not a dump");
    const notices: string[] = [];
    const onNotice = ({ message }: { readonly message: string }) => void notices.push(message);
    await run(deps(), { kind: "upgrade", target: "+1" }, { ...project, onNotice });
    expect(notices).toEqual([
      `dump.file was not written: ${file} exists, and is not a dump as migrate writes it; once that is settled, run: migrate dump -o "${file}"`,
    ]);

    await query(
      url,
      "CREATE SUBSCRIPTION sub CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false, slot_name = NONE)",
    );
    await run(deps(), { kind: "downgrade", target: "-1" }, { ...project, onNotice });
    expect(notices.at(-1)).toContain(
      '; leave subscription sub out: --ignore subscription:sub, or "ignore": ["subscription:sub"] in the config file; then run: migrate dump -o ',
    );
    const ignore = { directories: [example], dump: { file }, ignore: ["subscription:*"] };
    rmSync(file);
    writeFileSync(config, JSON.stringify(ignore));
    await run(deps(), { kind: "upgrade", target: "+1" }, { ...project, onNotice });
    expect(notices).toHaveLength(2);
    await query(url, "DROP SUBSCRIPTION sub");

    const amid = { directories: [example], dump: { file: join(example, "schema.sql") } };
    writeFileSync(config, JSON.stringify(amid));
    await run(deps(), { kind: "upgrade", target: "+1" }, { ...project, onNotice });
    expect(notices.at(-1)).toMatch(/; name a file in another folder as "dump.file" \(.*\.json line 1\)$/);
  });
});
