/** A package that is an optional peer → its module, or an error with the command that installs it. */
import { createRequire } from "node:module";
import { MigrateError } from "../core/errors.ts";

/** What Node says where there is no such package; the last, where nothing can be imported: in the single executable. */
const MISSING = ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND", "ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING"];

/**
 * `wanted`: as npm is told it, such as `@supabase/pg-delta@1.0.0-alpha.34`; `use`: `schemas are compared by`. Throws
 * `usage/no-package`; what a package that is there throws goes through.
 */
export async function optionalPackage<T>(
  wanted: string,
  use: string,
  load: () => T | Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (!MISSING.includes((cause as NodeJS.ErrnoException).code ?? "")) throw cause;
    const name = wanted.replace(/(?<=.)@.*/, "");
    throw new MigrateError(
      {
        code: "usage/no-package",
        message: `${use} the package ${name}, which is not installed`,
        // Both in one command: wherever migrate was started from, from then on they lie beside each other.
        hint: `npm install -D pgretort ${wanted}`,
      },
      { cause },
    );
  }
}

/** Whether the package can be loaded from here. */
export function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch (error) {
    // One that is only for `import` is there, and says so.
    return !MISSING.includes((error as NodeJS.ErrnoException).code ?? "");
  }
}
