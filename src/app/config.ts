/** What is configured → the settings with their origins, and whether the database answers. */
import { MigrateError } from "../core/errors.ts";
import { type DescribedSetting, describeConfig } from "../io/config.ts";
import { connect } from "./connect.ts";
import { type Deps, openConfig, type ProjectOptions } from "./project.ts";

export interface CheckedConfig {
  readonly settings: readonly DescribedSetting[];
  readonly server: { readonly answers: boolean; readonly message: string; readonly exitCode: number };
}

/** Reads the configuration and tries the database. Never throws for a database that does not answer. */
export async function checkConfig(deps: Deps, options: ProjectOptions): Promise<CheckedConfig> {
  const config = await openConfig(deps, options);
  const settings = describeConfig(config);
  if (config.database instanceof MigrateError) {
    const { code, message, hint = message, exitCode } = config.database;
    // That there is none stands in the line of the database already.
    return {
      settings,
      server: { answers: false, message: code === "usage/no-database" ? hint : message, exitCode },
    };
  }
  try {
    const session = await connect(deps, config);
    await session.close();
    return {
      settings,
      server: { answers: true, message: `answers, PostgreSQL ${session.version.text}`, exitCode: 0 },
    };
  } catch (error) {
    if (!(error instanceof MigrateError)) throw error;
    return { settings, server: { answers: false, message: error.message, exitCode: error.exitCode } };
  }
}
