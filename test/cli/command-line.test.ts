/** Words of the command line → the command, its flags and what is wrong with them; and how a fault is then told. */
import { describe, expect, test } from "vitest";
import { allCommands, readCommandLine } from "../../src/cli/command-line.ts";
import { migrateHere } from "../support/migrate.ts";

const npm = (script: string, left: Record<string, string>): Record<string, string> => ({
  npm_config_user_agent: "npm/11.0.0 node/v22.0.0",
  npm_lifecycle_event: "migrate",
  npm_lifecycle_script: script,
  ...Object.fromEntries(Object.entries(left).map(([name, value]) => [`npm_config_${name}`, value])),
});

const words = (line: string): string[] => line.split(" ").filter((word) => word !== "");

/** `upgrade head sql json`: the command, its arguments, its flags with their values; then what is wrong. */
async function read(line: string): Promise<string> {
  const { command, args, unknown } = await readCommandLine(words(line));
  const flags = [...args.values].map(([name, given]) =>
    given.join() === "" ? name : `${name}=${given.join(",")}`,
  );
  const said = [command?.name ?? "-", ...args.positionals, ...flags].join(" ");
  const fault = unknown ?? args.fault;
  return fault === undefined ? said : `${said} | ${fault.message}`;
}

test("the flags that others need or exclude are flags", async () => {
  const commands = await allCommands();
  const known = new Set(commands.flatMap(({ args }) => Object.keys(args)));
  for (const { args } of commands)
    for (const { needs, excludes = {} } of Object.values(args)) {
      expect(Object.keys(args)).toEqual(expect.arrayContaining(needs === undefined ? [] : [needs]));
      expect([...known]).toEqual(expect.arrayContaining(Object.keys(excludes)));
    }
});

describe("words", () => {
  test.each([
    ["", "-"],
    ["upgrade", "upgrade"],
    ["upgrade head --sql", "upgrade head sql"],
    ["list_templates", "list-templates"],
    ["--help", "- help"],
    ["--version", "- version"],
    ["help", "- help"],
    ["help upgrade", "upgrade help"],
    ["help -q upgrade", "upgrade help quiet"],
    // Before the name and behind it, long, short, together.
    ["-q heads", "heads quiet"],
    ["heads -qv", "heads quiet verbose"],
    ["-qv heads", "heads quiet verbose"],
    ["-qc file heads", "heads quiet config=file"],
    ["-cfile heads", "heads config=file"],
    ["--json heads", "heads json"],
    ["downgrade base -yq", "downgrade base yes quiet"],
    ["downgrade -1 -q", "downgrade -1 quiet"],
    // The same letter means one thing before the name and another behind it.
    ["-c file current -c", "current config=file check-heads"],
    ["current --config file", "current config=file"],
    ["--directory a heads --directory b", "heads directory=a,b"],
    ["-n staging --name other heads", "heads env=staging,other | --name was given more than once"],
    ["-n staging heads --env staging", "heads env=staging,staging"],
    ["-x a=1 heads -xb=2", "heads x=a=1,b=2"],
    ["revision --rev_id a", "revision rev-id=a"],
    // What looks like a flag and is none.
    ["revision -m x -- --json", "revision --json message=x | revision does not take the argument '--json'"],
    ["merge -- -q --help", "merge -q --help"],
    ["revision --message=--json", "revision message=--json"],
    ["--database upgrade", "- database=upgrade"],
    // Flags that need others, or exclude them.
    ["upgrade -o f", "upgrade output=f | --output requires --sql"],
    ["upgrade --sql -o f", "upgrade sql output=f"],
    ["upgrade --sql --allow-ahead", "upgrade sql allow-ahead | --allow-ahead and --sql cannot be combined"],
    ["upgrade --sql --json-events", "upgrade sql json-events | --sql and --json-events cannot be combined"],
    [
      "upgrade --sql --split d -o f",
      "upgrade sql split=d output=f | --split and --output cannot be combined",
    ],
    ["dump --to d -o f", "dump to=d output=f | --output and --to cannot be combined"],
    [
      "adopt d --from-database --to e",
      "adopt d from-database to=e | --from-database and --to cannot be combined",
    ],
    ["lint --dry-run", "lint dry-run | --dry-run requires --fix"],
    ["lint --fix --all", "lint fix all | --fix and --all cannot be combined"],
    ["lint --fix --format json", "lint fix format=json | --fix and --format cannot be combined"],
    ["revision -y", "revision yes | --yes requires --remove"],
    ["revision --remove --head a -y", "revision remove head=a yes"],
    ["revision --remove --sql", "revision remove sql | --remove and --sql cannot be combined"],
    ["revision --online", "revision online | --online requires --autogenerate"],
    [
      "revision --autogenerate -t a",
      "revision autogenerate template=a | --autogenerate and --template cannot be combined",
    ],
    // Faults: the first is told, the others words are read.
    ["heads --jsn --json", "heads json | unknown flag --jsn"],
    ["--bogus heads -q", "heads quiet | unknown flag --bogus"],
    ["--bogus", "- | unknown flag --bogus"],
    ["heads --bogus --help", "heads help | unknown flag --bogus"],
    ["heads everything --json", "heads everything json | heads does not take the argument 'everything'"],
    ["heads --json=1 -q", "heads quiet | --json takes no value"],
    ["heads -q=1", "heads quiet | -q takes no value"],
    ["upgrade --sql false", "upgrade false sql | --sql takes no value"],
    ["upgrade head --dry-run TRUE", "upgrade head TRUE dry-run | --dry-run takes no value"],
    ["heads -n=staging -x=a=1", "heads env=staging x=a=1"],
    ["heads --env==b", "heads env==b"],
    ["revision -q -m --json", "revision quiet | -m needs a value"],
    ["revision --json -m", "revision json | -m needs a value"],
    ["downgrade --json", "downgrade json | downgrade needs TARGET"],
    ["downgrade --bogus", "downgrade | unknown flag --bogus"],
    ["upgrade --version", "upgrade version"],
    // Behind a letter that is no flag stands perhaps its value.
    ["heads -zq", "heads | unknown flag -z"],
    // A name with one dash is not the value of its first letter.
    ["revision -message users", "revision users | unknown flag -message"],
    ["upgrade --sql -output f", "upgrade f sql | unknown flag -output"],
    ["-name staging heads", "- heads | unknown flag -name"],
    ["history -head", "history | unknown flag -head"],
    ["heads -zeal", "heads | unknown flag -zeal"],
    // Help, where nothing else is asked for or wrong: a line of psql's flags must not pass for one that was run.
    ["downgrade -h", "downgrade help"],
    ["downgrade --help -q", "downgrade help quiet"],
    ["upgrade --help head", "upgrade head help"],
    ["-h upgrade", "upgrade help"],
    ["heads -qh", "heads quiet help"],
    ["heads -hq", "heads help quiet"],
    [
      "upgrade -h db.example -U me -d shop",
      "upgrade db.example me shop | -h takes no value: it shows the help",
    ],
    ["upgrade -h127.0.0.1", "upgrade | -h takes no value: it shows the help"],
    ["upgrade -hcfile", "upgrade | -h takes no value: it shows the help"],
    ["upgrade -d shop -h db", "upgrade shop db | unknown flag -d"],
    ["heads -z -q", "heads quiet | unknown flag -z"],
    ["upgrad --json head", "- head json | unknown command 'upgrad'"],
    ["-q upgrad -m --json", "- quiet json | unknown command 'upgrad'"],
    ["help upgrad", "- help | unknown command 'upgrad'"],
    ["-1", "- | unknown command '-1'"],
    ["squash -2:head -q", "squash -2:head quiet"],
    ["downgrade --sql -1:base", "downgrade -1:base sql"],
    ["--databse x status", "- status | unknown flag --databse"],
    // As Alembic's parser reads it.
    ["revision -m=a", "revision message=a"],
    ["-c=file heads", "heads config=file"],
    ["upgrade --expect-role=", "upgrade | the value of --expect-role is empty"],
    ["--database= status", "status | the value of --database is empty"],
    ["upgrade postgres://u:p@h/d", "upgrade postgres://u:p@h/d | an argument is the address of a database"],
    ["merge a postgres://u:p", "merge a postgres://u:p | an argument is the address of a database"],
    ["heads -c postgres://u:p@h/d", "heads | the value of -c is the address of a database"],
    ["heads --directory postgres://u:p@h/d", "heads | the value of --directory is the address of a database"],
    [
      "upgrade --expect-database postgres://u:p@h/d",
      "upgrade | the value of --expect-database is the address of a database",
    ],
    ["revision -m postgres://h/d", "revision | the value of -m is the address of a database"],
    [
      "revision --autogenerate -m x --desired postgres://h/d",
      "revision autogenerate message=x desired=postgres://h/d",
    ],
    ["heads -x HOST=postgres://h/d", "heads x=HOST=postgres://h/d"],
    ["heads -x foo", "heads | -x foo is not KEY=VALUE"],
  ])("%s", async (line, expected) => {
    expect(await read(line)).toBe(expected);
  });
});

describe("main", () => {
  const run = (line: string) => migrateHere(words(line));

  test.each([
    "heads --jsn --json",
    "--json upgrad",
    "upgrad --json",
    "downgrade --json",
    "--json",
    "-q --json",
  ])("a fault of the words is JSON where that was asked for: %s", async (line) => {
    const { code, stdout } = await run(line);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { exitCode: 2, message: expect.any(String) } });
  });

  test.each(["revision -m x -- --json", "revision -m --json", "heads -zq"])(
    "and else is not: %s",
    async (line) => {
      expect(await run(line)).toMatchObject({
        code: 2,
        stdout: "",
        stderr: expect.stringContaining("error[usage/"),
      });
    },
  );

  test.each([
    ["--version", "1.2.3\n"],
    ["-q --version", "1.2.3\n"],
    ["upgrade --version", "1.2.3\n"],
    ["upgrade a b c --version", "1.2.3\n"],
    ["heads --bogus --help", expect.stringMatching(/^Lists the heads: the migrations that nothing follows/)],
    ["upgrade head -h", expect.stringMatching(/^Applies/)],
    ["help heads", expect.stringMatching(/^Lists the heads: the migrations that nothing follows/)],
    ["help", expect.stringMatching(/^Migrations for PostgreSQL[\s\S]* {2}--version/)],
  ])("%s is answered on stdout", async (line, stdout) => {
    expect(await run(line)).toEqual({ code: 0, stdout, stderr: "" });
  });

  test("a command that was taken as the value of a flag is named", async () => {
    expect(await run("-n status")).toMatchObject({
      code: 2,
      stderr:
        "error[usage/missing-argument] migrate needs COMMAND\nhint: 'status' was taken as the value of --env; see: migrate --help\n",
    });
  });

  test.each(["upgrade -h db.example", "upgrade -h -p 5432", "upgrade --help --bogus", "upgrade -h=db"])(
    "%s fails",
    async (line) => {
      expect(await run(line)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/^error/) });
    },
  );

  test("a variable that nothing uses is told where no database is needed, too", async () => {
    expect((await run("list-templates -x T=a")).stderr).toBe(
      "warning: flag -x T has no effect: there is no config file\n",
    );
  });

  test("without a command the overview goes to stderr", async () => {
    expect(await run("-v")).toEqual({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/^Migrations for PostgreSQL/),
    });
  });

  test.each([
    ["--bogus", "hint: see: migrate --help"],
    ["heads --bogus", "hint: see: migrate heads --help"],
    [
      "revision --remove 0003",
      "hint: did you mean: migrate revision --remove --head 0003? see: migrate revision --help",
    ],
    [
      "revision -m add phone number",
      'hint: did you mean: migrate revision -m "add phone number"? see: migrate revision --help',
    ],
    [
      "revision create users",
      'hint: did you mean: migrate revision -m "create users"? see: migrate revision --help',
    ],
    // What else was typed stays.
    [
      "revision --autogenerate --scratch postgres://u:p@h/d create users",
      'hint: did you mean: migrate revision --autogenerate --scratch URL -m "create users"? see: migrate revision --help',
    ],
    [
      "downgrade -n 1 -1 --dry-run",
      "hint: here -n names an environment; to undo so many: migrate downgrade --dry-run -1",
    ],
    [
      "downgrade head:base --sql --json-events",
      "hint: leave --json-events out; to have the script as JSON, write --json instead",
    ],
    ["revision --message=", "hint: give one; see: migrate revision --help"],
    ["merge --message=", "hint: give one, or leave the flag out; see: migrate merge --help"],
    [
      "upgrade -h db.example -U me -d shop",
      "hint: host, port, role and database are given as one: --database postgres://ROLE@HOST:PORT/NAME; see: migrate upgrade --help",
    ],
    [
      "-h db.example upgrade",
      "hint: host, port, role and database are given as one: --database postgres://ROLE@HOST:PORT/NAME; see: migrate --help",
    ],
    [
      "status -d migrations",
      "hint: a database is named by --database postgres://ROLE@HOST:PORT/NAME, a folder by --directory DIR; see: migrate status --help",
    ],
    ["upgrade --to 0001", "hint: did you mean: migrate upgrade TARGET? see: migrate upgrade --help"],
    ["stamp --revision a1", "hint: did you mean: migrate stamp TARGET? see: migrate stamp --help"],
    ["stamp --force head", "hint: see: migrate stamp --help"],
    ["upgrade --all", "hint: did you mean: migrate upgrade heads? see: migrate upgrade --help"],
    ["downgrade --all", "hint: did you mean: migrate downgrade base? see: migrate downgrade --help"],
    ["init --make", "hint: did you mean --makefile? see: migrate init --help"],
    ["status --db x", "hint: did you mean --database? see: migrate status --help"],
    ["check -single-head", "hint: did you mean --single-head? see: migrate check --help"],
    ["check -single-heads", "hint: did you mean --single-head? see: migrate check --help"],
    ["check -head", "hint: see: migrate check --help"],
    ["revision -head 0001", "hint: did you mean --head? see: migrate revision --help"],
    ["-name staging status", "hint: did you mean --name? see: migrate status --help"],
    ["upgrade -lock-timeout 5", "hint: did you mean --lock-timeout? see: migrate upgrade --help"],
    ["-lock-timeout 5 upgrade", "hint: did you mean --lock-timeout? see: migrate upgrade --help"],
    // Before a command's name, what the command itself would say of the flag, unless it has it.
    ["--foo=1 status", "hint: see: migrate status --help"],
    ["-m x revision", "hint: a flag of a command is written after its name; see: migrate revision --help"],
    ["-u URL status", "hint: did you mean --database? see: migrate status --help"],
    ["-source file://db up", "hint: a folder of migrations is named by --directory DIR; see: migrate --help"],
    [
      "--env-file=.env.test status",
      "hint: .env is read without a flag; for another file: set -a; . ./FILE; set +a; then the command; see: migrate status --help",
    ],
    ["downgrade -1 --no-prompt", "hint: did you mean --yes? see: migrate downgrade --help"],
    ["-path db status", "hint: did you mean --directory? see: migrate status --help"],
    ["status --path=db", "hint: did you mean --directory? see: migrate status --help"],
    ["revision --path db", "hint: did you mean --version-path? see: migrate revision --help"],
    ["revision --delete", "hint: did you mean --remove? see: migrate revision --help"],
    // Two letters that changed places.
    ["haeds", "hint: did you mean: migrate heads"],
    // Commands of other tools keep their argument.
    ["up", "hint: did you mean: migrate upgrade"],
    ["up 1", "hint: did you mean: migrate upgrade +1"],
    ["up 0002", "hint: did you mean: migrate upgrade 0002"],
    ["migrate up", "hint: did you mean: migrate upgrade"],
    ["down", "hint: did you mean: migrate downgrade -1"],
    ["down 2", "hint: did you mean: migrate downgrade -2"],
    ["down -all", "hint: did you mean: migrate downgrade base"],
    ["rollback --all", "hint: did you mean: migrate downgrade base"],
    // Those of other tools that join their words with colons.
    ["migrate:latest", "hint: did you mean: migrate upgrade"],
    ["migrate:rollback --all", "hint: did you mean: migrate downgrade base"],
    ["db:migrate:undo:all", "hint: did you mean: migrate downgrade base"],
    ["migrate:status --jsn", "hint: the command is status; see: migrate status --help"],
    [
      "migrate:unlock",
      "hint: nothing needs to be unlocked: the lock ends with the session that holds it; to see which one does: migrate doctor",
    ],
    ["migrations add users", 'hint: did you mean: migrate revision -m "…"'],
    ["migrate:", "hint: see: migrate --help"],
    // What the commands of Prisma begin with; Flask's with another word.
    ["migrate", "hint: did you mean: migrate upgrade"],
    ["migrate 0003", "hint: did you mean: migrate upgrade 0003"],
    ["migrate deploy", "hint: did you mean: migrate upgrade"],
    ["migrate status", "hint: did you mean: migrate status"],
    ["migrate dev", "hint: did you mean: migrate dev"],
    [
      "migrate dev --name init",
      "hint: here -n names an environment; a new migration is written so: migrate revision -m init",
    ],
    [
      "dev --name init",
      "hint: here -n names an environment; a new migration is written so: migrate revision -m init",
    ],
    ["migrate dev --create-only", "hint: the command is dev; see: migrate dev --help"],
    ["migrate diff", "hint: did you mean: migrate drift"],
    ["migrate reset", "hint: did you mean: migrate downgrade base"],
    ["migrate resolve", "hint: did you mean: migrate stamp TARGET"],
    ["migrate resolve --applied 2026_init", "hint: did you mean: migrate stamp 2026_init"],
    ["resolve --rolled-back 2026_init", "hint: did you mean: migrate status, then: migrate upgrade"],
    [
      "-n prod migrate downgrade -1 --lock-timeout 1s",
      "hint: did you mean: migrate downgrade -n prod --lock-timeout 1s -1",
    ],
    ["migrate upgrade --dry", "hint: the command is upgrade; see: migrate upgrade --help"],
    ["db upgrade --dry-run", "hint: did you mean: migrate upgrade --dry-run"],
    ["up status", "hint: did you mean: migrate upgrade"],
    // Only the folder tells how many zeros the number has.
    [
      "goto 2",
      "hint: did you mean: migrate upgrade TARGET, or: migrate downgrade TARGET; TARGET is the number as the name of the file has it",
    ],
    ["goto", "hint: did you mean: migrate upgrade TARGET, or: migrate downgrade TARGET"],
    [
      "down-to 12",
      "hint: did you mean: migrate downgrade TARGET; TARGET is the number as the name of the file has it",
    ],
    ["down zero", "hint: did you mean: migrate downgrade base"],
    ["up all", "hint: did you mean: migrate upgrade heads"],
    ["down-to 0", "hint: did you mean: migrate downgrade base"],
    ["down-to 0002", "hint: did you mean: migrate downgrade 0002"],
    ["up-to 20260102030405", "hint: did you mean: migrate upgrade 20260102030405"],
    [
      "force 2",
      "hint: did you mean: migrate stamp TARGET; TARGET is the number as the name of the file has it",
    ],
    ["force -1", "hint: did you mean: migrate stamp base"],
    ["fake 0002", "hint: did you mean: migrate stamp 0002"],
    ["up postgres://u:p@h/d", "hint: did you mean: migrate upgrade"],
    ["plan", "hint: did you mean: migrate upgrade --dry-run"],
    ["plan 2", "hint: did you mean: migrate upgrade +2 --dry-run"],
    ["script", "hint: did you mean: migrate upgrade --sql"],
    [
      "unlock",
      "hint: nothing needs to be unlocked: the lock ends with the session that holds it; to see which one does: migrate doctor",
    ],
    ["load", "hint: a dump is SQL, which psql runs: psql -d URL -f FILE"],
    ["wait", "hint: did you mean: migrate upgrade --wait 60"],
    ["clean", "hint: did you mean: migrate downgrade base"],
    ["migrations has-pending-model-changes", "hint: did you mean: migrate check --schema"],
    ["tset", "hint: did you mean: migrate test"],
    ["downgrade -1 --force", "hint: did you mean --yes? see: migrate downgrade --help"],
    // A flag without an effect is no answer.
    ["upgrade --force", "hint: see: migrate upgrade --help"],
    ["revision --offline", "hint: see: migrate revision --help"],
    ["upgrade --yess", "hint: did you mean --yes? see: migrate upgrade --help"],
    ["log -n 5", "hint: here -n names an environment; for the newest: migrate log --last 5"],
    [
      "downgrade -n 1",
      "hint: here -n names an environment; to undo so many: migrate downgrade -1; see: migrate downgrade --help",
    ],
    ["downgrade -n 1 -1", "hint: here -n names an environment; to undo so many: migrate downgrade -1"],
    [
      "revision -n users",
      "hint: here -n names an environment; the message is given so: migrate revision -m users",
    ],
    ["upgrade -n 2", "hint: here -n names an environment; to apply so many: migrate upgrade +2"],
    ["history -n 2", "hint: here -n names an environment; for the newest: migrate history --last 2"],
    [
      "graph -n 2 -r :head",
      "hint: here -n names an environment; for the newest: migrate graph --rev-range :head --last 2",
    ],
    [
      "show postgres://u:p@h/d",
      "hint: it is written so: migrate show TARGET --database URL; see: migrate show --help",
    ],
    [
      "dump postgres://u:p@h/d",
      "hint: it is written so: migrate dump --database URL; see: migrate dump --help",
    ],
    [
      "--json-events upgrade",
      "hint: a flag of a command is written after its name; see: migrate upgrade --help",
    ],
  ])("%s has a hint", async (line, hint) => {
    expect((await run(line)).stderr.trimEnd().split("\n").at(-1)).toBe(hint);
  });

  // What npm 11 leaves in the environment of the script "migrate" for what was typed.
  test.each<[typed: string, passed: string, left: Record<string, string>, hint: string]>([
    ["upgrade --dry-run", "upgrade", { dry_run: "true" }, "npm run migrate -- upgrade --dry-run"],
    ["upgrade --sql", "upgrade", { long: "true", loglevel: "warn" }, "npm run migrate -- upgrade --sql"],
    ["upgrade --sql -o f", "upgrade f", { sql: "true", o: "true" }, "npm run migrate -- upgrade …"],
    [
      "upgrade --database URL",
      "upgrade postgres://h/d",
      { database: "true" },
      "npm run migrate -- upgrade …",
    ],
    [
      "upgrade --lock-timeout=5s",
      "upgrade +1",
      { lock_timeout: "5s" },
      "npm run migrate -- upgrade +1 --lock-timeout 5s",
    ],
    // A setting of the user's, too; it is proposed beside what is none.
    [
      "downgrade -12 --yes",
      "downgrade",
      { 12: "true", yes: "true" },
      "npm run migrate -- downgrade -12 --yes",
    ],
    [
      "upgrade --dry-run --json",
      "upgrade",
      { dry_run: "true", json: "true", message: "x", all: "true" },
      "npm run migrate -- upgrade --json --dry-run",
    ],
    ["revision -m init", "revision", { message: "init" }, "npm run migrate -- revision --message init"],
  ])("what npm took of %s", async (_, passed, left, hint) => {
    const { code, stderr } = await migrateHere(words(passed), { env: npm("migrate", left) });
    expect(stderr).toMatch(/^error\[usage\/kept-by-npm\] npm took --?\w/);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(`hint: nothing was done; type: ${hint}`);
    expect(code).toBe(2);
  });

  test.each<[passed: string, env: Record<string, string>]>([
    ["bogus", npm("migrate", { dry_run: "true" })],
    ["upgrade --dry-run --bogus", npm("migrate", { dry_run: "true" })],
    // A setting of the user's, or of a script that reads it.
    ["upgrade --bogus", npm("migrate", { yes: "true", json: "true", message: "x", dry_run: "" })],
    ["upgrade --bogus", npm("migrate -n $npm_config_env", { env: "prod" })],
    ["upgrade --bogus", { npm_config_dry_run: "true" }],
  ])("npm took nothing of %s", async (passed, env) => {
    expect((await migrateHere(words(passed), { env })).stderr).toMatch(/^error\[usage\/unknown-/);
  });

  test("--raiseerr shows the stack, unless it is no flag", async () => {
    expect((await run("heads --bogus --raiseerr")).stderr).toMatch(/\n {4}at /);
    expect((await run("heads --bogus -- --raiseerr")).stderr).not.toMatch(/\n {4}at /);
  });
});
