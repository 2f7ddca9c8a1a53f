/** Operator families and classes → the statements that create, drop or change them. */
import { type CatalogObject, keyOf } from "../catalog/catalog.ts";
import { qualified } from "../quote.ts";
import type { Fixer, Sides } from "./fixer.ts";

const named = ({ identity: [schema = "", name = "", method] }: CatalogObject): string =>
  `${qualified(schema, name)} USING ${method}`;

type Kind = "operators" | "functions";

const membersOf = (object: CatalogObject | undefined, kind: Kind): readonly string[] =>
  (object?.properties[kind] ?? []) as readonly string[];

const WORDS = { operators: "OPERATOR", functions: "FUNCTION" } as const;
const KINDS = ["operators", "functions"] as const;

/** `1 <(integer,bigint)` and `1 (integer, bigint) btint48cmp(integer,bigint)`: the number and the types. */
function slotOf(member: string, kind: Kind): string {
  const [, number] = /^(\d+) /.exec(member)!;
  const types =
    kind === "operators" ? /\(([^()]*)\)(?: for order by .*)?$/.exec(member) : /\(([^()]*)\)/.exec(member);
  return `${number} (${types?.[1]?.replaceAll(/, */g, ", ")})`;
}

function changedFamily(a: CatalogObject, b: CatalogObject): readonly string[] {
  const [gone, come] = [
    [a, b],
    [b, a],
  ].map(([one, other]) =>
    KINDS.flatMap((kind) =>
      membersOf(one, kind)
        .filter((member) => !membersOf(other, kind).includes(member))
        .map((member) => ({ kind, member })),
    ),
  );
  const parts = [
    ...gone!.map(({ kind, member }) => `DROP ${WORDS[kind]} ${slotOf(member, kind)}`),
    ...come!.map(
      ({ kind, member }) => `ADD ${WORDS[kind]} ${member.replace(" for order by ", " FOR ORDER BY ")}`,
    ),
  ];
  // What is dropped and what is added cannot stand in one statement.
  return ["DROP", "ADD"].flatMap((word) => {
    const those = parts.filter((part) => part.startsWith(word)).map((part) => part.slice(word.length));
    return those.length === 0 ? [] : [`ALTER OPERATOR FAMILY ${named(b)} ${word}${those.join(",")}`];
  });
}

/** A class is made of those members of its family that are there only then, and are for its type. */
function createdClass(object: CatalogObject, [is, desired]: Sides): readonly string[] {
  const { family, type, storage, default: isDefault } = object.properties;
  const key = keyOf(object.parent!);
  const members = KINDS.flatMap((kind) =>
    membersOf(desired.get(key), kind)
      .filter((member) => !membersOf(is.get(key), kind).includes(member))
      .filter((member) => slotOf(member, kind).endsWith(` (${type}, ${type})`))
      .map((member) => `${WORDS[kind]} ${member.replace(" for order by ", " FOR ORDER BY ")}`),
  );
  const parts = [...members, ...(storage === undefined ? [] : [`STORAGE ${storage}`])];
  const [schema = "", name = "", method] = object.identity;
  const head = `CREATE OPERATOR CLASS ${qualified(schema, name)}${isDefault === true ? " DEFAULT" : ""}`;
  return [
    `${head} FOR TYPE ${type} USING ${method} FAMILY ${family} AS ${parts.length === 0 ? `STORAGE ${type}` : parts.join(", ")}`,
  ];
}

export const families: Readonly<Record<string, Fixer>> = {
  "operator family": {
    created: (object) => [`CREATE OPERATOR FAMILY ${named(object)}`],
    dropped: (object) => [`DROP OPERATOR FAMILY ${named(object)}`],
    changed: changedFamily,
  },
  "operator class": { created: createdClass, dropped: (object) => [`DROP OPERATOR CLASS ${named(object)}`] },
};
