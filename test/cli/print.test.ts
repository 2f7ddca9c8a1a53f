/** What a printer gives to a terminal, and what to a pipe. */
import { PassThrough, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createPrinter, type Printer } from "../../src/cli/print.ts";
import { MigrateError } from "../../src/core/errors.ts";
import { expectHarmless, hostile } from "../support/hostile.ts";

interface Written {
  readonly printer: Printer;
  readonly stdin: PassThrough;
  readonly abort: AbortController;
  readonly out: () => string;
  readonly err: () => string;
}

function written(
  isTTY: boolean,
  json = false,
  env: Readonly<Record<string, string>> = {},
  quiet = false,
): Written {
  const texts = { out: "", err: "" };
  const stream = (name: "out" | "err"): NodeJS.WriteStream => {
    const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
      texts[name] += chunk.toString("utf8");
      done();
    };
    return Object.assign(new Writable({ write }), { isTTY, columns: 60 }) as unknown as NodeJS.WriteStream;
  };
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const abort = new AbortController();
  const printer = createPrinter(
    { stdout: stream("out"), stderr: stream("err"), stdin: stdin as unknown as NodeJS.ReadStream },
    env,
    { quiet, verbose: !quiet, json, carry, clean: (text) => text, signal: abort.signal },
  );
  return { printer, stdin, abort, out: () => texts.out, err: () => texts.err };
}

const carry = (text: string): string => text.replaceAll("migrate verify", "migrate verify -n prod");

const colors = /\u001b\[(?:0|1|31|36)m/g;

test.each([true, false])("hostile text on its way to a terminal (%s)", (isTTY) => {
  const { printer, out, err } = written(isTTY, true);
  printer.data(hostile);
  printer.lines([hostile, ["a", { color: 31, text: hostile }]]);
  printer.json({ [hostile]: [hostile] });
  for (const print of [printer.info, printer.warn, printer.hint, printer.verbose]) print(hostile);
  const location = { path: hostile, line: 1, column: 1 };
  const excerpt = { line: hostile.replaceAll(/[\r\n]/g, " ") };
  printer.error(
    new MigrateError({ code: "usage/x", message: hostile, hint: hostile, location, excerpt }),
    true,
  );
  for (const text of [out(), err()]) {
    if (!isTTY) expect(text).not.toMatch(colors);
    expectHarmless(text.replaceAll(colors, ""));
  }
  expect(out().split("\n").slice(0, 3)).toEqual([
    expect.stringMatching(/^h\\u001b.*\\u000aFORGED line$/),
    expect.stringMatching(/^h\\u001b.*\\u000aFORGED line$/),
    expect.stringMatching(/^a.*h\\u001b/),
  ]);
});

test("the hints of what a command prints as JSON propose commands as all others do, and data stay as they are", () => {
  const { printer, out } = written(false, true);
  const text = "migrate verify";
  printer.json({ message: text, findings: [{ hint: text }] });
  expect(JSON.parse(out())).toEqual({ message: text, findings: [{ hint: `${text} -n prod` }] });
});

test("who wants quiet is told results, warnings and errors, and what to do about them", () => {
  const { printer, out, err } = written(true, false, {}, true);
  printer.info("started");
  printer.progress("half done");
  printer.data("a");
  printer.warn("b is odd");
  printer.hint("migrate verify");
  printer.error(new MigrateError({ code: "usage/x", message: "c", hint: "d" }));
  expect(out()).toBe("a\n");
  expect(err().replaceAll(colors, "")).toBe(
    "warning: b is odd\nhint: migrate verify -n prod\nerror[usage/x] c\nhint: d\n",
  );
});

test("a line that is overwritten keeps its width, whatever it says", () => {
  const { printer, err } = written(true);
  printer.progress(hostile.repeat(10));
  expect(err()).toMatch(/^\r\u001b\[K[ -~]{0,58}…$/);
  const dumb = written(true, false, { TERM: "dumb" });
  dumb.printer.progress("a");
  dumb.printer.info("b");
  expect(dumb.err()).toBe("b\n");
});

test("a script is shown escaped in a terminal, and in a pipe it keeps its bytes", async () => {
  const pieces = ["SELECT 'é\u001b[2J';\r\n", "-- \u202e\n"];
  const shown = written(true);
  await shown.printer.script(pieces);
  expect(shown.out()).toBe("SELECT 'é\\u001b[2J';\n-- \\u202e\n");
  const piped = written(false);
  await piped.printer.script(pieces);
  expect(piped.out()).toBe(pieces.join(""));
});

test.each([
  ["y\n", true],
  ["Yes\n", true],
  ["n\n", false],
  ["\n", false],
  // Ctrl-D.
  ["", false],
])("the answer %j", async (answer, expected) => {
  const { printer, stdin, err } = written(true);
  const asked = printer.ask([hostile, "see: migrate verify"], hostile);
  stdin.end(answer);
  expect(await asked).toBe(expected);
  expectHarmless(err());
  expect(err()).toMatch(/\nsee: migrate verify -n prod\n.* \[y\/N\] $/);
});

test("after the end of the input nobody waits for another answer", async () => {
  const { printer, stdin } = written(true);
  stdin.end();
  expect([await printer.ask([], "One?"), await printer.ask([], "Two?")]).toEqual([false, false]);
});

test("who is asked can be stopped", async () => {
  const { printer, abort } = written(true);
  const asked = printer.ask([], "Go on?").catch((error: unknown) => error);
  await sleep(50);
  abort.abort();
  expect(await asked).toMatchObject({ code: "execution/cancelled" });
});
