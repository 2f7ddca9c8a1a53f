/**
 * The completion scripts, run by the shells themselves: a line up to the cursor → the words that are offered. A shell that is
 * not installed here is skipped, and says so.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../support/migrate.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "retort-completion-")));
const folder = join(scratch, "project");
const env = {
  HOME: scratch,
  LC_ALL: "C.UTF-8",
  TERM: "dumb",
  PATH: [join(scratch, "bin"), dirname(process.execPath), process.env["PATH"]].join(delimiter),
};
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

beforeAll(async () => {
  mkdirSync(join(scratch, "bin"));
  symlinkSync(join(root, "dist/bin.cjs"), join(scratch, "bin/migrate"));
  const write = (dir: string, id: string, header: string): void => {
    mkdirSync(join(folder, dir), { recursive: true });
    writeFileSync(join(folder, dir, `${id}.up.sql`), `-- revision: ${id}\n${header}\nSELECT 1;\n`);
    writeFileSync(join(folder, dir, `${id}.down.sql`), `-- revision: ${id}\nSELECT 1;\n`);
  };
  write("migrations", "aa11", "-- parent: none\n-- message: first: $(touch evil) `touch evil` 'x'");
  write("migrations", "ab22", "-- parent: aa11\n-- branch-labels: billing\n-- message: second");
  write("other", "zz99", "-- parent: none\n-- message: elsewhere");
  writeFileSync(join(folder, "migrate.config.json"), '{ "fileName": "{revision}" }\n');
  for (const shell of ["bash", "zsh", "fish", "powershell"]) {
    const { stdout, code } = await migrate(["completion", shell]);
    expect(code).toBe(0);
    writeFileSync(join(scratch, `script.${shell}`), stdout);
  }
});

const installed = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;

function run(shell: string, args: readonly string[]): string[] {
  const SCRIPT = join(scratch, `script.${shell}`);
  const options = { cwd: folder, env: { ...env, SCRIPT }, encoding: "utf8" } as const;
  return execFileSync(shell, args, options)
    .split("\n")
    .filter((line) => line !== "");
}

/** Each: lines up to the cursor → the words offered for the last one of each. */
const shells: Readonly<Record<string, (lines: readonly string[]) => readonly (readonly string[])[]>> = {
  bash: (lines) => {
    const asked = lines.map((line) => {
      // As readline cuts it: at blanks, and around : = @.
      const words = line.replaceAll(/[:=@]+/g, " $& ").split(/ +/);
      const quoted = words.map((word) => `'${word}'`).join(" ");
      return `COMP_LINE='${line}' COMP_POINT=${line.length} COMP_WORDS=(${quoted}) COMP_CWORD=${words.length - 1}
        _migrate; echo =; printf '%s\n' "\${COMPREPLY[@]}"`;
    });
    const breaks = `COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:@'`;
    return parted(run("bash", ["--norc", "-c", ["source $SCRIPT", breaks, ...asked].join("\n")]));
  },
  fish: (lines) => {
    const asked = lines.map((line) => `echo =; complete -C '${line}'`);
    return parted(run("fish", ["--no-config", "-c", ["source $SCRIPT", ...asked].join("\n")]));
  },
  zsh: (lines) => {
    const found = join(scratch, "found");
    run("zsh", ["-f", join(root, "test/support/complete.zsh"), join(scratch, "script.zsh"), found, ...lines]);
    return parted(readFileSync(found, "utf8").split("\n"));
  },
};

/** Lines that follow a line `=` each → the first word of each, in order, once. */
function parted(lines: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [];
  for (const line of lines) {
    if (line === "=") parts.push([]);
    else if (line !== "") parts.at(-1)!.push(line.split("\t")[0]!.replace(/\/$/, ""));
  }
  return parts.map((part) => [...new Set(part)].sort());
}

const offered: Readonly<Record<string, readonly string[]>> = {
  "migrate up": ["upgrade"],
  "migrate __": [],
  "migrate -n down": [],
  "migrate -n prod down": ["downgrade"],
  "migrate upgrade --lock-": ["--lock-retries", "--lock-timeout", "--lock-wait"],
  "migrate status --lock-": [],
  "migrate status --dir": ["--directory"],
  "migrate upgrade a": ["aa11", "ab22"],
  "migrate upgrade ": ["+1", "aa11", "ab22", "base", "billing", "billing@head", "head", "heads"],
  "migrate downgrade ": ["-1", "aa11", "ab22", "base", "billing", "billing@head", "head", "heads"],
  "migrate show c": ["current"],
  "migrate history -r c": ["current"],
  "migrate revision --depends-on ": ["aa11", "ab22", "billing", "billing@head", "head", "heads"],
  "migrate repair --forget ": [],
  "migrate upgrade bill": ["billing", "billing@head"],
  "migrate upgrade --lock-wait 3 aa": ["aa11"],
  "migrate upgrade --directory other z": ["zz99"],
  "migrate revision --splice --branch-label b": ["billing"],
  "migrate status a": [],
  "migrate completion b": ["bash"],
  "migrate status --directory oth": ["other"],
};

test.each(["bash", "zsh", "fish"])("%s", (shell) => {
  if (!installed(shell)) return void console.log(`${shell} is not installed: not tested`);
  const lines = Object.keys(offered);
  const words = shells[shell]!(lines);
  expect(Object.fromEntries(lines.map((line, index) => [line, words[index]]))).toEqual(offered);
  // The messages of the migrations hold what a shell would run.
  expect(run("ls", ["."])).toEqual(["migrate.config.json", "migrations", "other"]);
});

test.skipIf(!installed("bash"))("bash completes both ends of a range, and what stands behind = and @", () => {
  const lines = [
    "migrate history -r aa11:ab",
    "migrate upgrade --directory=other zz",
    "migrate upgrade billing@h",
  ];
  expect(shells["bash"]!(lines)).toEqual([["ab22"], ["zz99"], ["head"]]);
});

test("PowerShell: quotes and brackets are closed, and each flag has its row", () => {
  const text = readFileSync(join(scratch, "script.powershell"), "utf8");
  const bare = text.replaceAll(/#.*/g, "").replaceAll(/'(?:[^']|'')*'|"(?:[^"`]|`.)*"/g, "");
  expect(bare).not.toMatch(/['"]/);
  for (const pair of ["()", "{}", "[]"]) {
    const [open, close] = [...pair].map((bracket) => bare.split(bracket).length - 1);
    expect(`${pair} ${open}`).toBe(`${pair} ${close}`);
  }
  expect(text).toContain("@('upgrade', '--lock-wait', 'any', '");
  expect(text).toContain("@('', '--env', 'any', '");
  expect(text).toContain("@('upgrade', '', 'revisions', '");
  // A bare -- does not reach a script, such as the one that npm installs on Windows.
  expect(text).toContain("__complete $_ '--' @typed");
});

test("an unknown shell is told, and in a project that is broken nothing is offered", async () => {
  expect(await migrate(["completion", "tcsh"])).toMatchObject({ code: 2, stdout: "" });
  const broken = await migrate(["__complete", "revisions", "--", "upgrade", "--directory", "nowhere"], {
    cwd: folder,
  });
  expect(broken.stdout).toBe("");
});
