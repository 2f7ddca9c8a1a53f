/** A package that is an optional peer → its module, or an error with the command that installs it. */
import { createRequire } from "node:module";
import { MigrateError } from "../core/errors.ts";

/** What Node says where nothing can be imported: in the single executable. */
const NO_IMPORT = "ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING";
/** What Node says where there is no such package. */
const MISSING = ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND", NO_IMPORT];

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
    const { code = "" } = cause as NodeJS.ErrnoException;
    if (!MISSING.includes(code)) throw cause;
    const name = wanted.replace(/(?<=.)@.*/, "");
    // Both in one command: wherever migrate was started from, from then on they lie beside each other.
    const command = `npm install -D pgretort ${wanted}`;
    throw new MigrateError(
      {
        code: "usage/no-package",
        ...(code === NO_IMPORT
          ? {
              message: `${use} the package ${name}, which the executable cannot load`,
              hint: `the npm package of migrate can: ${command}; then run: npx pgretort`,
            }
          : { message: `${use} the package ${name}, which is not installed`, hint: command }),
      },
      { cause },
    );
  }
}

/** In the single executable no package can be loaded, so there is no embedded database. */
export const isExecutable = (): boolean => process.getBuiltinModule?.("node:sea").isSea() === true;

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
