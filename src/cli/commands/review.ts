/** `migrate review`. */

import { review } from "../../app/review.ts";
import { shellWord } from "../../core/shell.ts";
import { graphText } from "../../render/graph-text.ts";
import { summaryOfReview } from "../../render/review/document.ts";
import { reviewHtml } from "../../render/review/html.ts";
import { reviewMarkdown } from "../../render/review/markdown.ts";
import { printed } from "../../render/terminal.ts";
import { type Command, excluding, flag, value, writing } from "../command.ts";
import { formatOf, type Named, refuseConverted } from "../format.ts";
import { scratchFlag } from "../scratch.ts";
import { serverVersion } from "../script.ts";

const command: Command = {
  name: "review",
  summary:
    "Writes one document about migrations, for a pull request and for a DBA: statements, effects on other sessions, lint findings, downgrades, and what they change in the catalog of a scratch database. Covers the pending migrations, or all if no database is configured.",
  args: {
    since: excluding(
      { all: "all migrations are all, whatever the ref has; leave one of them out" },
      value("only migrations that this git ref does not have", "REF"),
    ),
    all: flag("all migrations, without asking the database"),
    format: value("markdown, html or json (default: by the ending of FILE; else markdown)", "FORMAT"),
    sizes: flag("ask the database how large the tables are; only reads"),
    "no-catalog": flag("do not run them on a scratch database to compare the catalogs"),
    scratch: excluding(["no-catalog"], scratchFlag),
    output: writing([".md", ".html", ".json"], value("write to this file instead of stdout", "FILE", "o")),
    "server-version": value("the server's version, for example 15 or 16.4; default: the newest", "VERSION"),
  },
  positionals: { required: 0, names: ["WHICH"], many: true },
  examples: [
    ["migrate review", "what is pending, as Markdown"],
    ["migrate review --since main --format html -o review.html", "what this branch adds, as one page"],
    ["migrate review --sizes", "with rows and bytes of the tables, as the database estimates them"],
    ["migrate review 0007:head --format json", "a range; also a revision, or paths of files"],
  ],
  async run({ args, deps, project: options, printer, json }) {
    refuseConverted(command, args.text("output"), converted);
    const format = formatOf({ args, json }, ["markdown", "html", "json"], {
      html: "html",
      htm: "html",
      json: "json",
    });
    const output = args.text("output");
    if (output !== undefined) {
      const { openConfig } = await import("../../app/project.ts");
      const { outputs, refuseOutputs } = await import("../../app/write-output.ts");
      refuseOutputs(deps, outputs.review, [output], (await openConfig(deps, options)).directories);
    }
    const { project, ...document } = await review(deps, {
      ...options,
      which: args.positionals,
      since: args.text("since"),
      all: args.flag("all"),
      serverVersion: serverVersion(args.text("server-version")),
      catalog: !args.flag("no-catalog"),
      sizes: args.flag("sizes"),
      scratch: args.text("scratch"),
      onScratch: ({ description }) => printer.info(description),
    });
    const picture = {
      graph: project.graph,
      revisions: document.migrations.map(({ revision }) => revision).reverse(),
    };
    const drawing = () =>
      printed(graphText(picture, { width: Number.POSITIVE_INFINITY, ascii: false, paths: false }));
    const text =
      format === "html"
        ? reviewHtml(document, drawing(), printer.carry)
        : format === "markdown"
          ? `${reviewMarkdown(document, printer.carry)}\n`
          : `${JSON.stringify(document, undefined, 2)}\n`;
    if (output !== undefined) {
      const { outputs, writeOutputs } = await import("../../app/write-output.ts");
      await writeOutputs(
        deps,
        outputs.review,
        [{ path: output, pieces: [text] }],
        project.config.directories,
      );
    } else if (format === "json") printer.json(document);
    else if (format === "html") await printer.script([text]);
    else printer.lines(text.trimEnd().split("\n"));
    printer.info(summaryOfReview(document));
  },
};
export default command;

const converted = ({ stem }: Named): string =>
  `a browser prints a page, and other programs convert Markdown: ${["html", "md"].map((ending) => `-o ${shellWord(`${stem}.${ending}`)}`).join(", or ")}`;
