/** A project and a request go in; the script in each of its forms comes out, and a way to run it as its reader would. */
import { expect } from "vitest";
import { type OfflineOptions, offline } from "../../src/app/offline.ts";
import type { Deps } from "../../src/app/project.ts";
import type { Request } from "../../src/app/steps.ts";
import { defaultForm } from "../../src/core/plan/script.ts";
import { renderScript, renderSplit } from "../../src/render/script/script.ts";
import { dump } from "./dump.ts";
import { steadyLedger } from "./migrate.ts";
import { runScript } from "./psql.ts";
import { withClient } from "./server.ts";

/** The forms that a script can have. */
export type FormName =
  | "one file"
  | "split files"
  | "idempotent, run twice"
  | "single transaction"
  | "any client"
  | "split files, any client";

export const formNames: readonly FormName[] = [
  "one file",
  "split files",
  "idempotent, run twice",
  "single transaction",
  "any client",
  "split files, any client",
];

/** The texts of a form in the order in which they are run. */
export async function filesOf(
  form: FormName,
  deps: Deps,
  request: Request,
  options: OfflineOptions = {},
): Promise<readonly string[]> {
  const more = {
    idempotent: form.startsWith("idempotent"),
    singleTransaction: form === "single transaction",
  };
  const client = form.endsWith("any client") ? "any" : "psql";
  const style = { ...defaultForm, client, split: form.startsWith("split") } as const;
  const { plan, ledger } = await offline(deps, request, { ...options, ...more, form: style });
  if (style.split) return renderSplit(plan, ledger, style).map(({ text }) => text);
  const { text } = renderScript(plan, ledger, style);
  return more.idempotent ? [text, text] : [text];
}

/** Runs the files of a form, each in a session of its own; each must succeed, and say nothing of errors or warnings. */
export async function runFiles(form: FormName, url: string, files: readonly string[]): Promise<void> {
  for (const text of files) {
    if (form.endsWith("any client")) {
      await withClient(url, async (client) => void (await client.query(text)));
      continue;
    }
    const { code, stderr } = await runScript(url, text);
    expect(stderr.replaceAll(/^psql:\S+ NOTICE: .*\n/gm, "")).toBe("");
    expect(code).toBe(0);
  }
}

/** All that a way to migrate must leave the same: catalog, data, and the ledger but for times and how. */
export async function stateOf(url: string): Promise<unknown> {
  return { catalog: await dump(url, { exclude: ["retort"] }), ledger: await steadyLedger(url) };
}
