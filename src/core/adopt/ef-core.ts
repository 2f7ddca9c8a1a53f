/** A folder of EF Core → its migrations, as C# files name them: `[Migration("20240131120000_AddOrders")]`. */
import { MigrateError } from "../errors.ts";
import { byText, type FolderFile, type ForeignMigration, type Reading } from "./foreign.ts";
import type { Program } from "./program.ts";

const ATTRIBUTE = /\[(?:Migration|MigrationAttribute)\(\s*"(?<id>[^"\\]+)"\s*\)\]/;
const OTHER_DATABASE = /\b(?<provider>SqlServer|Sqlite|MySql|Oracle)(?:ModelBuilderExtensions|:[A-Z])/;

const isMigration = ({ name, text }: FolderFile): boolean => name.endsWith(".cs") && ATTRIBUTE.test(text);

export const recognises = (files: readonly FolderFile[]): boolean => files.some(isMigration);

/** The version is the id. Throws `source/other-database` where they are for another. */
export function read(files: readonly FolderFile[]): Reading {
  const migrations = files.filter(isMigration).map((file): ForeignMigration => {
    refuseOther(file);
    const id = ATTRIBUTE.exec(file.text)!.groups!["id"]!;
    const { number, slug } = /^(?<number>\d*)_?(?<slug>.*)$/s.exec(id)!.groups!;
    const code = codeOf(file, files);
    return {
      version: id,
      ...(number === "" ? {} : { number: number! }),
      slug: slug!,
      asked: {
        path: code.path,
        text: code.text,
        lines: { up: lineOf(code, "Up"), down: lineOf(code, "Down") },
        idle: [],
      },
    };
  });
  return { migrations: migrations.sort(byText), findings: [], others: [] };
}

/** The attribute stands in `….Designer.cs`, the code beside it. */
const codeOf = (file: FolderFile, files: readonly FolderFile[]): FolderFile =>
  files.find(({ name }) => name === file.name.replace(/\.Designer\.cs$/, ".cs")) ?? file;

function lineOf({ text }: FolderFile, method: "Up" | "Down"): number {
  const at = text.search(new RegExp(`\\bvoid\\s+${method}\\s*\\(`));
  return text.slice(0, Math.max(at, 0)).split("\n").length;
}

function refuseOther({ path, text }: FolderFile): void {
  const provider = OTHER_DATABASE.exec(text)?.groups?.["provider"];
  if (provider === undefined || text.includes("Npgsql")) return;
  throw new MigrateError({
    code: "source/other-database",
    message: `these migrations are for ${provider}`,
    hint: "only PostgreSQL is supported",
    location: { path, line: 1, column: 1 },
  });
}

export const program: Program = {
  flag: "dotnet-ef",
  command: ["dotnet", "ef"],
  install: "dotnet tool install --global dotnet-ef",
  home: /\.csproj$/,
  args: (_direction, from = "0", to = "0", file) => [
    "migrations",
    "script",
    from,
    to,
    "--no-build",
    "--output",
    file,
  ],
  writes: "file",
  goes: "alone",
  printed: (text, _direction, version) =>
    text === "" ? [] : [{ version, start: 0, end: text.length, begun: false }],
};
