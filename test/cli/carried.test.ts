/** Commands that a hint proposes are for the same project and database as the one that was typed. */
import { expect, test } from "vitest";
import { projectOf } from "../../src/cli/command.ts";
import { groups, readCommandLine } from "../../src/cli/command-line.ts";
import { carrying } from "../../src/core/carried.ts";
import { commandNames } from "../../src/core/command-names.ts";

const carried = async (typed: string, text: string, beside?: boolean): Promise<string> => {
  const { args, command } = await readCommandLine(typed.split(" "));
  return carrying(projectOf(args), command?.name)(text, beside);
};

test.each([
  ["verify", "accept it with: migrate upgrade", "accept it with: migrate upgrade"],
  ["verify -n prod", "run: migrate upgrade head", "run: migrate upgrade -n prod head"],
  [
    "-n prod verify",
    "migrate upgrade or migrate verify",
    "migrate upgrade -n prod or migrate verify -n prod",
  ],
  [
    "verify --directory a$b --directory c",
    "migrate verify",
    "migrate verify --directory 'a$b' --directory c",
  ],
  [
    "verify --database postgres://u:secret@h/d -c x.json",
    "migrate verify",
    "migrate verify --config x.json --database URL",
  ],
  // What asks no database gets none.
  [
    "verify --database postgres://h/d -c x.json",
    'migrate revision -m "…"; or: migrate revision --autogenerate',
    'migrate revision --config x.json -m "…"; or: migrate revision --config x.json --database URL --autogenerate',
  ],
  [
    "verify --database postgres://h/d",
    "list them: migrate history; or: migrate history -i",
    "list them: migrate history; or: migrate history --database URL -i",
  ],
  // What the text itself says is what it is about.
  ["verify -n prod --directory a", "migrate verify --directory b", "migrate verify -n prod --directory b"],
  ["verify -n prod", "or --env NAME: migrate verify", "or --env NAME: migrate verify"],
  ["verify -n prod", "see: migrate verify --help", "see: migrate verify --help"],
  ["verify -n prod", "migrate init DIR; migrate verifies", "migrate init -n prod DIR; migrate verifies"],
  ["verify -n prod --directory a -c x.json", "run: migrate init", "run: migrate init -n prod"],
  // A variable may choose the database, and its value may be a password.
  ["verify -x HOST=db -x PW=s3=cret", "migrate verify", "migrate verify -x HOST=… -x PW=…"],
  ["verify -x HOST=db", "run: migrate init", "run: migrate init -x HOST=…"],
  // A setting for the server is no file.
  [
    "verify -c x.json",
    "add -c lock_timeout=0, then: migrate upgrade",
    "add -c lock_timeout=0, then: migrate upgrade --config x.json",
  ],
  // That another folder can be named says none.
  [
    "verify --directory a",
    "name another with --directory DIR, or: migrate history",
    "name another with --directory DIR, or: migrate history --directory a",
  ],
  [
    "verify --directory a",
    'name a/b too, with --directory or in "directories"; then run: migrate upgrade x',
    'name a/b too, with --directory or in "directories"; then run: migrate upgrade --directory a x',
  ],
  [
    "verify --directory a",
    "flag --directory replaces b: leave it out; then run: migrate upgrade x",
    "flag --directory replaces b: leave it out; then run: migrate upgrade x",
  ],
  // The folder of a project is not the one that another tool's is to become, unless that was said of it.
  ["verify --directory a", "run: migrate adopt a", "run: migrate adopt a"],
  [
    "verify --directory a --database postgres://h/d",
    "migrate adopt FOLDER --from-database --yes",
    "migrate adopt --directory a --database URL FOLDER --from-database --yes",
  ],
  ["adopt b --directory a", "run: migrate adopt b --yes", "run: migrate adopt --directory a b --yes"],
])("%s: %s", async (typed, text, expected) => {
  expect(await carried(typed, text)).toBe(expected);
});

test("what is about another database is not done in that which was typed", async () => {
  const say = (typed: string): Promise<string> => carried(typed, "run: migrate upgrade heads", true);
  expect(await say("verify")).toBe("run: migrate upgrade --database URL heads");
  expect(await say("verify -n prod --database postgres://h/d")).toBe(
    "run: migrate upgrade -n prod --database URL heads",
  );
});

test("the commands that messages propose are those that there are", () =>
  expect([...commandNames]).toEqual(groups.flatMap(([, commands]) => commands.map(([name]) => name))));
