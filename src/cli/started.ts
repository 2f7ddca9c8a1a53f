/** The environment → how the program was started, which flags did not reach it, and what to type so that they do. */
import { MigrateError } from "../core/errors.ts";
import { projectFlags } from "../core/project-flags.ts";
import { shellWord } from "../core/shell.ts";
import { type Arguments, type Command, flagsAgain, globals, projectOf } from "./command.ts";

type Env = Readonly<Record<string, string | undefined>>;
type Said = Pick<Command, "name" | "args" | "positionals">;

/** What to type so that a flag is passed: the end of a sentence. */
export function passing(flag: string, command: Said, args: Arguments, env: Env): string {
  // migrate.mk exports it, to whatever it starts.
  if (env["MIGRATE_FLAGS"] !== undefined && env["MAKELEVEL"] !== undefined)
    return `add to the make command: ${shellWord(`MIGRATE_FLAGS=${`${env["MIGRATE_FLAGS"]} ${flag}`.trim()}`)}`;
  return npmScript(env) === undefined ? `pass ${flag}` : `type: ${throughNpm(command, args, env, [flag])}`;
}

/** The name of the script that npm runs. */
const npmScript = ({ npm_config_user_agent: agent = "", npm_lifecycle_event: event }: Env) =>
  agent.startsWith("npm/") ? event : undefined;

/** Throws `usage/kept-by-npm` for flags that npm has taken for its own, as it does with those that stand before no `--`. */
export function refuseKept(command: Said, args: Arguments, env: Env): void {
  if (npmScript(env) === undefined) return;
  const kept = keptByNpm(command, args, env);
  const sure = kept.filter(({ maySet }) => maySet !== true);
  if (sure.length === 0) return;
  throw new MigrateError({
    code: "usage/kept-by-npm",
    message: `npm took ${sure.map(({ flag }) => flag).join(", ")} for its own: it passes on only what stands behind --`,
    hint: `nothing was done; type: ${
      kept.some(({ words }) => words === undefined)
        ? [startOf(env), ...leftOf([command.name], env), "…"].join(" ")
        : throughNpm(
            command,
            args,
            env,
            kept.map(({ words }) => words!),
          )
    }`,
  });
}

interface Kept {
  readonly flag: string;
  /** Undefined where npm has left its value. */
  readonly words?: string;
  /** It may come from the user's settings of npm: this alone is no sign that it was typed here. */
  readonly maySet?: boolean;
}

/** npm has these itself. */
const OF_NPM: ReadonlySet<string> = new Set(["all", "json", "message", "version", "yes"]);

function keptByNpm(command: Said, args: Arguments, env: Env): readonly Kept[] {
  const script = env["npm_lifecycle_script"] ?? "";
  const taken = (name: string): string | undefined => {
    const variable = `npm_config_${name.replaceAll("-", "_")}`;
    const value = env[variable];
    // A script may read it.
    return value === "" || value === "false" || script.includes(variable) ? undefined : value;
  };
  const flags = Object.entries({ ...globals, ...command.args }).flatMap(([name, definition]): Kept[] => {
    const isMissed = definition.type === "string" && definition.required === true && !args.flag("remove");
    const maySet = OF_NPM.has(name) && !isMissed;
    if (args.flag(name) || definition.idle === true || (maySet && definition.type !== "boolean")) return [];
    const names = [name, ...[definition.alias ?? []].flat()];
    const value = names.map(taken).find((each) => each !== undefined) ?? readAsLetters(name, env);
    if (value === undefined) return [];
    const flag = `--${name}`;
    if (definition.type === "boolean") return [{ flag, words: flag, maySet }];
    if (value === "true") return [{ flag }];
    const shown = definition.valueHint === "URL" || name === "x" ? definition.valueHint! : shellWord(value);
    return [{ flag, words: `${flag} ${shown}` }];
  });
  if (command.positionals.names[0] !== "TARGET" || args.positionals.length > 0) return flags;
  const steps = Object.keys(env).flatMap((key) => /^npm_config_(\d+)$/.exec(key)?.[1] ?? []);
  return [...steps.map((step): Kept => ({ flag: `-${step}`, words: `-${step}` })), ...flags];
}

/** npm reads `--sql` as the three letters that it is, of which the last is its `--long` and the other two its log level. */
const readAsLetters = (name: string, env: Env): string | undefined =>
  name === "sql" && env["npm_config_long"] === "true" && env["npm_config_loglevel"] === "warn"
    ? "true"
    : undefined;

/** The command line again, as npm passes it on. */
function throughNpm(command: Said, args: Arguments, env: Env, more: readonly string[]): string {
  const words = args.positionals.map((word) => (/^-\d+$/.test(word) ? word : shellWord(word)));
  const isGiven = args.flag("database");
  return [
    startOf(env),
    ...leftOf([command.name, ...words], env),
    ...projectFlags({ ...projectOf(args), database: isGiven }).map((flag) => flag.words),
    ...flagsAgain(command, args),
    ...more,
  ].join(" ");
}

const startOf = (env: Env): string =>
  env["npm_command"] === "exec" ? "npx pgretort" : `npm run ${shellWord(npmScript(env) ?? "")} --`;

/** Without the words at the beginning that the script itself says. */
function leftOf(words: readonly string[], env: Env): readonly string[] {
  const said = (env["npm_lifecycle_script"] ?? "").split(/\s+/).slice(1);
  const first = words.findIndex((word) => !said.includes(word));
  return first < 0 ? [] : words.slice(first);
}
