import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { assemble, ParsedFile } from "../../src/core/assemble.ts";
import { type Header, headerKeys } from "../../src/core/header-keys.ts";
import type { MigrationFile } from "../../src/core/migration.ts";
import { sha256 } from "../../src/core/sha256.ts";

/** Files, by path. */
function from(files: Readonly<Record<string, string>>) {
  return assemble(Object.entries(files).map(([path, text]) => ({ path, text })));
}

/** `path:line:column code` of every fault. */
const faults = (files: Readonly<Record<string, string>>): readonly string[] =>
  from(files).diagnostics.map(
    ({ code, location }) => `${location!.path}:${location!.line}:${location!.column} ${code}`,
  );

const up = (revision: string, more = ""): string => `-- revision: ${revision}\n-- parent: none\n${more}`;
const down = (revision: string): string => `-- revision: ${revision}\n\nSELECT 1;\n`;

describe("one revision in two pairs", () => {
  const original = { "1234_a.up.sql": up("a"), "1234_a.down.sql": down("a") };
  const rm = "the two are the same: delete one of them";
  test.each<[string, Readonly<Record<string, string>>, string]>([
    [
      "the up file was copied",
      { "1234_a copy.up.sql": up("a") },
      `${rm}, for example: rm "1234_a copy.up.sql"`,
    ],
    [
      "both were copied",
      { "1234_a copy.up.sql": up("a"), "1234_a copy.down.sql": down("a") },
      `${rm}, with its down file, for example: rm "1234_a copy.up.sql" "1234_a copy.down.sql"`,
    ],
    [
      "a later number",
      { "1235_b.up.sql": up("a"), "1235_b.down.sql": down("a") },
      `${rm}, with its down file, for example: rm 1235_b.up.sql 1235_b.down.sql`,
    ],
    [
      "only the down file of the copy was changed",
      { "1235_b.up.sql": up("a"), "1235_b.down.sql": `${down("a")}SELECT 2;\n` },
      "the up files are the same, but the down files differ: delete the pair whose down file is not the right one, for example: rm 1235_b.up.sql 1235_b.down.sql",
    ],
    [
      "the copy was changed",
      { "1235_b.up.sql": up("a", "SELECT 2;\n"), "1235_b.down.sql": down("a") },
      "give the newer of the two another id, in both its up and down file, and name in its parent the revision that it follows",
    ],
    [
      "the copy was changed, and follows another",
      { "1235_b.up.sql": up("a", "SELECT 2;\n").replace("none", "x"), "1235_b.down.sql": down("a") },
      "give the newer of the two another id, in both its up and down file",
    ],
  ])("%s: it is the one to go", (_, copy, hint) => {
    // As a folder is read: in the order of the names.
    const sorted = Object.entries({ ...original, ...copy }).sort(([one], [other]) => (one < other ? -1 : 1));
    expect(from(Object.fromEntries(sorted)).diagnostics.map((each) => each.hint)).toEqual([hint]);
  });
});

describe("pairs", () => {
  test("become migrations", () => {
    const files = {
      "m/0001_create_users.down.sql":
        "-- revision: a\n-- lock-timeout: 5s\n-- transaction: none\nDROP TABLE users;\n",
      "m/0001_create_users.up.sql":
        "-- revision: a\n-- parent: none\n-- branch-labels: shop\nCREATE TABLE users ();\n",
      "m/0002_next.up.sql":
        "-- revision: b\n-- parent: a\n-- depends-on: shop\n-- message: The next\n-- created: today\n-- irreversible: gone\n-- statement-timeout: 0\n",
    };
    const { migrations, diagnostics } = from(files);
    expect(diagnostics).toEqual([]);
    const file = (path: keyof typeof files, body: string, header: Partial<Header>) => ({
      source: { path, text: files[path] },
      header: { parents: [], branchLabels: [], dependsOn: [], replaces: [], ...header },
      bodyStart: files[path].length - body.length,
      checksum: sha256(body),
    });
    const plainly = (given: MigrationFile | undefined) => {
      if (given === undefined) return undefined;
      const { source, header, bodyStart, checksum } = given;
      return { source, header, bodyStart, checksum };
    };
    expect(migrations.map((each) => ({ ...each, up: plainly(each.up), down: plainly(each.down) }))).toEqual([
      {
        revision: "a",
        parents: [],
        dependsOn: [],
        branchLabels: ["shop"],
        message: "create users",
        number: "0001",
        path: "m/0001_create_users.up.sql",
        up: file("m/0001_create_users.up.sql", "CREATE TABLE users ();\n", {
          revision: "a",
          branchLabels: ["shop"],
        }),
        down: file("m/0001_create_users.down.sql", "DROP TABLE users;\n", {
          revision: "a",
          lockTimeout: "5s",
          transaction: "none",
        }),
      },
      {
        revision: "b",
        parents: ["a"],
        dependsOn: ["shop"],
        branchLabels: [],
        message: "The next",
        created: "today",
        number: "0002",
        path: "m/0002_next.up.sql",
        up: file("m/0002_next.up.sql", "", {
          revision: "b",
          parents: ["a"],
          dependsOn: ["shop"],
          message: "The next",
          created: "today",
          irreversible: "gone",
          statementTimeout: "0",
        }),
      },
    ]);
  });

  /** A value of each form, and what is to be found of it in the migration. */
  const values = {
    id: ["r1", "r1"],
    ids: ["a, b", ["a", "b"]],
    text: ["A text: of any kind", "A text: of any kind"],
    reason: ["no way back", "no way back"],
    none: ["none", "none"],
    time: ["5 min", "5 min"],
    acceptance: ["lossy (a reason)", "lossy (a reason)"],
  } as const;

  test.each(["up", "down"] as const)(
    "hold what each key of the %s file says, whatever keys there are",
    (direction) => {
      const keys = Object.entries(headerKeys).filter(([, key]) => key[direction]);
      const header = keys.map(([key, { form }]) => `-- ${key}: ${values[form][0]}\n`).join("");
      const { migrations, diagnostics } = from(
        direction === "up"
          ? { "0001_a.up.sql": header }
          : { "0001_a.up.sql": up("r1"), "0001_a.down.sql": header },
      );
      expect(diagnostics).toEqual([]);
      expect(migrations[0]![direction]!.header).toEqual({
        ...(direction === "up" ? {} : { parents: [], branchLabels: [], dependsOn: [], replaces: [] }),
        ...Object.fromEntries(keys.map(([, { form, property }]) => [property, values[form][1]])),
      });
    },
  );

  test("a name that is taken is not proposed", () => {
    const taken = { "0001_a.up.sql": up("a"), "0001_a.down.sql": down("a") };
    const hints = (files: Readonly<Record<string, string>>) =>
      from({ ...taken, ...files }).diagnostics.map(({ hint }) => hint);
    expect(hints({ "1_a.up.sql": up("b"), "1_a.down.sql": down("b") })).toEqual([
      "'0001_a.down.sql' exists: rename it to '0002_a.down.sql'",
      "'0001_a.up.sql' exists: rename it to '0002_a.up.sql'",
    ]);
    const placed =
      "' if it is a migration, or move it to another folder: no SQL file in a folder of migrations is skipped";
    expect(
      hints({
        "V1__b.sql": "",
        "U1__b.sql": "",
        "0001_a.up - Copy (2).sql": "",
        "1_c.up.sql": up("c"),
        "1_c.down.sql": down("c"),
      }),
    ).toEqual([
      `'0001_a.up.sql' exists: rename it to '0003_a.up.sql${placed}`,
      "'0001_a' has the number 0001: rename it to '0002_c.down.sql'",
      "'0001_a' has the number 0001: rename it to '0002_c.up.sql'",
      `'0001_a' has the number 0001: rename it to '0004_b.down.sql${placed}`,
      `'0001_a' has the number 0001: rename it to '0004_b.up.sql${placed}`,
    ]);
    // The other half of its pair has that number.
    const half = hints({ "0003_b.up.sql": up("b"), "0003_b.DOWN.sql": down("b") });
    expect(half.at(0)).toMatch(/^rename it to .*0003_b\.down\.sql'?$/);
    // Files that were renamed apart: each hint names the same pair.
    for (const [files, stem, why] of [
      [{ "3_i.up.sql": up("b"), "0003_index.down.sql": down("b") }, "0003_i", ""],
      [{ "3_i.up.sql": up("b"), "3_index.down.sql": down("b") }, "0003_i", ""],
      [{ "0003_i.up.sql": up("b"), "3_index.down.sql": down("b") }, "0003_i", ""],
      [
        { "1_i.up.sql": up("b"), "0001_index.down.sql": down("b") },
        "0002_i",
        "'0001_a' has the number 0001: ",
      ],
    ] as const) {
      const renames = hints(files).map((hint) => hint!.replace(/^\S+ has the same revision: /, ""));
      expect(renames).not.toEqual([]);
      expect(["", why]).toEqual(expect.arrayContaining(renames.map((hint) => hint.split("rename ")[0])));
      for (const rename of renames) expect(rename).toMatch(new RegExp(`${stem}\\.(?:up|down)\\.sql'?$`));
    }
    expect(hints({ "0001_a.sql": up("b") })[0]).toMatch(
      /^'0001_a\.up\.sql' exists: rename it to '0002_a\.up\.sql' if it is a migration/,
    );
  });

  test("are found per folder; one number may be used twice", () => {
    const { migrations, diagnostics } = from({
      "a/0001_x.up.sql": up("a"),
      "a/0001_x.down.sql": down("a"),
      "b/0001_x.up.sql": up("b"),
      "b/0001_x.down.sql": down("b"),
      "0001_y.up.sql": up("c"),
      "0001_y.down.sql": down("c"),
    });
    expect(diagnostics).toEqual([]);
    expect(migrations.map(({ revision, number }) => `${revision} ${number}`)).toEqual([
      "a 0001",
      "b 0001",
      "c 0001",
    ]);
  });
});

describe("faults of pairs", () => {
  test.each<[string, Record<string, string>, readonly string[]]>([
    ["missing down", { "0001_a.up.sql": up("a") }, ["0001_a.up.sql:1:1 source/missing-down"]],
    ["missing up", { "0001_a.down.sql": down("a") }, ["0001_a.down.sql:1:1 source/missing-up"]],
    [
      "a reason without text is one fault",
      { "0001_a.up.sql": up("a", "-- irreversible:\n") },
      ["0001_a.up.sql:3:4 source/empty-value"],
    ],
    [
      "down revision differs",
      { "0001_a.up.sql": up("a"), "0001_a.down.sql": "-- transaction: none\n-- revision: b\n" },
      ["0001_a.down.sql:2:14 source/down-revision-differs"],
    ],
    [
      "each has the name of the other",
      { "0001_a.up.sql": down("a"), "0001_a.down.sql": up("a", "-- message: a\n") },
      ["0001_a.down.sql:2:12 source/swapped-files"],
    ],
    [
      "irreversible, and yet a down file",
      { "0001_a.up.sql": up("a", "-- irreversible: gone\n"), "0001_a.down.sql": down("a") },
      ["0001_a.up.sql:3:18 source/irreversible-with-down"],
    ],
    [
      "one revision twice",
      {
        "0001_a.up.sql": up("a"),
        "0001_a.down.sql": down("a"),
        "0002_b.up.sql": up("a"),
        "0002_b.down.sql": down("a"),
      },
      ["0002_b.up.sql:1:14 source/duplicate-revision"],
    ],
    [
      "a short number is one fault a file",
      { "1_a.up.sql": up("a"), "1_a.down.sql": down("a") },
      ["1_a.down.sql:1:1 source/short-number", "1_a.up.sql:1:1 source/short-number"],
    ],
    ["neither up nor down", { "m/seed.sql": "SELECT 1;" }, ["m/seed.sql:1:1 source/file-name"]],
    [
      "all faults of all files, by path and line",
      {
        "m/0002_b.up.sql": "-- revision: b\n-- x: y\n",
        "m/0001_a.up.sql": "-- revision: a\n-- parent: ?\n-- y: z\n",
        "m/0001_a.down.sql": down("c"),
        "l/0001_c.up.sql": "",
      },
      [
        "l/0001_c.up.sql:1:1 source/missing-down",
        "l/0001_c.up.sql:1:1 source/missing-key",
        "m/0001_a.down.sql:1:14 source/down-revision-differs",
        "m/0001_a.up.sql:2:12 source/illegal-id",
        "m/0001_a.up.sql:3:4 source/unknown-key",
        "m/0002_b.up.sql:1:1 source/missing-down",
        "m/0002_b.up.sql:1:4 source/missing-key",
        "m/0002_b.up.sql:2:4 source/unknown-key",
      ],
    ],
  ])("%s", (_, files, expected) => {
    expect([...faults(files)].sort()).toEqual([...expected].sort());
    const places = from(files).diagnostics.map(({ location }) => location!);
    expect(places).toEqual(
      [...places].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line)),
    );
  });

  test("the id that the other file of the pair has is the one to write, unless another pair has it, too", () => {
    const hints = (files: Readonly<Record<string, string>>) =>
      from(files).diagnostics.map(({ hint }) => hint);
    const write = (id: string) => `start the file with '-- revision: ${id}'`;
    const unknown = `${write("<id>")} (if it is applied, migrate log has its id)`;
    const [bare, parent] = ["DROP TABLE t;\n", "-- parent: none\n"];
    expect(hints({ "0001_a.up.sql": up("a"), "0001_a.down.sql": bare })).toEqual([write("a")]);
    expect(hints({ "0001_a.up.sql": parent, "0001_a.down.sql": down("a") })).toEqual([write("a")]);
    expect(hints({ "0001_a.up.sql": parent, "0001_a.down.sql": bare })).toEqual([unknown, unknown]);
    expect(
      hints({
        "0001_a.up.sql": up("a"),
        "0001_a.down.sql": down("a"),
        "0002_b.up.sql": `${parent}SELECT 1;\n`,
        "0002_b.down.sql": down("a"),
      }),
    ).toContain(unknown);
  });

  test.each([
    [
      "both files of a pair the same",
      ["0007_a.up.sql", "x.up.sql", "x.down.sql", "y.sql"],
      ["0008_x.down.sql", "0008_x.up.sql", "0009_y.up.sql"],
    ],
    [
      "by the order of their versions",
      ["0007_a.up.sql", "U1.2__b.sql", "V1.10__c.sql", "V1.2__b.sql"],
      ["0008_b.down.sql", "0009_c.up.sql", "0008_b.up.sql"],
    ],
  ])("names without a number get the next ones, %s", (_, names, better) => {
    const hints = from(Object.fromEntries(names.map((name) => [name, ""]))).diagnostics.flatMap(
      ({ code, hint }) => (code === "source/file-name" ? hint! : []),
    );
    expect(hints.map((hint) => /'(.*?)'/.exec(hint)![1])).toEqual(better);
  });

  test("two lonely files of one revision: both hints name one rename", () => {
    const { diagnostics } = from({ "m/0001_a.up.sql": up("a"), "m/0001_b.down.sql": down("a") });
    expect(diagnostics.map(({ hint }) => hint)).toEqual([
      "m/0001_b.down.sql has the same revision: rename it to m/0001_a.down.sql",
      "m/0001_a.up.sql has the same revision: rename this file to m/0001_a.down.sql",
    ]);
  });

  test.each([
    ["m/b.sql", "m/0002_b.down.sql", "m/0002_b.up.sql", up("a")],
    ["m/0002_b.up.SQL", "m/0002_b.down.sql", "m/0002_b.up.sql", up("a")],
    ["m/b.sql", "m/0002_b.up.sql", "m/0002_b.down.sql", down("a")],
  ])("a misnamed half, %s, is told apart by its revision", (misnamed, lonely, belongs, text) => {
    const rest = lonely.endsWith(".up.sql") ? up("a") : down("a");
    const { diagnostics } = from({ [lonely]: rest, [misnamed]: text });
    expect(new Map(diagnostics.map(({ location, hint }) => [location!.path, hint]))).toEqual(
      new Map([
        [lonely, `${misnamed} has the same revision: rename it to ${belongs}`],
        [misnamed, `rename it to ${belongs}`],
      ]),
    );
    // A copy of the up file is not its down file.
    const copied = from({ "m/0002_b.up.sql": up("a"), "m/b.sql": up("a") }).diagnostics;
    expect(copied.find(({ location }) => location!.path === "m/b.sql")!.hint).not.toContain("down");
  });

  test("the other file of one without text is not lonely", () => {
    const fault = {
      code: "source/encoding",
      message: "x",
      location: { path: "0001_a.down.sql", line: 1, column: 1 },
    };
    const source = { path: "0001_a.up.sql", text: up("a") };
    expect(assemble([source], [fault]).diagnostics).toEqual([fault]);
  });
});

describe("checksum, version 1", () => {
  /** Where whoever computes them elsewhere finds the same vectors. */
  const specification = readFileSync(new URL("../../docs/format.md", import.meta.url), "utf8");

  test.each([
    ["-- revision: a\n-- parent: none\n", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    [
      "-- revision: a\n-- parent: none\n\nSELECT 1;\n",
      "91c7e6debe110f458113b6875bae8f4c01ca634dd2781521e18b25ab846c5b65",
    ],
    [
      "-- revision: b\r\n-- parent: a\r\n\r\nSELECT 1;\r\n",
      "91c7e6debe110f458113b6875bae8f4c01ca634dd2781521e18b25ab846c5b65",
    ],
    [
      "-- revision: a\r-- parent: none\r\rSELECT 1;\r",
      "91c7e6debe110f458113b6875bae8f4c01ca634dd2781521e18b25ab846c5b65",
    ],
    [
      "-- revision: a\n-- parent: none\n-- Größe 😀\nSELECT 1;",
      "7b397b41b58328c304346ceb567b1373ac33c4c155bc595e8167bc5ae6ae6183",
    ],
  ])("%j", (text, expected) => {
    const files = { "0001_a.up.sql": `-- irreversible: x\n${text}` };
    expect(from(files).migrations[0]?.up.checksum).toBe(expected);
    expect(specification).toContain(expected);
  });

  test("comments and blank lines count", () => {
    const sum = (body: string): string =>
      new ParsedFile({ path: "x", text: body }, { slug: "x", direction: "up" }, "x").checksum;
    expect(new Set(["SELECT 1", "SELECT 1 ", "SELECT 1\n", "-- a\nSELECT 1"].map(sum)).size).toBe(4);
  });
});

test.each([
  [{}, "if the two belong together, write '-- revision: d' here or '-- revision: c' in 4_n.up.sql;"],
  [{ "0003_c.up.sql": up("c") }, "if the two belong together, write '-- revision: d' here;"],
  [{ "0003_d.down.sql": down("d") }, "if the two belong together, write '-- revision: c' in 4_n.up.sql;"],
  [{ "0003_c.up.sql": up("c"), "0003_c.down.sql": down("d") }, "other files have both ids: write one that"],
])("halves with two ids are told to take one that is free: %#", (others, hint) => {
  const { diagnostics } = from({ "4_n.up.sql": up("d"), "4_n.down.sql": down("c"), ...others });
  const found = diagnostics.find(
    ({ code, location }) => code === "source/down-revision-differs" && location?.path === "4_n.down.sql",
  );
  expect(found?.hint).toContain(hint);
});

test("a file that was renamed and came back is there twice: one of the two is deleted", () => {
  const hints = (second: string) =>
    from({
      "0001_a.up.sql": up("a"),
      "0001_a.down.sql": down("a"),
      "0002_a.up.sql": second,
      "0002_a.down.sql": down("a"),
    }).diagnostics.map(({ hint }) => hint);
  expect(hints(up("a"))).toEqual([
    expect.stringMatching(/the same: .*: rm 0002_a\.up\.sql 0002_a\.down\.sql$/),
  ]);
  expect(hints(up("a", "SELECT 2;\n"))).toEqual([expect.stringMatching(/another id/)]);
});
