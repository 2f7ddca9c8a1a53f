/** Which pages the site has, in the order of its sidebar, and where each is: the files themselves stay where GitHub shows them. */

/** A title of the sidebar, and a Markdown file, from the root of the repository. */
export type Entry = readonly [title: string, file: string];

export const groups: readonly (readonly [group: string, entries: readonly Entry[]])[] = [
  [
    "Start",
    [
      ["Get started", "README.md"],
      ["A walk", "docs/walk.md"],
      ["The example", "sql/example/README.md"],
    ],
  ],
  [
    "Tasks",
    [
      ["Run migrations", "docs/running.md"],
      ["The offline script", "docs/offline-script.md"],
      ["CI", "docs/ci.md"],
      ["Autogenerate", "docs/autogenerate.md"],
      ["Reviews and traces", "docs/review.md"],
      ["Safe forms", "docs/fix.md"],
      ["Proofs", "docs/proofs.md"],
      ["Edited files", "docs/integrity.md"],
      ["Squash", "docs/squash.md"],
      ["Adopt a database", "docs/baseline.md"],
      ["Dumps", "docs/dump.md"],
      ["Scratch databases", "docs/scratch.md"],
    ],
  ],
  ["For the DBA", [["What a DBA reads and runs", "docs/dba.md"]]],
  [
    "Coming from",
    [
      ["Alembic", "docs/alembic.md"],
      ["EF Core", "docs/from-ef-core.md"],
      ["golang-migrate", "docs/from-golang-migrate.md"],
      ["Flyway", "docs/from-flyway.md"],
      ["dbmate", "docs/from-dbmate.md"],
      ["goose", "docs/from-goose.md"],
      ["Any of them: adopt", "docs/adopt.md"],
    ],
  ],
  [
    "Reference",
    [
      ["Commands", "docs/commands.md"],
      ["Configuration", "docs/configuration.md"],
      ["File format", "docs/format.md"],
      ["Rules of lint", "docs/rules.md"],
      ["Errors", "docs/errors.md"],
      ["API", "docs/api.md"],
      ["The ledger", "docs/ledger.md"],
      ["Catalogs", "docs/catalog.md"],
      ["Performance", "docs/performance.md"],
      ["Security", "docs/security.md"],
    ],
  ],
  [
    "The project",
    [
      ["Contribute", "CONTRIBUTING.md"],
      ["Report a vulnerability", "SECURITY.md"],
      ["Changes", "CHANGELOG.md"],
    ],
  ],
];

/** Every page, from the root of the repository → its address in the site, without `.html`. */
export const addresses: ReadonlyMap<string, string> = new Map(
  groups.flatMap(([, entries]) => entries.map(([, file]) => [file, addressOf(file)] as const)),
);

/** `docs/format.md` is `format`, `SECURITY.md` is `project-security`, and the README the first page. */
function addressOf(file: string): string {
  if (file === "README.md") return "index";
  const name = file
    .replace(/\/README\.md$|\.md$/, "")
    .replaceAll("/", "-")
    .toLowerCase();
  return name.startsWith("docs-") ? name.slice("docs-".length) : `project-${name}`;
}
