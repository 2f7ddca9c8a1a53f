/** The statements of an up file, some of them in a safe form of several parts → the migrations that they become, in order. */
import type { FixedPart } from "../rules/fix.ts";
import type { FixSegment } from "../rules/rule.ts";
import { unique } from "../unique.ts";

/** A statement with what stands around it: all chunks of a file, one behind the other, are its body. */
export interface Chunk {
  /** Comments and space before it. */
  readonly lead: string;
  readonly sql: string;
  /** Where it begins in its file, from 1. */
  readonly line: number;
  /** A comment behind it, and of the last one all that follows. */
  readonly trail: string;
  /** It changes a setting, which lasts to the end of the file. */
  readonly setting: boolean;
  /** It reads or changes rows, so that what stands before it is done before it. */
  readonly usesRows: boolean;
  readonly fix?: readonly FixedPart[];
}

/** What one migration does. */
export interface Part {
  readonly up: string;
  /** Those of the file on which the statements begin of which it is some or all. */
  readonly lines: readonly number[];
  /** What takes back its own statements, in the order in which that is done. */
  readonly down: readonly string[];
  /** The settings that these statements were written for. */
  readonly settings: readonly string[];
  /** The author's down file has something that belongs here. */
  readonly keepsBack: boolean;
  /** In no transaction. */
  readonly outside: boolean;
}

/**
 * `late`: what need not be done at once is done behind the statements that follow, as far as these use no rows and change no setting; so
 * that what can share a migration does. Otherwise each statement is done whole before the next.
 */
export function arranged(chunks: readonly Chunk[], late: boolean): readonly Part[] {
  const arrangement = new Arrangement();
  for (const chunk of chunks) {
    if (chunk.usesRows || chunk.setting) arrangement.flush();
    arrangement.add(chunk);
    if (chunk.fix !== undefined && !late) arrangement.flush();
  }
  return arrangement.end();
}

/** All in one file, which runs in no transaction anyway. */
export function inPlace(chunks: readonly Chunk[]): Part {
  const up = chunks.map(({ lead, sql, trail, fix }) => {
    const texts = fix?.map((part) =>
      "sql" in part ? part.sql : part.segments.map(({ up: text }) => text).join("\n"),
    );
    return `${lead}${texts?.join("\n") ?? sql}${trail}`;
  });
  const lines = chunks.map(({ line }) => line);
  return { up: up.join(""), lines, down: [], settings: [], keepsBack: true, outside: true };
}

interface Draft {
  texts: string[];
  lines: number[];
  /** It does more than to change settings. */
  busy: boolean;
  down: string[];
  keepsBack: boolean;
  outside: boolean;
}

/** A segment, and where the statement begins that it is of. */
interface Placed extends FixSegment {
  readonly line: number;
}

class Arrangement {
  readonly parts: Part[] = [];
  readonly #settings: string[] = [];
  #current = emptyDraft();
  /** What waits, by how many segments of its statement go before it. */
  #waiting: Placed[][] = [];

  add({ lead, sql, line, trail, setting, fix }: Chunk): void {
    if (fix === undefined) {
      const text = `${lead}${sql}${trail}`;
      if (setting) this.#settings.push(text);
      this.#addText(text, line, !setting);
      return;
    }
    for (const [i, part] of fix.entries()) {
      const around = (text: string): string =>
        `${i === 0 ? lead : ""}${text}${i === fix.length - 1 ? trail : ""}`;
      if ("sql" in part) this.#addText(around(part.sql), line, true);
      else this.#addSegments(part.segments, line, around);
    }
  }

  /** What waits becomes migrations. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    this.#close();
    for (const layer of this.#waiting) {
      for (const segment of layer.filter(({ place }) => place === "shared")) put(this.#current, segment);
      this.#close();
      for (const segment of layer.filter(({ place }) => place !== "shared")) {
        put(this.#current, segment);
        this.#close();
      }
    }
    this.#waiting = [];
  }

  /** All parts. Settings behind the last statement stay behind it. */
  end(): readonly Part[] {
    this.flush();
    this.#close();
    const last = this.parts.at(-1);
    if (last === undefined) return [];
    return [...this.parts.slice(0, -1), { ...last, up: joined([last.up, ...this.#current.texts]) }];
  }

  #addSegments(segments: readonly FixSegment[], line: number, around: (text: string) => string): void {
    const [first, ...rest] = segments.map(
      (each, i): Placed => ({ ...each, line, up: i === 0 ? around(each.up) : each.up }),
    );
    if (first!.place === "shared") put(this.#current, first!);
    const waiting = first!.place === "shared" ? rest : [first!, ...rest];
    for (const [layer, segment] of waiting.entries()) {
      this.#waiting[layer] ??= [];
      this.#waiting[layer].push(segment);
    }
  }

  #addText(text: string, line: number, busy: boolean): void {
    this.#current.texts.push(text);
    if (busy) this.#current.lines.push(line);
    this.#current.keepsBack ||= busy;
    this.#current.busy ||= busy;
  }

  #close(): void {
    const { texts, lines, down, busy, ...rest } = this.#current;
    if (!busy) return;
    this.#current = emptyDraft();
    const settings = this.#settings.filter((text) => !texts.includes(text));
    this.parts.push({
      up: joined([...settings, ...texts]),
      lines: unique(lines),
      down: [...down].reverse(),
      settings: this.#settings.map((text) => text.trim()),
      ...rest,
    });
  }
}

/** One text behind the other, each on lines of its own. */
export function joined(texts: readonly string[]): string {
  let all = "";
  for (const text of texts) {
    const isApart = all === "" || all.endsWith("\n") || /^\r?\n/.test(text);
    all += isApart ? text : `\n${text}`;
  }
  return all;
}

const emptyDraft = (): Draft => ({
  texts: [],
  lines: [],
  busy: false,
  down: [],
  keepsBack: false,
  outside: false,
});

function put(draft: Draft, { up, line, down, keepsBack, place }: Placed): void {
  draft.busy = true;
  draft.lines.push(line);
  draft.texts.push(up);
  if (down !== "") draft.down.push(down);
  if (keepsBack) draft.keepsBack = true;
  if (place === "outside") draft.outside = true;
}
