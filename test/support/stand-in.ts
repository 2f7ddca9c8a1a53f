/** Arguments and what is printed for them → a command that does so, in the place of a tool that is not installed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a command prints, and its exit code. */
export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** A command that answers its arguments, and fails on any other; it lies in `folder`, whose path has no blanks. `--output FILE` gets what it would print. */
export function standIn(folder: string, answers: Readonly<Record<string, Answer>>): string {
  writeFileSync(
    join(folder, "tool.cjs"),
    `const answers = ${JSON.stringify(answers)};
const [words, file] = process.argv.slice(2).join(" ").split(" --output ");
const { stdout, stderr, code } = answers[words] ?? { stdout: "", stderr: "unexpected: " + words, code: 9 };
if (file !== undefined && code === 0) require("node:fs").writeFileSync(file, stdout);
else process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
`,
  );
  return `${process.execPath} ${join(folder, "tool.cjs")}`;
}
