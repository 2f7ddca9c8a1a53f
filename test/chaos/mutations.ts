/** Sound migration files and a seed → files with something wrong in them, and what the whole way to a script says of them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { offline } from "../../src/app/offline.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { errorLines } from "../../src/render/diagnostic.ts";
import { renderScript } from "../../src/render/script/script.ts";
import { printed } from "../../src/render/terminal.ts";
import { deps, example } from "../support/migrate.ts";
import { randomFrom } from "./world.ts";

/** What became of some mutated projects. */
export interface Figures {
  readonly sound: number;
  readonly refused: number;
  /** The longest that one took, in ms. */
  readonly slowest: number;
  /** What was neither sound nor a clear error: the texts that led there and what happened. */
  readonly unclear: readonly string[];
}

/** What is put into a text: what a lexer, a header or a quote may stumble over. */
const SNIPPETS = [
  ..."'\"$;()-:\\,\0\r\t{}[]`@#%^&*".split(""),
  ..."-- \n|/*|*/|$$|$x$|E'|U&'|;;|\r\n|\u00a0|\u2028|\ufeff|é😀|\ud83d|\u202e|BEGIN;|COMMIT;|ROLLBACK|COPY t FROM STDIN;\n1\t2\n\\.\n|\\i x\n|\\!id|DO $$|END $$;|:batch_size|:batch_from|-- batch: 10\n|-- batch: x\n".split(
    "|",
  ),
  ...[
    "-- revision: ",
    "-- parent: ",
    "-- parent: none\n",
    "-- transaction: none\n",
    "-- depends-on: ",
    "-- branch-labels: ",
    "-- irreversible: ",
    "-- lock-timeout: 5s\n",
    "-- lock-timeout: ",
  ].map((line) => `\n${line}`),
  ...[
    "CREATE INDEX CONCURRENTLY i ON t (x);",
    "VACUUM;",
    "SET ROLE x;",
    "((((((((((",
    "CASE WHEN ",
    "SELECT ",
    " UNION ALL SELECT 1",
    "BEGIN ATOMIC ",
    "head",
    "base",
    "none",
    "9".repeat(400),
    "a".repeat(3000),
    "(".repeat(2000),
    "-".repeat(500),
  ],
];

/** The examples, and a few files that hold what they do not. */
function corpus(): readonly (readonly [name: string, text: string])[] {
  const files = readdirSync(example).filter((name) => name.endsWith(".sql"));
  return files.map((name) => [name, readFileSync(join(example, name), "utf8")] as const);
}

/** One to four changes of a text; the result is bytes, since a byte may be wrong too. */
function mutated(text: string, others: readonly string[], random: () => number): Buffer {
  const below = (n: number): number => Math.floor(random() * n);
  let bytes = Buffer.from(text);
  for (let changes = 1 + below(4); changes > 0; changes -= 1) {
    // The header is small and matters much.
    const at = below(random() < 0.4 ? Math.min(bytes.length, 150) : bytes.length);
    const length = below(random() < 0.7 ? 12 : bytes.length - at);
    const [before, span, after] = [
      bytes.subarray(0, at),
      bytes.subarray(at, at + length),
      bytes.subarray(at + length),
    ];
    const snippet = Buffer.from(SNIPPETS[below(SNIPPETS.length)]!);
    switch (below(9)) {
      case 0:
        bytes = Buffer.concat([before, after]);
        break;
      case 1:
        bytes = Buffer.concat([before, span, span, after]);
        break;
      case 2:
        bytes = Buffer.concat([before, snippet, span, after]);
        break;
      case 3:
        bytes = Buffer.concat([before, snippet, after]);
        break;
      case 4:
        bytes = Buffer.from(before);
        break;
      case 5:
        bytes = Buffer.concat([before, Buffer.from([below(256)]), span.subarray(1), after]);
        break;
      case 6:
        bytes = Buffer.concat([
          before,
          Buffer.from(others[below(others.length)]!).subarray(0, below(2000)),
          after,
        ]);
        break;
      case 7:
        bytes = Buffer.from(
          bytes
            .toString("latin1")
            .split("\n")
            .map((line) => line.trim())
            .reverse()
            .join("\n"),
          "latin1",
        );
        break;
      default:
        bytes = Buffer.from(
          bytes.toString("latin1").replaceAll("\n", ["\r\n", "\r", " ", "\n\n"][below(4)]!),
          "latin1",
        );
    }
  }
  return bytes.subarray(0, 200_000);
}

/** Takes `count` projects, each with one file mutated, to a script or to an error. */
export async function mutate(
  seed: number,
  count: number,
  every: (done: number) => void = () => {},
): Promise<Figures> {
  const random = randomFrom(seed);
  const files = corpus();
  const texts = files.map(([, text]) => text);
  const folder = mkdtempSync(join(tmpdir(), "retort-mutations-"));
  const migrations = join(folder, "migrations");
  mkdirSync(migrations);
  for (const [name, text] of files) writeFileSync(join(migrations, name), text);
  let [sound, refused, slowest] = [0, 0, 0];
  const unclear: string[] = [];
  try {
    for (let index = 0; index < count; index += 1) {
      const [name, text] = files[Math.floor(random() * files.length)]!;
      const bytes = mutated(text, texts, random);
      writeFileSync(join(migrations, name), bytes);
      const kind = name.includes(".down.") ? "downgrade" : "upgrade";
      const began = performance.now();
      try {
        const { plan, ledger } = await offline(
          deps({}, folder),
          { kind, target: kind === "upgrade" ? "heads" : "heads:base" },
          { directories: ["migrations"] },
        );
        renderScript(plan, ledger);
        sound += 1;
      } catch (error) {
        const fault = unclearness(error);
        if (fault === undefined) refused += 1;
        else
          unclear.push(
            `mutation ${index} of seed ${seed}, ${name}: ${fault}\n${JSON.stringify(bytes.toString("latin1")).slice(0, 1500)}`,
          );
      }
      slowest = Math.max(slowest, performance.now() - began);
      writeFileSync(join(migrations, name), text);
      every(index + 1);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { sound, refused, slowest, unclear };
}

/** Why an error is none that a user can work with; undefined where it is one. */
function unclearness(error: unknown): string | undefined {
  if (!(error instanceof MigrateError))
    return `not ours: ${error instanceof Error ? error.stack : String(error)}`;
  for (const { code, message, hint, location } of error.diagnostics) {
    if (!/^(?:source|graph|usage)\/[a-z-]+$/.test(code)) return `its code is ${code}: ${message}`;
    if (message === "" || message.endsWith(".")) return `its message is '${message}'`;
    // What the grammar says has a place; nobody knows what was meant there.
    if (code !== "source/syntax" && (hint === undefined || hint === ""))
      return `${code} has no hint: ${message}`;
    if (code.startsWith("source/") && location === undefined) return `${code} has no place: ${message}`;
    if (location !== undefined && !(location.line >= 1 && location.column >= 1))
      return `its place is ${JSON.stringify(location)}`;
  }
  const text = printed(errorLines(error));
  if (/\n {4}at |\bundefined\b|\[object Object\]|NaN/.test(text.replaceAll(/^\d+ \|.*$/gm, "")))
    return `it is shown as: ${text.slice(0, 500)}`;
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text.replaceAll("\t", "")))
    return `it is shown with control characters: ${JSON.stringify(text.slice(0, 500))}`;
  return undefined;
}
