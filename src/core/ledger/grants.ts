/** The schema of a ledger and a role, as they stand in SQL → the GRANTs with which that role may use the ledger. */

/** What is to be done with a ledger: shown, or written by an upgrade and the like. */
export type LedgerUse = "read" | "write";

export function grants(schema: string, to: string, use: LedgerUse = "write"): string {
  const privileges = use === "read" ? "SELECT" : "SELECT, INSERT, UPDATE, DELETE";
  const rest = `IN SCHEMA ${schema} TO ${to}`;
  return (
    `GRANT USAGE ON SCHEMA ${schema} TO ${to}; ` +
    `GRANT ${privileges} ON ALL TABLES ${rest}; GRANT EXECUTE ON ALL ROUTINES ${rest}`
  );
}
