/** Small projects, as folders at different times, and how far a database has come with them. */
import type { Files } from "./world.ts";

export interface Project {
  readonly name: string;
  /** The folder now. */
  readonly files: Files;
  /** What was run before, each with the folder of that time (default: that of now). */
  readonly past: readonly { readonly files?: Files; readonly words: readonly string[] }[];
}

const CONFIG: Files = {
  "migrations/": "",
  "migrate.config.json": `${JSON.stringify({ directories: ["migrations"], lockWait: 0 })}\n`,
};

interface Shape {
  readonly parent?: string;
  readonly header?: readonly string[];
  readonly up?: string;
  readonly down?: string;
}

/** Each revision makes the table of its name, so that a database shows whether its SQL has been run. */
function folder(shapes: Readonly<Record<string, Shape>>): Files {
  const ids = Object.keys(shapes);
  const pairs = ids.flatMap((id, index) => {
    const { parent, header = [], up = `CREATE TABLE ${id} (n int);`, down } = shapes[id]!;
    const name = `migrations/${String(index + 1).padStart(4, "0")}_${id}`;
    const lines = [
      `revision: ${id}`,
      `parent: ${parent ?? ids[index - 1] ?? "none"}`,
      `message: make ${id}`,
      ...header,
    ];
    const below = header.filter((line) => line.startsWith("transaction"));
    const text = (all: readonly string[], body: string) =>
      `${all.map((line) => `-- ${line}\n`).join("")}\n${body}\n`;
    const made = [...up.matchAll(/CREATE TABLE (\w+)/g)].map(([, table]) => `DROP TABLE ${table};`);
    return [
      [`${name}.up.sql`, text(lines, up)],
      [`${name}.down.sql`, text([`revision: ${id}`, ...below], down ?? made.reverse().join("\n"))],
    ];
  });
  return { ...CONFIG, ...Object.fromEntries(pairs) };
}

const line = folder({ aa: {}, bb: {}, cc: {} });
const merged = folder({ aa: {}, bb: {}, cc: { parent: "aa" }, mm: { parent: "bb, cc" } });
const forked = folder({ aa: {}, bb: {}, cc: { parent: "aa" } });
const shop = folder({
  aa: { header: ["branch-labels: core"] },
  bb: {},
  xx: { parent: "none", header: ["branch-labels: shop", "depends-on: aa"] },
  yy: { header: ["depends-on: bb"] },
});
const waiting = folder({
  aa: {},
  bb: {},
  cc: {},
  sq: {
    parent: "none",
    header: ["replaces: aa, bb"],
    up: "CREATE TABLE aa (n int);\nCREATE TABLE bb (n int);",
  },
});
const active = Object.fromEntries(Object.entries(waiting).filter(([file]) => !/_(?:aa|bb)\./.test(file)));
const outside = folder({
  aa: { up: "CREATE TABLE aa (n int);\nINSERT INTO aa VALUES (1), (1);" },
  bb: {
    header: ["transaction: none"],
    up: "CREATE TABLE bb (n int);\nCREATE UNIQUE INDEX CONCURRENTLY one ON aa (n);",
  },
  cc: {},
});

const backwards = folder({
  aa: { header: ["transaction: none"], down: "DROP TABLE aa;\nDROP INDEX CONCURRENTLY none;" },
  bb: {},
  xx: { parent: "none" },
});

const upgrade = (...targets: readonly string[]) => ({ words: ["upgrade", ...targets] });
const at = (name: string, files: Files, ...past: Project["past"]): Project => ({ name, files, past });

export const projects: readonly Project[] = [
  at("line, nothing", line),
  at("line at bb", line, upgrade("bb")),
  at("line at cc", line, upgrade()),
  at("merge at bb", merged, upgrade("bb")),
  at("merge at bb and cc", merged, upgrade("bb"), upgrade("cc")),
  at("merge at mm", merged, upgrade()),
  at("fork at bb", forked, upgrade("bb")),
  at("fork at both", forked, upgrade("heads")),
  at("labels at aa", shop, upgrade("aa")),
  at("labels at xx", shop, upgrade("xx")),
  at("labels at all", shop, upgrade("heads")),
  at("waiting, nothing", waiting),
  at("waiting at aa", waiting, upgrade("aa")),
  at("waiting at cc", waiting, upgrade()),
  at("waiting, had active", waiting, { files: active, words: ["upgrade"] }),
  at("active, nothing", active),
  at("active, had aa", active, { files: line, words: ["upgrade", "aa"] }),
  at("active, had bb", active, { files: line, words: ["upgrade", "bb"] }),
  at("active, had cc", active, { files: line, words: ["upgrade"] }),
  at("active at cc", active, upgrade()),
  at("interrupted", outside, upgrade()),
  at("interrupted back", backwards, upgrade("heads"), { words: ["downgrade", "bb@-2"] }),
];

/** Another project, whose database or folder is taken by mistake. */
export const foreign = folder({ oo: {}, pp: {} });
