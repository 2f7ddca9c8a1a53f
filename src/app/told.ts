/**
 * A call of the API → its result, or a `MigrateError`, and its notices: the commands that they propose are for the project and
 * the database of the call, which whoever types them may not have in his environment.
 */
import { isFields } from "../core/arguments.ts";
import { type Carry, carrying } from "../core/carried.ts";
import { type Diagnostic, MigrateError } from "../core/errors.ts";
import { asTold } from "./as-told.ts";
import type { ConnectOptions } from "./connect.ts";
import type { Deps, Project, ProjectOptions } from "./project.ts";

/** What says of a verb's options which project and which database it works with. */
type Named = Partial<ProjectOptions> & Pick<ConnectOptions, "connection" | "onNotice">;

/** Does the work, with callbacks that are told so. */
export async function told<Options extends object, Result>(
  deps: Deps,
  options: Options,
  work: (deps: Deps, options: Options) => Promise<Result>,
): Promise<Result> {
  const carry = carryOf(deps, options);
  const heard = ({ onNotice }: Pick<Deps, "onNotice"> | Named) =>
    onNotice && {
      onNotice: (...[notice]: Parameters<typeof onNotice>) =>
        onNotice({ ...notice, message: carry(notice.message) }),
    };
  try {
    const result = await work({ ...deps, ...heard(deps) }, { ...options, ...heard(options) });
    const project = projectIn(result);
    if (project !== undefined) ofProject.set(project, carry);
    return result;
  } catch (thrown) {
    const error = asTold(thrown, deps.signal);
    throw error instanceof MigrateError ? carried(error, carry) : error;
  }
}

/** How the projects that callers have are named, for the functions over values that propose commands. */
const ofProject = new WeakMap<object, Carry>();

const isProject = (value: unknown): value is Project =>
  isFields(value) && isFields(value["graph"]) && "config" in value;

function projectIn(result: unknown): Project | undefined {
  const held = isFields(result) ? result["project"] : undefined;
  return [result, held].find(isProject);
}

/** What a function over values says of a project. */
export const carriedOf = <Part extends { readonly hint?: string }>(
  parts: readonly Part[],
  project: Project,
): readonly Part[] => withHints(parts, ofProject.get(project));

/** Does the work of such a function, with what it throws told so. */
export async function toldOf<Result>(project: Project, work: () => Promise<Result>): Promise<Result> {
  const carry = ofProject.get(project);
  try {
    return await work();
  } catch (error) {
    throw error instanceof MigrateError && carry !== undefined ? carried(error, carry) : error;
  }
}

/** A verb's answer, each of whose parts may have a hint. */
export const carriedIn = <Part extends { readonly hint?: string }>(
  parts: readonly Part[],
  deps: Deps,
  options: Named,
): readonly Part[] => withHints(parts, carryOf(deps, options));

function carryOf({ env }: Deps, options: Named): Carry {
  const { connection, database = connection !== undefined || env !== process.env } = options;
  return carrying({ ...options, database });
}

/** The error itself: who catches it sees its class, its stack and its cause. */
function carried(error: MigrateError, carry: Carry): MigrateError {
  const diagnostics = error.diagnostics.map((each) => withHint(each, (text) => carry(text, each.beside)));
  return Object.assign(
    error,
    withHint({ ...hintOf(error) }, (text) => carry(text, error.beside)),
    { diagnostics },
  );
}

const withHints = <Part extends { readonly hint?: string }>(
  parts: readonly Part[],
  carry: Carry | undefined,
): readonly Part[] => (carry === undefined ? parts : parts.map((each) => withHint(each, carry)));

const hintOf = ({ hint }: Pick<Diagnostic, "hint">) => (hint === undefined ? {} : { hint });

const withHint = <Part extends { readonly hint?: string }>(part: Part, carry: Carry): Part =>
  part.hint === undefined ? part : { ...part, hint: carry(part.hint) };
