/** Commands that a hint proposes are for the same project and database as the one that was typed. */
import { expect, test } from "vitest";
import { carrying } from "../../src/cli/carried.ts";
import { readCommandLine } from "../../src/cli/command-line.ts";

const carried = async (typed: string, text: string): Promise<string> =>
  carrying((await readCommandLine(typed.split(" "))).args, ["upgrade", "verify", "history", "init"])(text);

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
  // What the text itself says is what it is about.
  ["verify -n prod --directory a", "migrate verify --directory b", "migrate verify -n prod --directory b"],
  ["verify -n prod", "or --env NAME: migrate verify", "or --env NAME: migrate verify"],
  ["verify -n prod", "see: migrate verify --help", "see: migrate verify --help"],
  ["verify -n prod", "migrate init DIR; migrate verifies", "migrate init -n prod DIR; migrate verifies"],
  ["verify -n prod --directory a -c x.json", "run: migrate init", "run: migrate init -n prod"],
])("%s: %s", async (typed, text, expected) => {
  expect(await carried(typed, text)).toBe(expected);
});
