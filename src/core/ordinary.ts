/** Secrets and migrations → those secrets that the files say as an ordinary word: masking such a word would hide nothing. */
import { tokens } from "./lexer.ts";
import type { Migration } from "./migration.ts";
import { redact } from "./redact.ts";

/**
 * A name or key word of the SQL, or a word of a header or of a path. A string or a comment may say a password on purpose,
 * and so does what `redact` masks wherever it stands: a word that is only there stays a secret.
 */
export function ordinaryWords(
  secrets: readonly string[],
  migrations: readonly Pick<Migration, "up" | "down">[],
): ReadonlySet<string> {
  const found = new Set<string>();
  const files = migrations.flatMap(({ up, down }) => (down === undefined ? [up] : [up, down]));
  for (const secret of new Set(secrets.filter((each) => WORD.test(each))))
    if (files.some((file) => says(file, secret))) found.add(secret);
  return found;
}

/** Of letters, digits and underscores: what a name needs no quotes for. */
const WORD = /^[\p{L}_][\p{L}\p{N}_]*$/u;

function says({ source, bodyStart }: Migration["up"], secret: string): boolean {
  if (isIn(source.path, secret)) return true;
  if (!source.text.includes(secret)) return false;
  if (isIn(redact(source.text.slice(0, bodyStart)), secret)) return true;
  const body = redact(source.text.slice(bodyStart));
  for (const { kind, start, end } of tokens(body)) {
    const name = kind === "word" ? body.slice(start, end).replaceAll('"', "") : undefined;
    if (name === secret) return true;
  }
  return false;
}

const isIn = (text: string, word: string): boolean => text.split(/[^\p{L}\p{N}_]+/u).includes(word);
