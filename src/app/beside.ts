/** Work on a database that was given beside the one that is worked with → the same; what goes wrong says that it is there. */
import { MigrateError } from "../core/errors.ts";
import { asTold } from "./as-told.ts";

/** `name`: what its messages, which do not say it themselves, begin with. */
export async function besideOwn<T>(work: () => Promise<T>, name?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const told = asTold(error);
    if (!(told instanceof MigrateError)) throw told;
    const lead = name === undefined ? "" : `${name}: `;
    const diagnostics = told.diagnostics.map(
      (each) => ({ ...each, message: `${lead}${each.message}`, beside: true }) as const,
    );
    throw new MigrateError(diagnostics[0]!, { diagnostics, cause: told });
  }
}
