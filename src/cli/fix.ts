/** `migrate lint --fix`: what it changed, what it left, and what is still found. */
import { fix } from "../app/fix.ts";
import { exitCodes } from "../core/errors.ts";
import { diffLines, fileJson, fixedText, leftText } from "../render/lint/fix.ts";
import { findingLines, summaryText } from "../render/lint/text.ts";
import type { Invocation } from "./command.ts";
import { serverVersion } from "./script.ts";

/** Its exit code: that of findings also where something was left as it is. */
export async function runFix({ args, deps, project, printer, json }: Invocation): Promise<number> {
  const dryRun = args.flag("dry-run");
  const result = await fix(deps, {
    ...project,
    which: args.positionals,
    since: args.text("since"),
    serverVersion: serverVersion(args.text("server-version")),
    scratch: args.text("scratch"),
    dryRun,
    onScratch: ({ description }) => printer.info(description),
  });
  const { files, fixed, left, notes, findings, migrations, statements } = result;
  if (json) printer.json({ ...result, files: files.map(fileJson) });
  else {
    if (dryRun) printer.lines(diffLines(files));
    else for (const { path } of files) printer.data(path);
    printer.lines(findings.flatMap((each) => findingLines(each, printer.width)));
  }
  for (const each of fixed) printer.info(fixedText(each));
  for (const note of notes) printer.info(note);
  for (const each of left) printer.warn(leftText(each));
  printer.info(summaryText(migrations, statements, findings));
  const fails = findings.some(({ severity }) => severity === "error" || args.flag("strict"));
  return fails || left.length > 0 ? exitCodes.findings : exitCodes.ok;
}
