/** Prints the SQL that makes of one database what another is: `npm run -s diff -- --from URL --to URL`. Exit code 1: none is proven. */
import { parseArgs } from "node:util";
import { diffDatabases } from "../src/app/diff-databases.ts";
import { createPrinter } from "../src/cli/print.ts";
import { parseAddress } from "../src/core/address.ts";
import { describeObject } from "../src/core/catalog/catalog.ts";
import { segmentsText } from "../src/core/diff/text.ts";
import { MigrateError } from "../src/core/errors.ts";
import { asFlags } from "../src/core/option-names.ts";
import { redact } from "../src/core/redact.ts";
import { type DatabaseAddress, resolveAddress } from "../src/io/libpq/parameters.ts";

const { values } = parseArgs({
  options: {
    from: { type: "string" },
    to: { type: "string" },
    scratch: { type: "string" },
    ignore: { type: "string", multiple: true },
    "allow-rebuild": { type: "string", multiple: true },
    verbose: { type: "boolean" },
  },
});
const streams = { stdout: process.stdout, stderr: process.stderr, stdin: process.stdin };
const options = {
  quiet: false,
  verbose: values.verbose === true,
  json: false,
  carry: (text: string) => text,
  clean: (text: string) => redact(text),
  signal: new AbortController().signal,
};
const printer = createPrinter(streams, process.env, options);

async function addressOf(flag: "from" | "to" | "scratch"): Promise<DatabaseAddress> {
  const given = values[flag];
  if (given === undefined) {
    throw new MigrateError({
      code: "usage/missing-argument",
      message: `--${flag} is missing`,
      hint: "npm run -s diff -- --from URL --to URL",
    });
  }
  const surroundings = { variable: () => undefined, cwd: process.cwd() };
  return resolveAddress(parseAddress(given, `--${flag}`), `--${flag}`, process.cwd(), surroundings);
}

try {
  const way = await diffDatabases(
    { cwd: process.cwd(), env: process.env, onNotice: ({ message }) => printer.verbose(message) },
    {
      from: await addressOf("from"),
      to: await addressOf("to"),
      scratch: values.scratch === undefined ? undefined : await addressOf("scratch"),
      ignore: values.ignore ?? [],
      allowRebuild: values["allow-rebuild"] ?? [],
      names: asFlags,
    },
  );
  await printer.script([segmentsText(way.segments)]);
  for (const object of way.rebuilt)
    printer.warn(`${describeObject(object)} is dropped and made again, with its rows`);
  for (const object of way.otherOrder)
    printer.warn(`${describeObject(object)} has its columns in another order`);
} catch (error) {
  if (!(error instanceof MigrateError)) throw error;
  printer.error(error);
  process.exitCode = error.exitCode;
}
