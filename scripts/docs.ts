/** Writes what is made of the docs: docs/commands.md, docs/errors.md, docs/rules.md, the tables of docs/ledger.md. Run: node scripts/run.mjs scripts/docs.ts */
import { readFileSync, writeFileSync } from "node:fs";
import { commandsPage, commandsPagePath } from "./commands-page.ts";
import { errorsPage, errorsPagePath } from "./errors-page.ts";
import { ledgerPage, ledgerPagePath } from "./ledger-page.ts";
import { rulesPage, rulesPagePath } from "./rules-page.ts";

writeFileSync(commandsPagePath, await commandsPage());
writeFileSync(rulesPagePath, await rulesPage());
writeFileSync(ledgerPagePath, ledgerPage(readFileSync(ledgerPagePath, "utf8")));
writeFileSync(errorsPagePath, errorsPage());
