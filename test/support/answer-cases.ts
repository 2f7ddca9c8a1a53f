/** Cases on stdin → answers on stdout, one JSON object a line each. Run with `npm run -s answer-cases < cases.jsonl`. */
import { createInterface } from "node:readline";
import { answer } from "./answers.ts";

for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
  if (line.trim() !== "") process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
}
