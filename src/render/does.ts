/** What a step does to those who use the database, and to what is there → the lines that stand below it. */

import type { Does } from "../core/plan/types.ts";
import { unique } from "../core/unique.ts";
import { effectLines } from "./effect.ts";
import { lossLine } from "./loss.ts";

export const doesLines = ({ effect, losses = [] }: Does): readonly string[] =>
  unique([...(effect === undefined ? [] : effectLines(effect)), ...losses.map(lossLine)]).map(
    (line) => `    ${line}`,
  );
