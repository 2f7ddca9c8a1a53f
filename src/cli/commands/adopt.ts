/** `migrate adopt`. */
import { type Adoption, adopt } from "../../app/adopt.ts";
import { exitCodes, MigrateError } from "../../core/errors.ts";
import { plural, summaryLines, totalsOf } from "../../render/adoption.ts";
import { type Command, flag, type Invocation, value } from "../command.ts";

const command: Command = {
  name: "adopt",
  summary:
    "Turns a folder of another tool's migrations into ours: shows what becomes of it; --yes or --to writes. Exit code 1 where something is left to do by hand.",
  args: {
    to: value("write the files into this folder, which must be empty or not there yet", "DIR"),
    yes: flag("write the files into the folder of the project", "y"),
    tool: value(
      "the tool, where the folder does not show it: golang-migrate, maragudk, sqlx, dbmate, goose, diesel, flyway, node-pg-migrate, graphile-migrate, pop, prisma, drizzle",
      "NAME",
    ),
    "from-database": flag(
      "when the files are there: read from the database what the tool has run, and stamp that with --yes",
    ),
    table: value("with --from-database: the tool's version table, where it has another name", "NAME"),
  },
  positionals: { required: 1, names: ["FOLDER"] },
  examples: [
    ["migrate adopt db/migrations", "what would become of it; writes nothing"],
    ["migrate adopt db/migrations --to migrations", "write it"],
    ["migrate adopt db/migrations --from-database --yes", "the database stands where the tool left it"],
  ],
  run: (invocation) => (invocation.args.flag("from-database") ? stamp(invocation) : files(invocation)),
};
export default command;

async function files({ args, deps, project, printer, json }: Invocation): Promise<number> {
  if (args.flag("table")) {
    throw new MigrateError({
      code: "usage/exclusive-flags",
      message: "--table names the table that --from-database reads",
      hint: "say --from-database too, or leave it out",
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
    if (write) printer.info(`written: ${plural(count, "file")} to ${adoption.to}`);
    else
      printer.info(
        `nothing was written; to write ${plural(count, "file")} to ${adoption.to}, say --yes, or --to DIR`,
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
      : `${table} on ${database}: run up to version ${last.version}, which is ${last.revision}`,
  );
  if (done) printer.info(`stamped: ${plural(stamped.length, "revision")}`);
  else if (stamped.length === 0) printer.info("nothing to stamp");
  else printer.info(`nothing was done; to stamp ${plural(stamped.length, "revision")}, say --yes`);
}
