/** `migrate adopt`. */

import { type Adoption, adopt } from "../../app/adopt.ts";
import { exitCodes, MigrateError } from "../../core/errors.ts";
import { summaryLines, totalsOf } from "../../render/adoption.ts";
import { counted } from "../../render/counted.ts";
import { type Command, flag, type Invocation, value } from "../command.ts";

const command: Command = {
  name: "adopt",
  summary:
    "Converts the migrations of another tool: shows the result; --yes or --to writes it. Exit code 1 if something is left to do by hand.",
  args: {
    to: value("write the files into this folder, which must be empty or not exist", "DIR"),
    yes: flag("write the files into the project's folder", "y"),
    tool: value(
      "the tool, if the folder does not show it: golang-migrate, maragudk, sqlx, dbmate, goose, diesel, flyway, node-pg-migrate, graphile-migrate, pop, prisma, drizzle",
      "NAME",
    ),
    "from-database": flag(
      "when the files exist: read from the database what the tool has run; --yes stamps it",
    ),
    table: value("with --from-database: the tool's version table, if it has another name", "NAME"),
  },
  positionals: { required: 1, names: ["FOLDER"] },
  examples: [
    ["migrate adopt db/migrations", "show the result, write nothing"],
    ["migrate adopt db/migrations --to migrations", "write the files"],
    ["migrate adopt db/migrations --from-database --yes", "record what the tool has run"],
  ],
  run: (invocation) => (invocation.args.flag("from-database") ? stamp(invocation) : files(invocation)),
};
export default command;

async function files({ args, deps, project, printer, json }: Invocation): Promise<number> {
  if (args.flag("table")) {
    throw new MigrateError({
      code: "usage/exclusive-flags",
      message: "--table requires --from-database",
      hint: "add --from-database, or leave out --table",
    });
  }
  const [folder = ""] = args.positionals;
  const [to, tool] = [args.text("to"), args.text("tool")];
  const write = args.flag("yes") || to !== undefined;
  const adoption = await adopt(deps, { ...project, folder, to, tool, write });
  if (json) printer.json(adoptionValue(adoption));
  else {
    printer.lines(summaryLines(adoption));
    const count = adoption.migrations.reduce((sum, each) => sum + each.files.length, 0);
    if (write) printer.info(`wrote ${counted(count, "file")} to ${adoption.to}`);
    else
      printer.info(
        `nothing was written; to write ${counted(count, "file")} to ${adoption.to}, pass --yes, or --to DIR`,
      );
  }
  const byHand = adoption.findings.length + totalsOf(adoption.migrations).byHand;
  return byHand > 0 ? exitCodes.findings : exitCodes.ok;
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

async function stamp({ args, deps, project, printer, json }: Invocation): Promise<void> {
  const { adoptDatabase } = await import("../../app/adopt-database.ts");
  const { last, ...result } = await adoptDatabase(deps, {
    ...project,
    folder: args.positionals[0] ?? "",
    tool: args.text("tool"),
    table: args.text("table"),
    write: args.flag("yes"),
  });
  if (json)
    return printer.json({ ...result, version: last?.version ?? null, revision: last?.revision ?? null });
  const { database, table, stamped, done } = result;
  printer.data(
    last === undefined
      ? `${table} on ${database}: nothing has been run`
      : `${table} on ${database}: migrated up to version ${last.version}, which is ${last.revision}`,
  );
  if (done) printer.info(`stamped: ${counted(stamped.length, "revision")}`);
  else if (stamped.length === 0) printer.info("nothing to stamp");
  else printer.info(`nothing was done; to stamp ${counted(stamped.length, "revision")}, pass --yes`);
}
