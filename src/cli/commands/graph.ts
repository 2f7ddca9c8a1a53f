/** `migrate graph`. */
import { history, readState } from "../../app/look.ts";
import { MigrateError } from "../../core/errors.ts";
import { historyOf } from "../../core/history.ts";
import { graphDot } from "../../render/graph-dot.ts";
import { graphMermaid } from "../../render/graph-mermaid.ts";
import { graphText, type Picture } from "../../render/graph-text.ts";
import { revisionValue } from "../../render/json.ts";
import { type Command, flag, type Invocation, value } from "../command.ts";

const formats: Readonly<Record<string, (picture: Picture, invocation: Invocation) => void>> = {
  text: (picture, { args, deps, printer, verbose }) => {
    const ascii = args.flag("ascii") || !speaksUnicode(deps.env);
    printer.lines(graphText(picture, { width: printer.width, ascii, paths: verbose }));
  },
  mermaid: (picture, { printer }) => printer.lines(graphMermaid(picture).split("\n")),
  dot: (picture, { printer }) => printer.lines(graphDot(picture).split("\n")),
  json: ({ graph, revisions, applied, current }, { printer }) => {
    const asValue = (id: string): object => ({
      ...(revisionValue(graph, id, current) as object),
      ...(applied === undefined ? {} : { applied: applied.has(id) }),
    });
    printer.json({ graph: revisions.map(asValue) });
  },
};

const command: Command = {
  name: "graph",
  summary: "Draws the migrations as a graph, newest first. Needs a database only if current is used.",
  args: {
    format: value(`${Object.keys(formats).join(", ")} (default: text)`, "FORMAT"),
    "rev-range": value("only START:END; either can be left out", "RANGE", "r"),
    "indicate-current": flag("mark what is applied to the database", "i"),
    ascii: flag("draw with ASCII characters only"),
  },
  positionals: { required: 0, names: [] },
  examples: [
    ["migrate graph", "everything, as git log --graph draws it"],
    ["migrate graph -i", "with applied revisions filled in"],
    ["migrate graph --format mermaid", "for a Markdown file"],
    ["migrate graph --format dot | dot -Tsvg -o graph.svg", "as an image, by Graphviz"],
  ],
  async run(invocation) {
    const draw = formats[formatOf(invocation)]!;
    draw(await pictureOf(invocation), invocation);
  },
};
export default command;

function formatOf({ args, json }: Invocation): string {
  const asked = args.text("format") ?? (json ? "json" : "text");
  if (!Object.hasOwn(formats, asked)) {
    throw new MigrateError({
      code: "usage/format",
      message: `unknown format '${asked}'`,
      hint: `the formats are ${Object.keys(formats).join(", ")}; see: migrate graph --help`,
    });
  }
  if (json && asked !== "json") {
    throw new MigrateError({
      code: "usage/format",
      message: `--json and --format ${asked} cannot be combined`,
      hint: "leave one of them out",
    });
  }
  return asked;
}

async function pictureOf({ args, deps, project: options }: Invocation): Promise<Picture> {
  const range = args.text("rev-range");
  if (!args.flag("indicate-current")) {
    const { project, revisions } = await history(deps, { ...options, range });
    return { graph: project.graph, revisions };
  }
  const { project, applied, heads } = await readState(deps, options);
  return {
    graph: project.graph,
    revisions: historyOf(project.graph, range, heads),
    applied: new Set(applied.map(({ revision }) => revision)),
    current: new Set(heads),
  };
}

/** As the C library decides it: the first of these that is set says how characters are encoded. */
function speaksUnicode(env: Invocation["deps"]["env"]): boolean {
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find(
    (each) => each !== undefined && each !== "",
  );
  return env["TERM"] !== "dumb" && locale !== undefined && /utf-?8/i.test(locale);
}
