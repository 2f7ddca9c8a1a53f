/** `migrate graph`. */
import { history, readStanding, warnOfRest } from "../../app/look.ts";
import { historyOf } from "../../core/history.ts";
import { shellWord } from "../../core/shell.ts";
import { graphDot } from "../../render/graph-dot.ts";
import { graphHtml, type PictureWithFiles } from "../../render/graph-html.ts";
import { graphMermaid } from "../../render/graph-mermaid.ts";
import { graphText } from "../../render/graph-text.ts";
import { revisionValue } from "../../render/json.ts";
import { type Line, printed } from "../../render/terminal.ts";
import { type Command, flag, type Invocation, value } from "../command.ts";
import { formatOf, type Named, refuseConverted } from "../format.ts";
import { lastFlag, lastOf, newest } from "../last.ts";

/** What is written: lines, a page in its very bytes, or a value that becomes JSON. */
type Drawing = { readonly lines: readonly Line[] } | { readonly page: string } | { readonly value: object };

const formats: Readonly<Record<string, (picture: PictureWithFiles, invocation: Invocation) => Drawing>> = {
  text: (picture, { args, deps, printer, verbose }) => {
    const ascii = args.flag("ascii") || !speaksUnicode(deps.env);
    const width = args.flag("output") ? Number.POSITIVE_INFINITY : printer.width;
    return { lines: graphText(picture, { width, ascii, paths: verbose }) };
  },
  html: (picture) => ({ page: graphHtml(picture) }),
  mermaid: (picture, { args }) => {
    const lines = graphMermaid(picture).split("\n");
    // In a Markdown file it is drawn only between these.
    return { lines: /\.md$/i.test(args.text("output") ?? "") ? ["```mermaid", ...lines, "```"] : lines };
  },
  dot: (picture) => ({ lines: graphDot(picture).split("\n") }),
  json: ({ graph, revisions, applied, current }) => {
    const asValue = (id: string): object => ({
      ...(revisionValue(graph, id, current) as object),
      ...(applied === undefined ? {} : { applied: applied.has(id) }),
    });
    return { value: { graph: revisions.map(asValue) } };
  },
};

/** What the name of a file says of what is to be in it. */
const endings = {
  html: "html",
  htm: "html",
  mmd: "mermaid",
  md: "mermaid",
  dot: "dot",
  gv: "dot",
  json: "json",
};

const command: Command = {
  name: "graph",
  summary: "Draws the migrations as a graph, newest first. Needs a database only for -i and for current.",
  args: {
    format: value(
      `${Object.keys(formats).join(", ")} (default: by the ending of FILE, such as .html, .mmd or .dot; else text)`,
      "FORMAT",
    ),
    "rev-range": value("only START:END; either can be left out", "RANGE", "r"),
    ...lastFlag("how many revisions to show (default 0: all)"),
    "indicate-current": flag("mark what is applied to the database", "i"),
    ascii: flag("draw with ASCII characters only"),
    output: value("write to this file instead of stdout", "FILE", "o"),
  },
  positionals: { required: 0, names: [] },
  soMany: newest,
  examples: [
    ["migrate graph", "everything, as git log --graph draws it"],
    ["migrate graph -i", "with applied revisions filled in"],
    ["migrate graph -i -o graph.html", "as one page, with the SQL of each revision"],
    ["migrate graph --format mermaid", "for a Markdown file"],
    ["migrate graph --format dot | dot -Tsvg -o graph.svg", "as an image, by Graphviz"],
  ],
  async run(invocation) {
    refuseConverted(command, invocation.args.text("output"), drawn);
    const draw = formats[formatOf(invocation, Object.keys(formats), endings)]!;
    const drawing = draw(await pictureOf(invocation), invocation);
    const { args, deps, printer } = invocation;
    const output = args.text("output");
    if (output !== undefined) {
      const { outputs, writeOutputs } = await import("../../app/write-output.ts");
      const { openConfig } = await import("../../app/project.ts");
      const { directories } = await openConfig(deps, invocation.project);
      await writeOutputs(deps, outputs.graph, [{ path: output, pieces: [textOf(drawing)] }], directories);
    } else if ("lines" in drawing) printer.lines(drawing.lines);
    else if ("value" in drawing) printer.json(drawing.value);
    else await printer.script([drawing.page]);
  },
};
export default command;

/** Graphviz draws, and writes no text. */
const drawn = ({ output, stem, ending }: Named): string =>
  /^(?:docx?|odt)$/.test(ending)
    ? `write a page: -o ${shellWord(`${stem}.html`)}`
    : `Graphviz makes one: migrate graph --format dot | dot -T${ending} -o ${shellWord(output)}`;

function textOf(drawing: Drawing): string {
  if ("lines" in drawing) return printed(drawing.lines);
  return "page" in drawing ? drawing.page : `${JSON.stringify(drawing.value, undefined, 2)}\n`;
}

async function pictureOf({ args, deps, project: options }: Invocation): Promise<PictureWithFiles> {
  const range = args.text("rev-range");
  const last = lastOf(args);
  if (!args.flag("indicate-current")) {
    const { project, revisions } = await history(deps, { ...options, range, last });
    return { graph: project.graph, revisions };
  }
  const state = await readStanding(deps, options);
  warnOfRest(deps, state);
  const { project, applied, heads, reached } = state;
  return {
    graph: project.graph,
    revisions: historyOf(project.graph, range, reached, last),
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
