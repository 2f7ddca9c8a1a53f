/** Objects of text search → the statements that create, drop or change them. */
import type { CatalogObject, Value } from "../catalog/catalog.ts";
import { qualified } from "../quote.ts";
import type { Fixer } from "./fixer.ts";

type Mappings = Readonly<Record<string, readonly string[]>>;

const mappingsOf = ({ properties }: CatalogObject): Mappings => (properties["mappings"] ?? {}) as Mappings;

const configuration = ({ identity }: CatalogObject): string =>
  `TEXT SEARCH CONFIGURATION ${qualified(...identity)}`;

function createdConfiguration(object: CatalogObject): readonly string[] {
  return [
    `CREATE ${configuration(object)} (PARSER = ${object.properties["parser"]})`,
    ...mapped(object, {}, mappingsOf(object)),
  ];
}

/** Tokens with the same dictionaries are one statement. */
function mapped(object: CatalogObject, is: Mappings, desired: Mappings): readonly string[] {
  const tokens = new Map<string, string[]>();
  for (const [token, dictionaries] of Object.entries(desired)) {
    if (JSON.stringify(is[token]) === JSON.stringify(dictionaries)) continue;
    const start = `ALTER ${configuration(object)} ${is[token] === undefined ? "ADD" : "ALTER"} MAPPING FOR `;
    const key = JSON.stringify([start, ` WITH ${dictionaries.join(", ")}`]);
    tokens.set(key, [...(tokens.get(key) ?? []), token]);
  }
  const gone = Object.keys(is).filter((token) => desired[token] === undefined);
  return [
    ...(gone.length === 0 ? [] : [`ALTER ${configuration(object)} DROP MAPPING FOR ${gone.join(", ")}`]),
    ...[...tokens].map(([key, names]) => (JSON.parse(key) as readonly string[]).join(names.join(", "))),
  ];
}

const dictionary = ({ identity }: CatalogObject): string =>
  `TEXT SEARCH DICTIONARY ${qualified(...identity)}`;

const createdDictionary = (object: CatalogObject): readonly string[] => [
  `CREATE ${dictionary(object)} (${[`TEMPLATE = ${object.properties["template"]}`, ...optionsOf(object)].join(", ")})`,
];

const optionsOf = ({ properties: { options } }: CatalogObject): readonly string[] =>
  options === undefined ? [] : [String(options)];

/** An option without a value is taken away. */
function changedDictionary(a: CatalogObject, b: CatalogObject, names: readonly string[]): readonly string[] {
  if (names.includes("template")) return [`DROP ${dictionary(a)}`, ...createdDictionary(b)];
  const [old, wanted] = [a, b].map((each) =>
    [...(optionsOf(each)[0] ?? "").matchAll(/("(?:[^"]|"")*"|\w+) = E?'/g)].map((match) => match[1]!),
  );
  const gone = old!.filter((name) => !wanted!.includes(name));
  return [`ALTER ${dictionary(b)} (${[...gone, ...optionsOf(b)].join(", ")})`];
}

/** Made of functions, each under its word. */
function madeOf(words: string, functions: readonly string[]): Fixer {
  const name = ({ identity }: CatalogObject): string => `TEXT SEARCH ${words} ${qualified(...identity)}`;
  const created = (object: CatalogObject): readonly string[] => {
    const parts = functions
      .map((word): readonly [string, Value | undefined] => [word, object.properties[word]])
      .filter(([, value]) => value !== undefined);
    return [
      `CREATE ${name(object)} (${parts.map(([word, value]) => `${word.toUpperCase()} = ${value}`).join(", ")})`,
    ];
  };
  return { created, dropped: (object) => [`DROP ${name(object)}`] };
}

export const textSearch: Readonly<Record<string, Fixer>> = {
  "text search configuration": {
    created: createdConfiguration,
    dropped: (object) => [`DROP ${configuration(object)}`],
    changed: (a, b, names) =>
      names.includes("parser")
        ? [`DROP ${configuration(a)}`, ...createdConfiguration(b)]
        : mapped(b, mappingsOf(a), mappingsOf(b)),
  },
  "text search dictionary": {
    created: createdDictionary,
    dropped: (object) => [`DROP ${dictionary(object)}`],
    changed: changedDictionary,
  },
  "text search parser": madeOf("PARSER", ["start", "gettoken", "end", "headline", "lextypes"]),
  "text search template": madeOf("TEMPLATE", ["init", "lexize"]),
};
