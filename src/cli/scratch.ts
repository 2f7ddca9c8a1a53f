/** The flag of whatever tries something out on a scratch database. */
import { value } from "./command.ts";

export const scratchFlag = value("server for the scratch database (default: see docs/scratch.md)", "URL");
