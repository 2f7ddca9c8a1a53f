/** Text of users → what HTML shows of it; a title, a style, a script and a body → a page that loads nothing from elsewhere. */

import { tokens } from "../core/lexer.ts";
import { sha256 } from "../core/sha256.ts";
import { markup } from "./markup.ts";
import { visible } from "./terminal.ts";

/** A page. Its script and its style are ours: no text of a user may be in them. */
export interface Page {
  readonly title: string;
  readonly style: string;
  readonly script: string;
  readonly body: string;
}

/** The page's policy lets that one script run, and nothing else; links lead only to places in the page. */
export function htmlPage({ title, style, script, body }: Page): string {
  const hash = Buffer.from(sha256(script), "hex").toString("base64");
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${html(title)}</title>
<style>${STYLE}${style}</style>
</head>
<body>
${body}
<script>${script}</script>
</body>
</html>
`;
}

/** Also safe inside the double quotes of an attribute. */
export const html = (text: string): string =>
  markup(
    text
      .replaceAll("\r\n", "\n")
      // What turns the direction of writing, or cannot be seen, would show another text than there is.
      .replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) =>
        /[\n\t]/.test(character)
          ? character
          : `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
      ),
  );

/** A line end that a name holds is shown as such. */
export const inline = (text: string): string => html(visible(text));

/** Words in capitals, or that stand where a key word often does, are key words to the eye. */
const KEY_WORD =
  /^(?:add|all|alter|and|as|begin|by|cascade|check|column|comment|concurrently|constraint|create|default|delete|do|drop|end|exists|foreign|from|function|generated|if|in|index|insert|into|is|key|materialized|not|null|on|or|primary|procedure|references|rename|returns|schema|select|set|table|to|trigger|type|unique|update|using|valid|validate|values|view|when|where|with)$/i;

/** SQL, with its key words, strings and comments told apart. */
export function highlighted(sql: string): string {
  let out = "";
  for (const { kind, start, end } of tokens(sql)) {
    const text = sql.slice(start, end);
    const name = kind === "word" && KEY_WORD.test(text) ? "key" : kind;
    out +=
      name === "key" || kind === "comment" || kind === "string"
        ? `<span class="${name}">${html(text)}</span>`
        : html(text);
  }
  return out;
}

const STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --page: #fff; --soft: #f4f5f7; --line: #d5d9df; --quiet: #57606a;
  --error: #b3261e; --warning: #8a5300; --key: #0b4fa8; --string: #1a6b34; --link: #0b4fa8; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ed; --page: #15181c; --soft: #1f242a; --line: #3a424b;
  --quiet: #a3adb8; --error: #ff8a80; --warning: #f0b45a; --key: #8ab8ff; --string: #8fd6a3; --link: #8ab8ff; } }
* { box-sizing: border-box; }
a { color: var(--link); } :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
pre { overflow-x: auto; background: var(--soft); padding: .6rem .75rem; margin: .5rem 0; border-radius: 4px; font: .85rem/1.45 ui-monospace, monospace; tab-size: 4; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
.key { color: var(--key); } .string { color: var(--string); } .comment { color: var(--quiet); font-style: italic; }`;
