/** Statements on stdin → what the model says of each, one JSON object a line. Run with `npm run -s answer-locks < cases.jsonl`. */
import { createInterface } from "node:readline";
import { type AskedCase, createOracle } from "./locks.ts";

const answer = await createOracle();
for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
  if (line.trim() !== "") process.stdout.write(`${JSON.stringify(answer(JSON.parse(line) as AskedCase))}\n`);
}
