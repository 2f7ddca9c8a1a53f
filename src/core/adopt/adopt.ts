/** Another tool's migrations, with what was found out about their sections → our files, and what was done to each. */
import { assemble } from "../assemble.ts";
import type { Diagnostic } from "../errors.ts";
import { FEWEST_DIGITS, type FileNamePattern, formatFileName, slugOf } from "../filename.ts";
import type { Direction } from "../header-keys.ts";
import type { RevisionId } from "../migration.ts";
import { commentText, dollarQuoted, literal } from "../quote.ts";
import { type Location, locate, offsetOfPlace } from "../source.ts";
import type { Places } from "./adjust.ts";
import { aboutFile, type ForeignMigration, type Section } from "./foreign.ts";

/** A section as it goes into a file of ours. */
export interface Judged {
  /** Everything that stood in it, but for BEGIN and COMMIT. */
  readonly body: string;
  /** Transaction control was removed. */
  readonly isCut: boolean;
  /** Statements got a ; that was missing. */
  readonly isEnded: boolean;
  /** Its header says `transaction: none`; `found`: the tool did not say so, and a statement needs it. */
  readonly outside: false | "said" | "found";
  /** It does nothing but raise an error with this message. */
  readonly raises?: string;
  /** What is to be done by hand, at its place in the section. */
  readonly findings: readonly Diagnostic[];
  readonly places: Places;
}

export interface JudgedMigration {
  readonly foreign: ForeignMigration;
  readonly up?: Judged;
  readonly down?: Judged;
  /** What its tool's files show that is to be done by hand. */
  readonly findings: readonly Diagnostic[];
}

/** What was done to a migration beyond its header. */
export type Change =
  | "BEGIN and COMMIT removed"
  | "transaction: none added"
  | "missing ; added"
  | "a down that raises an error removed";

export interface AdoptedFile {
  readonly direction: Direction;
  readonly name: string;
  readonly text: string;
}

/** What is to be done by hand. Its `location` is in the tool's folder. */
export interface AdoptedFinding extends Diagnostic {
  /** Its place in the new file; absent where it belongs to none. */
  readonly to?: Location;
}

export interface AdoptedMigration {
  /** As the other tool's version table records it. */
  readonly version: string;
  readonly revision: RevisionId;
  readonly files: readonly AdoptedFile[];
  /** Empty where every body is as it was, byte for byte. */
  readonly changes: readonly Change[];
  /** Why there is no way back. */
  readonly irreversible?: string;
  /** What is to be done by hand. */
  readonly findings: readonly AdoptedFinding[];
}

/** Each follows the one before it, unless its tool's file says otherwise. `date` is that of names, where the pattern has one. */
export function adopted(
  migrations: readonly JudgedMigration[],
  tool: string,
  pattern: FileNamePattern,
  date: Date,
): readonly AdoptedMigration[] {
  const names = namesOf(migrations.map(({ foreign }) => foreign));
  return migrations.map(({ foreign, up, down, findings }, at): AdoptedMigration => {
    const { revision, number, slug } = names[at]!;
    const irreversible = irreversibleFor(foreign, down, tool);
    const place = foreign.place ?? {
      parents: at === 0 ? [] : [names[at - 1]!.revision],
      branchLabels: [],
      dependsOn: [],
    };
    const lines = {
      up: [
        `revision: ${revision}`,
        `parent: ${place.parents.join(", ") || "none"}`,
        ...(place.branchLabels.length === 0 ? [] : [`branch-labels: ${place.branchLabels.join(", ")}`]),
        ...(place.dependsOn.length === 0 ? [] : [`depends-on: ${place.dependsOn.join(", ")}`]),
        ...(foreign.message === undefined ? [] : [`message: ${foreign.message}`]),
        ...(foreign.created === undefined ? [] : [`created: ${foreign.created}`]),
        ...(irreversible === undefined ? [] : [`irreversible: ${irreversible}`]),
      ],
      down: [`revision: ${revision}`],
    };
    const part = (direction: Direction, judged: Judged | undefined): Part => {
      const header = [
        ...lines[direction],
        ...(judged === undefined || judged.outside === false ? [] : ["transaction: none"]),
      ];
      const above = `${header.map((line) => `-- ${onOneLine(line)}\n`).join("")}\n`;
      const name = formatFileName(
        { number, slug, revision, date: dateIn(number) ?? date, direction },
        pattern,
      );
      const text = above + (judged === undefined ? placeholder(revision, foreign) : judged.body);
      return {
        file: { direction, name, text },
        bodyStart: above.length,
        section: foreign[direction],
        judged,
      };
    };
    const parts = [part("up", up), ...(irreversible === undefined ? [part("down", down)] : [])];
    const files = parts.map(({ file }) => file);
    const sections = parts.flatMap(({ judged }) => judged ?? []);
    const aboutAll =
      foreign.code === undefined || foreign.asked !== undefined
        ? findings
        : [...findings, program(foreign.code)];
    return {
      version: foreign.version,
      revision,
      files,
      changes: [
        ...(sections.some(({ isCut }) => isCut) ? (["BEGIN and COMMIT removed"] as const) : []),
        ...(sections.some(({ outside }) => outside === "found")
          ? (["transaction: none added"] as const)
          : []),
        ...(sections.some(({ isEnded }) => isEnded) ? (["missing ; added"] as const) : []),
        ...(down?.raises === undefined ? [] : (["a down that raises an error removed"] as const)),
      ],
      ...(irreversible === undefined ? {} : { irreversible }),
      findings: [
        ...aboutAll.map((finding) => ({ ...finding, to: ofFolder(finding, parts) })),
        ...parts.flatMap(ofSection),
        ...ofHeaders(parts, pattern),
      ],
    };
  });
}

/** A new file, and what it is made of; without a section it raises an error in the place of a program. */
interface Part {
  readonly file: AdoptedFile;
  readonly bodyStart: number;
  readonly section: Section | undefined;
  readonly judged: Judged | undefined;
}

/** Where in a new file stands what a tool's files show: what is in no section is about the whole of the first. */
function ofFolder({ location }: Diagnostic, parts: readonly Part[]): Location {
  const part = parts.find(({ section }) => isIn(section, location)) ?? parts[0]!;
  return inFile(part, part.section?.printed === undefined ? location : undefined);
}

function isIn(section: Section | undefined, location: Location | undefined): boolean {
  if (section === undefined || location?.path !== section.source.path) return false;
  const { source, bodyStart, printed } = section;
  if (printed !== undefined) return printed.place.line === location.line;
  const offset = offsetOfPlace(source.text, location);
  return offset !== undefined && offset >= bodyStart && offset < source.text.length;
}

/** Where in a part's file stands what is at a place of its section; without one, where its body begins. */
function inFile({ file, bodyStart, section, judged }: Part, at: Location | undefined): Location {
  const text = section?.source.text ?? "";
  const offset = at === undefined ? 0 : (judged?.places.inBody(offsetOfPlace(text, at) ?? text.length) ?? 0);
  return locate({ path: file.name, text: file.text }, bodyStart + offset);
}

const ofSection = (part: Part): readonly AdoptedFinding[] =>
  (part.judged?.findings ?? []).map((finding) => {
    const to = inFile(part, finding.location);
    const printed = part.section?.printed;
    if (printed === undefined) return { ...finding, to };
    // At the code that it was printed for.
    const { excerpt: _, ...rest } = finding;
    return { ...rest, location: printed.place, to };
  });

/** What the header of a new file makes of the lines below it: they may look like lines of its own. */
function ofHeaders(parts: readonly Part[], pattern: FileNamePattern): readonly AdoptedFinding[] {
  const sources = parts.map(({ file: { name, text } }) => ({ path: name, text }));
  return assemble(sources, [], pattern).diagnostics.map((finding) => {
    const to = finding.location!;
    const { section, judged, file, bodyStart } = parts.find(({ file }) => file.name === to.path)!;
    const at = Math.max((offsetOfPlace(file.text, to) ?? 0) - bodyStart, 0);
    const location =
      section === undefined || judged === undefined
        ? to
        : (section.printed?.place ?? locate(section.source, judged.places.inSection(at)));
    return { ...finding, location, to };
  });
}

/** When a migration was made whose number says so, as most tools write it: `20240131093000`, in UTC. */
export function dateIn(number: string): Date | undefined {
  const parts = /^((?:19|20)\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(number);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function irreversibleFor(
  { code, irreversible }: ForeignMigration,
  down: Judged | undefined,
  tool: string,
): string | undefined {
  if (irreversible !== undefined) return irreversible;
  if (down === undefined)
    return code === undefined ? `${tool} had no down migration` : `${tool} ran a program`;
  return down.raises === undefined ? undefined : down.raises || "its down migration raised an error";
}

/** What stands in a header stays there, whatever another tool's files say. */
const onOneLine = (text: string): string => commentText(text.replaceAll(/\s+/g, " ").trim());

const placeholderStart = (revision: RevisionId): string => `${revision}: write here as SQL what`;

/** Whether an error is the one that a new file raises in the place of a program. */
export const isOfPlaceholder = (revision: RevisionId, message: string): boolean =>
  message.startsWith(placeholderStart(revision));

/** It stops a database that comes to it: nothing would mean that what the program did is missing there. */
function placeholder(revision: RevisionId, { code = "" }: ForeignMigration): string {
  const message = literal(`${placeholderStart(revision)} ${code} does`);
  return `DO ${dollarQuoted(` BEGIN RAISE EXCEPTION USING MESSAGE = ${message}; END `, "")};\n`;
}

const program = (path: string): Diagnostic =>
  aboutFile(
    path,
    "program",
    "a program, not SQL; the new file raises an error in its place",
    "write its work as SQL there; a database where it has already run skips it",
  );

interface Name {
  readonly revision: RevisionId;
  readonly number: string;
  readonly slug: string;
}

/** Ids and names that are all different, and sort as the migrations do. */
function namesOf(migrations: readonly ForeignMigration[]): readonly Name[] {
  const numbers = numbersOf(migrations.map(({ number }) => number));
  const ids = new Set<string>();
  const stems = new Set<string>();
  return migrations.map(({ slug: written, message, place }, at) => {
    const number = numbers[at]!;
    const plain = place?.revision ?? `m${number}`;
    const words = written === "" ? slugOf(message ?? "") : written.replaceAll(/[\p{Cc}/\\]/gu, "_");
    const told = ids.has(plain)
      ? `${plain}_${words.slice(0, 50).replaceAll(/[^A-Za-z0-9_.]+/g, "_")}`
      : plain;
    const slug = unlike(stems, words, (each) => `${number}_${each}`);
    return { revision: unlike(ids, told), number, slug };
  });
}

/** The text, with a number behind it where it is taken; then that is taken too. */
function unlike(taken: Set<string>, text: string, keyOf = (each: string): string => each): string {
  let free = text;
  for (let n = 2; taken.has(keyOf(free)); n += 1) free = `${text}_${n}`;
  taken.add(keyOf(free));
  return free;
}

/** Their own numbers, with as few zeros as make them sort; 1, 2, 3 where they do not. */
function numbersOf(numbers: readonly (string | undefined)[]): readonly string[] {
  const own = numbers.filter((number) => number !== undefined);
  const longest = Math.max(FEWEST_DIGITS, ...own.map((number) => number.length));
  for (const width of own.length === numbers.length ? [FEWEST_DIGITS, longest] : []) {
    const padded = own.map((number) => number.padStart(width, "0"));
    if (padded.every((number, at) => at === 0 || padded[at - 1]! <= number)) return padded;
  }
  const width = Math.max(FEWEST_DIGITS, String(numbers.length).length);
  return numbers.map((_, at) => String(at + 1).padStart(width, "0"));
}
