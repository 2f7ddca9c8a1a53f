/** A project of which nothing is applied → the other ledger of the database by which it is: the schema may be misspelt. */
import type { LedgerState } from "../core/ledger/types.ts";
import { configFile } from "../io/config.ts";
import { type OtherLedger, onlyOtherLedger } from "../io/queries.ts";
import type { Project } from "./project.ts";

/** Asked for only where the ledger has nothing, or is not there. */
export async function readOther(
  { applied, intent }: LedgerState,
  ...asked: Parameters<typeof onlyOtherLedger>
): Promise<OtherLedger | undefined> {
  return applied.length === 0 && intent === undefined ? await onlyOtherLedger(...asked) : undefined;
}

/** What to say of it, and to type; undefined where it has none of the project's revisions. One that cannot be read may be. */
export function aboutOther(
  { config, migrations, dormant }: Project,
  { format }: LedgerState,
  other: OtherLedger | undefined,
): { readonly message: string; readonly hint: string } | undefined {
  if (other === undefined) return undefined;
  const { schema, applied, inconsistent = false } = other;
  const here = new Set([...migrations.keys(), ...dormant.map(({ revision }) => revision)]);
  const known = applied?.filter(({ revision }) => here.has(revision)).length;
  if (known === 0) return undefined;
  const { origins, ledger, file } = config;
  const { "ledger.schema": origin = "" } = origins;
  const place = file !== undefined && origin.startsWith(file) ? origin : configFile(config);
  const own = `in the schema ${ledger.schema}`;
  const nothing = format === undefined ? `there is no ledger ${own}` : `the ledger ${own} is empty`;
  const setting = `if that is the one, set "ledger": {"schema": ${JSON.stringify(schema)}} in ${place}`;
  return known === undefined
    ? {
        message: `${nothing}, but one in ${schema}, which cannot be read`,
        hint: `${setting}, and run: migrate status`,
      }
    : {
        message: `${nothing}, but that in ${schema} has ${known} of the revisions here`,
        hint: inconsistent ? `${setting}, and run: migrate repair` : setting,
      };
}
