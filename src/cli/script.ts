/** What `upgrade`, `downgrade` and `stamp` share when they write a script: its flags, its forms, where it goes. */

import type { OfflineOptions } from "../app/offline.ts";
import type { Request } from "../app/steps.ts";
import type { NewText } from "../app/write-output.ts";
import { MigrateError } from "../core/errors.ts";
import { asFlags } from "../core/option-names.ts";
import type { Plan } from "../core/plan/types.ts";
import { type ServerVersion, serverVersionFault, serverVersionOf } from "../core/server-version.ts";
import { counted } from "../render/counted.ts";
import type { Script } from "../render/script/script.ts";
import { excluding, type Flags, flag, type Invocation, needing, value, writing } from "./command.ts";
import { count, timeout } from "./numbers.ts";

export const NOTHING_RUN = { "dry-run": "a script runs nothing; leave --dry-run out" };

/** Where a script goes. */
export const outputFlags: Flags = needing("sql", {
  output: writing([".sql"], value("write to this file instead", "FILE", "o")),
});

export const stampScriptFlags: Flags = {
  sql: excluding(
    {
      ...NOTHING_RUN,
      "json-events": "leave --json-events out; to have the script as JSON, write --json instead",
    },
    flag("write a script to stdout instead of running; needs no database"),
  ),
  ...outputFlags,
  ...needing("sql", {
    client: value("psql (default), or any: no backslash commands", "CLIENT"),
    split: excluding(
      ["output", "with-downgrade"],
      value("one numbered file per transaction into this folder", "DIR"),
    ),
    "from-database": flag("read from the database what is applied; writes nothing"),
    "server-version": value("the server's version, for example 15 or 16.4; refuses newer syntax", "VERSION"),
    "expect-database": value("stop unless this is the database", "NAME"),
    "expect-role": value("stop unless this role is connected", "NAME"),
    source: value("say in the title where the files come from, for example a commit", "TEXT"),
    "no-annotate": flag("no comments above statements that remove something"),
  }),
};

/** Of `upgrade` and `downgrade`. */
export const scriptFlags: Flags = {
  ...stampScriptFlags,
  ...needing("sql", {
    idempotent: flag("apply what is missing, skip what is done; safe to run twice"),
  }),
};

/** Of `upgrade` alone. */
export const upgradeScriptFlags: Flags = needing("sql", {
  "with-downgrade": value("also write the script that takes it back to this file", "FILE"),
});

/** Writes the script of a request where the flags say. Its receipt goes to stderr. */
export async function writeScript(request: Request, invocation: Invocation): Promise<void> {
  const { args, deps, printer, json } = invocation;
  const options = scriptOptions(invocation);
  const split = args.text("split");
  const output = args.text("output");
  const { offline } = await import("../app/offline.ts");
  const { plan, back, ledger, form: asked } = await offline(deps, request, options);
  warnOfLongTransaction(plan.steps.length, invocation);
  const { renderScript, renderSplit } = await import("../render/script/script.ts");
  const downgrade = back === undefined ? undefined : renderScript(back, ledger, asked);
  const form = { ...asked, ...(downgrade === undefined ? {} : { wayBack: downgrade.receipt }) };
  if (split !== undefined) {
    const files = renderSplit(plan, ledger, form);
    const { writeScriptFolder } = await import("../app/write-output.ts");
    const paths = await writeScriptFolder(deps, split, files);
    const value = files.map(({ receipt }, i) => ({ path: paths[i], receipt }));
    if (json) printer.json({ files: value });
    else for (const { path, receipt } of value) printer.info(`${path}  sha256:${receipt}`);
    if (files.length === 0)
      printer.info(`nothing to do: no files were written${assumedStart(request, options)}`);
    return;
  }
  const script = renderScript(plan, ledger, form);
  const { receipt } = script;
  const path = args.text("with-downgrade");
  const files: NewText[] = [];
  if (downgrade !== undefined && path !== undefined) files.push({ path, pieces: downgrade.pieces() });
  if (output !== undefined) files.push({ path: output, pieces: script.pieces() });
  await writeScriptFiles(files, invocation);
  const stated = statedIn(plan, receipt);
  const isEmpty = stated === null;
  if (downgrade !== undefined)
    printer.info(`${path}  ${isEmpty ? "nothing to do" : `sha256:${downgrade.receipt}`}`);
  const written =
    downgrade === undefined ? {} : { downgrade: { path, receipt: statedIn(plan, downgrade.receipt) } };
  if (json) printer.json({ receipt: stated, script: output ?? script.text, plan, ...written });
  else if (output === undefined) await printer.script(script.pieces());
  printer.info(
    isEmpty
      ? `nothing to do: the script is empty${assumedStart(request, options)}`
      : `receipt: sha256:${stated} (${counted(plan.steps.length, "step")})`,
  );
}

async function writeScriptFiles(files: readonly NewText[], { deps, project }: Invocation): Promise<void> {
  if (files.length === 0) return;
  const { openConfig } = await import("../app/project.ts");
  const { outputs, writeOutputs } = await import("../app/write-output.ts");
  const { directories } = await openConfig(deps, project);
  await writeOutputs(deps, outputs.script, files, directories);
}

/** Writes a script of one form where the flags say, and its receipt to stderr; what stands for both in JSON. */
export async function writePlainScript(
  { text, receipt }: Pick<Script, "text" | "receipt">,
  plan: Plan,
  invocation: Invocation,
): Promise<{ readonly receipt: string | null; readonly script: string }> {
  const { args, printer, json } = invocation;
  const output = args.text("output");
  if (output !== undefined) await writeScriptFiles([{ path: output, pieces: [text] }], invocation);
  else if (!json) await printer.script([text]);
  const stated = statedIn(plan, receipt);
  if (stated !== null) printer.info(`receipt: sha256:${stated}`);
  return { receipt: stated, script: output ?? text };
}

/** An empty script does not state its receipt. */
const statedIn = ({ batches }: Plan, receipt: string): string | null =>
  batches.length === 0 ? null : receipt;

/** Why a stamp has nothing to do, where nobody said what is applied. */
function assumedStart(request: Request, { fromDatabase }: OfflineOptions): string {
  if (request.kind !== "stamp" || fromDatabase === true) return "";
  const [target = "base"] = request.targets;
  if (request.targets.some((each) => each.includes(":"))) return "";
  return `, because it begins at base; if revisions are applied, name the last: migrate stamp REVISION:${target} --sql, or add --from-database`;
}

/** A transaction keeps a lock on each object it makes until it ends; the server's default has room for some thousands. */
const MANY_STEPS = 2000;

/** Warns of one transaction over so many steps that the server may have no room for its locks. */
export function warnOfLongTransaction(steps: number, { args, printer }: Invocation): void {
  if (!args.flag("single-transaction") || steps < MANY_STEPS) return;
  printer.warn(
    `one transaction over ${steps} migrations may run out of lock memory (max_locks_per_transaction; measured: near 5,200 small ones); without --single-transaction each has its own`,
  );
}

function scriptOptions({ args, project }: Invocation): OfflineOptions {
  const source = args.text("source");
  const lockRetries = count(args.text("lock-retries"), "--lock-retries");
  return {
    ...project,
    form: {
      client: client(args.text("client")),
      annotate: !args.flag("no-annotate"),
      split: args.flag("split"),
      ...(source === undefined ? {} : { source }),
      ...(lockRetries === undefined ? {} : { lockRetries }),
    },
    failOn: failOn(args.text("fail-on")),
    singleTransaction: args.flag("single-transaction"),
    idempotent: args.flag("idempotent"),
    fromDatabase: args.flag("from-database"),
    withDowngrade: args.flag("with-downgrade"),
    lockTimeout: timeout(args.text("lock-timeout"), "--lock-timeout"),
    statementTimeout: timeout(args.text("statement-timeout"), "--statement-timeout"),
    serverVersion: serverVersion(args.text("server-version")),
    expectDatabase: args.text("expect-database"),
    expectRole: args.text("expect-role"),
  };
}

/** What the flag says. Throws `usage/fail-on`. */
export function failOn(text: string | undefined): "hazard" | undefined {
  if (text === undefined || text === "hazard") return text;
  throw new MigrateError({
    code: "usage/fail-on",
    message: `--fail-on takes hazard, not '${text}'`,
    hint: "write: --fail-on hazard",
  });
}

function client(text = "psql"): "psql" | "any" {
  if (text === "psql" || text === "any") return text;
  throw new MigrateError({
    code: "usage/client",
    message: `--client must be psql or any, not '${text}'`,
    hint: "psql: with its settings and progress lines; any: SQL alone, for pgAdmin, DBeaver or a driver",
  });
}

/** "16" or "15.20" → the server version the SQL must suit. Throws `usage/server-version`. */
export function serverVersion(text: string | undefined): ServerVersion | undefined {
  if (text === undefined) return undefined;
  const fault = serverVersionFault(text);
  if (fault === undefined) return serverVersionOf(text, asFlags("serverVersion"));
  throw new MigrateError({
    code: "usage/server-version",
    message: `--server-version must be ${fault.mustBe}, not '${text}'`,
    hint: "for example: --server-version 16",
  });
}
