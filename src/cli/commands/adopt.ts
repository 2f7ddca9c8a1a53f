/** `migrate adopt`. */

import { type Adoption, adopt } from "../../app/adopt.ts";
import type { AdoptedMigration } from "../../core/adopt/adopt.ts";
import { mayBeNoTools, recordedByHand } from "../../core/adopt/tools.ts";
import { exitCodes } from "../../core/errors.ts";
import { shellWord } from "../../core/shell.ts";
import { proofLines, summaryLines, totalsOf } from "../../render/adoption.ts";
import { counted } from "../../render/counted.ts";
import {
  type Arguments,
  type Command,
  excluding,
  flag,
  type Invocation,
  needing,
  value,
} from "../command.ts";
import { scratchFlag } from "../scratch.ts";

const filesFirst = (flag: string): string =>
  `write the files first; then run this command again with --${flag} alone`;

const command: Command = {
  name: "adopt",
  summary:
    "Adopts the migrations of another tool: shows the result; --yes or --to writes it. Exit code 1 if something is left to do by hand.",
  args: {
    to: value(
      "write the files into this folder: a new one, an empty one, or one of the project's that has some of them",
      "DIR",
    ),
    yes: flag("write the files into the project's folder", "y"),
    tool: value(
      "the tool, if the folder does not show it: golang-migrate, maragudk, sqlx, dbmate, goose, diesel, flyway, node-pg-migrate, graphile-migrate, pop, prisma, drizzle, alembic, ef-core",
      "NAME",
    ),
    "from-database": excluding(
      { to: filesFirst("from-database") },
      flag("when the files exist: read from the database what the tool has run; --yes stamps it"),
    ),
    prove: excluding(
      { "from-database": filesFirst("prove"), yes: filesFirst("prove"), to: filesFirst("prove") },
      flag(
        "when the files exist: run the tool's SQL and the migrations on a scratch database, and compare what they make",
      ),
    ),
    ...needing("prove", { "no-down": flag("run only the ups"), scratch: scratchFlag }),
    table: value("the tool's version table, if it has another name", "NAME"),
    alembic: value("the command that runs Alembic (default: alembic)", "COMMAND"),
    "dotnet-ef": value("the command that runs EF Core's tool (default: dotnet ef)", "COMMAND"),
  },
  positionals: { required: 1, names: ["FOLDER"] },
  examples: [
    ["migrate adopt db/migrations", "show the result, write nothing"],
    ["migrate adopt db/migrations --to migrations", "write the files"],
    ["migrate adopt db/migrations --prove", "do the files make what the tool makes?"],
    ["migrate adopt db/migrations --from-database --yes", "record what the tool has run"],
  ],
  run: (invocation) => {
    const { args } = invocation;
    if (args.flag("prove")) return prove(invocation);
    return args.flag("from-database") ? stamp(invocation) : files(invocation);
  },
};
export default command;

async function files({ args, deps, project, printer, json }: Invocation): Promise<number> {
  const to = args.text("to");
  const write = args.flag("yes") || to !== undefined;
  const adoption = await adopt(deps, { ...project, ...foreign(args), to, write });
  if (json) printer.json(adoptionValue(adoption));
  else {
    printer.lines(summaryLines(adoption));
    const count = counted(
      adoption.migrations.reduce((sum, each) => sum + each.files.length, 0),
      "file",
    );
    if (adoption.written) printer.info(`wrote ${count} to ${adoption.to}`);
    else if (adoption.migrations.length === 0 && adoption.known.length > 0)
      printer.info("nothing to write: the project has all of them");
    else printer.info(`nothing was written; to write ${count}${whereTo(adoption)}`);
  }
  for (const line of settingLines(adoption)) printer.info(line);
  if (adoption.written && !json) printer.info(nextLine(adoption, args));
  const byHand = adoption.findings.length + totalsOf(adoption.migrations).byHand;
  return byHand > 0 ? exitCodes.findings : exitCodes.ok;
}

const whereTo = ({ to, taken }: Adoption): string =>
  taken === undefined ? ` to ${to}, pass --yes, or --to DIR` : `, pass --to DIR: ${taken}`;

/** Of each database that the tool has migrated, an upgrade would run all of it a second time. */
function nextLine({ tool, folder, migrations, settings }: Adoption, args: Arguments): string {
  const flags = ["tool", "table"].flatMap((name) => {
    const given = args.text(name);
    return given === undefined ? [] : ` --${name} ${shellWord(given)}`;
  });
  const then = settings?.written === false ? "then" : "next:";
  const last = args.text("tool") === undefined && mayBeNoTools(tool) ? migrations.at(-1) : undefined;
  const byHand =
    last === undefined ? "" : `; on one where the files were run by hand, ${recordedByHand(last.revision)}`;
  return `${then} on each database that ${tool} has migrated, run: migrate adopt ${shellWord(folder)}${flags.join("")} --from-database${byHand}`;
}

/** `wrote migrate.config.json: "directories": ["db"]` */
function settingLines({ settings }: Adoption): readonly string[] {
  if (settings === undefined) return [];
  const { file, values } = settings;
  const said = Object.entries(values).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
  const verb = settings.written ? `wrote ${file}:` : `next: set in ${file}:`;
  return [`${verb} ${said.join(", ")}`];
}

/** As data, without the texts of the files. */
function adoptionValue({ migrations, ...rest }: Adoption): unknown {
  return {
    ...rest,
    totals: totalsOf(migrations),
    migrations: migrations.map(({ files, ...migration }) => ({
      ...migration,
      files: files.map(({ name }) => name),
    })),
  };
}

const shown = ({ version, revision }: AdoptedMigration): string =>
  version === revision ? version : `${version}, which is ${revision}`;

/** The other tool's folder, and what is said of the tool. */
const foreign = (args: Arguments) => ({
  folder: args.positionals[0] ?? "",
  tool: args.text("tool"),
  table: args.text("table"),
  command: args.text("alembic") ?? args.text("dotnet-ef"),
});

async function prove({ args, deps, project, printer, json }: Invocation): Promise<number> {
  const { proveAdoption } = await import("../../app/adopt-prove.ts");
  const down = !args.flag("no-down");
  const proof = await proveAdoption(deps, {
    ...project,
    down,
    ...foreign(args),
    scratch: args.text("scratch"),
    onScratch: ({ description }) => printer.info(description),
  });
  if (json) printer.json(proof);
  else printer.lines(proofLines(proof, down));
  const { refused, differences } = proof;
  const faults = [...differences.up, ...differences.down, ...refused.new];
  return faults.length > 0 ? exitCodes.findings : exitCodes.ok;
}

async function stamp({ args, deps, project, printer, json }: Invocation): Promise<void> {
  const { adoptDatabase, takenBackText } = await import("../../app/adopt-database.ts");
  const { last, ...result } = await adoptDatabase(deps, {
    ...project,
    ...foreign(args),
    write: args.flag("yes"),
  });
  if (json) {
    const migrated = last.map(({ version, revision }) => ({ version, revision }));
    return printer.json({ ...result, migrated });
  }
  const { database, table, stamped, ahead, takenBack, done } = result;
  printer.data(
    last.length === 0
      ? `${table} on ${database}: nothing has been run`
      : `${table} on ${database}: migrated up to version ${last.map(shown).join(", ")}`,
  );
  if (done) printer.info(`stamped: ${counted(stamped.length, "revision")}`);
  else if (takenBack.length > 0) {
    const { message, hint } = takenBackText(takenBack, [...ahead, ...last.map(({ revision }) => revision)]);
    printer.info(`nothing to stamp: ${message}; ${hint}`);
  } else if (stamped.length === 0)
    printer.info(
      ahead.length === 0
        ? "nothing to stamp"
        : `nothing to stamp: the ledger is ahead of ${table}, at ${ahead.join(", ")}`,
    );
  else printer.info(`nothing was done; to stamp ${counted(stamped.length, "revision")}, pass --yes`);
}
