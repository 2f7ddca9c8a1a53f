/** Writes docs/commands.md from the definitions of the commands. Run: node scripts/run.mjs scripts/docs.ts */
import { writeFileSync } from "node:fs";
import { commandsPage, commandsPagePath } from "./commands-page.ts";

writeFileSync(commandsPagePath, await commandsPage());
