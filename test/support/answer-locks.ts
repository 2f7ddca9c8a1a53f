/** Statements on stdin → what the model says of each, one JSON object a line. Run with `npm run -s answer-locks < cases.jsonl`. */
import { createInterface } from "node:readline";
import { type AskedCase, createOracle, type LockAnswer } from "./locks.ts";

const answer = await createOracle();
/** One case that breaks the model must not take the others with it: it is told on stderr, and not known. */
function answered(asked: AskedCase): LockAnswer {
  try {
    return answer(asked);
  } catch (error) {
    process.stderr.write(`${asked.id}: ${error instanceof Error ? error.stack : error}\n`);
    return { id: asked.id, locks: {}, rewrites: [], scans: [], unknown: true };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
  if (line.trim() === "") continue;
  const asked = JSON.parse(line) as AskedCase;
  process.stdout.write(`${JSON.stringify(answered(asked))}\n`);
}
