/** Writes what is made of the docs: docs/commands.md, docs/errors.md, docs/rules.md, the tables of docs/ledger.md, man/migrate.1, migrate.output.schema.json. Run: node scripts/run.mjs scripts/docs.ts */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { commandsPage, commandsPagePath } from "./commands-page.ts";
import { errorsPage, errorsPagePath } from "./errors-page.ts";
import { ledgerPage, ledgerPagePath } from "./ledger-page.ts";
import { manPage, manPagePath } from "./man-page.ts";
import { outputSchema, outputSchemaPath } from "./output-schema.ts";
import { rulesPage, rulesPagePath } from "./rules-page.ts";

writeFileSync(outputSchemaPath, outputSchema());
writeFileSync(commandsPagePath, await commandsPage());
writeFileSync(rulesPagePath, await rulesPage());
writeFileSync(ledgerPagePath, ledgerPage(readFileSync(ledgerPagePath, "utf8")));
writeFileSync(errorsPagePath, errorsPage());
mkdirSync("man", { recursive: true });
writeFileSync(manPagePath, await manPage());
