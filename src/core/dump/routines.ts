/** Functions, procedures, aggregates, operators and what is built on them → the statements that create them. */
import type { CatalogObject } from "../catalog/catalog.ts";
import { dollarQuoted, literal } from "../quote.ts";
import { nameOf, partsOf, withoutArguments } from "./names.ts";
import {
  clauses,
  has,
  keyOfObject,
  type Lookup,
  list,
  type Piece,
  phase,
  text,
  type Writer,
} from "./piece.ts";
import { ownership } from "./privileges.ts";
import { definition } from "./types.ts";

const piece = (
  object: CatalogObject,
  lookup: Lookup,
  kind: Parameters<typeof phase>[0],
  ...statements: readonly string[]
): Piece => ({
  object: keyOfObject(object),
  phase: phase(kind),
  statements: [...statements, ...ownership(object, lookup)],
});

const routine: Writer = (object, lookup) => {
  if (isConstructor(object)) return [];
  const result = text(object, "result");
  const word = (name: string): string | undefined => text(object, name)?.toUpperCase();
  const parallel = word("parallel");
  const transforms = list(object, "transforms").map((type) => `FOR TYPE ${type}`);
  const attributes = clauses(
    `LANGUAGE ${nameOf(text(object, "language")!)}`,
    transforms.length > 0 && `TRANSFORM ${transforms.join(", ")}`,
    has(object, "window") && "WINDOW",
    word("volatility"),
    has(object, "strict") && "STRICT",
    has(object, "leakproof") && "LEAKPROOF",
    has(object, "securityDefiner") && "SECURITY DEFINER",
    parallel !== undefined && `PARALLEL ${parallel}`,
    isUsualCost(object) ? undefined : `COST ${text(object, "cost")}`,
    isUsualRows(object) ? undefined : `ROWS ${text(object, "rows") ?? "0"}`,
    text(object, "support") !== undefined && `SUPPORT ${text(object, "support")}`,
  );
  const settings = list(object, "settings").map(setting);
  return [
    piece(
      object,
      lookup,
      "function",
      [
        `CREATE ${object.class.toUpperCase()} ${nameOf(...object.identity.slice(0, 2))}(${text(object, "arguments") ?? ""})`,
        ...(result === undefined ? [] : [`RETURNS ${result}`]),
        attributes,
        ...settings,
        body(object),
      ].join("\n"),
    ),
  ];
};

/** What makes a range or multirange is made with its type. */
const isConstructor = (object: CatalogObject): boolean =>
  text(object, "language") === "internal" && /^(multi)?range_constructor\d$/.test(text(object, "body") ?? "");

/** What stands where no cost is given: 1 for what is compiled, else 100. A procedure may have none other. */
function isUsualCost(object: CatalogObject): boolean {
  const usual = ["c", "internal"].includes(text(object, "language")!) ? "1" : "100";
  return object.class === "procedure" || text(object, "cost") === usual;
}

function isUsualRows(object: CatalogObject): boolean {
  const returnsRows = /^(SETOF |TABLE\()/.test(text(object, "result") ?? "");
  return text(object, "rows") === (returnsRows ? "1000" : undefined);
}

function body(object: CatalogObject): string {
  const source = text(object, "body") ?? "";
  const library = text(object, "library");
  if (library !== undefined) return `AS ${literal(library)}, ${literal(source)}`;
  if (text(object, "language") === "sql" && /^(RETURN|BEGIN ATOMIC)\s/.test(source)) return source;
  return `AS ${dollarQuoted(source, "function")}`;
}

/** `name=value`, as a function has it → its SET clause. The value of a list of names is one already. */
function setting(entry: string): string {
  const at = entry.indexOf("=");
  const [name, value] = [entry.slice(0, at), entry.slice(at + 1)];
  const values = LISTS.has(name) && value !== "" ? partsOfList(value) : [value];
  return `SET ${nameOf(...name.split("."))} TO ${values.map(literal).join(", ")}`;
}

const LISTS = new Set([
  ...["search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries"],
  ...["shared_preload_libraries", "unix_socket_directories"],
]);

/** `"$user", public` → its names. */
const partsOfList = (value: string): readonly string[] =>
  [...value.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].map(
    ([all, quoted]) => quoted?.replaceAll('""', '"') ?? all,
  );

const aggregate: Writer = (object, lookup) => {
  const kind = text(object, "kind");
  const initial = text(object, "initial");
  const movingInitial = text(object, "movingInitial");
  const modify = (name: string, usual: string): string | undefined => {
    const letter = text(object, name);
    return letter === undefined || letter === usual ? undefined : MODIFIES[letter];
  };
  const usual = kind === undefined ? "r" : "w";
  const sort = text(object, "sortOperator");
  const fn = (name: string): string | undefined => {
    const value = text(object, name);
    return value === undefined ? undefined : withoutArguments(value);
  };
  const entries = [
    ["SFUNC", fn("stateFunction")],
    ["STYPE", text(object, "stateType")],
    ["SSPACE", text(object, "stateSize")],
    ["FINALFUNC", fn("finalFunction")],
    ["FINALFUNC_EXTRA", has(object, "finalExtra") ? "true" : undefined],
    ["FINALFUNC_MODIFY", modify("finalModify", usual)],
    ["COMBINEFUNC", fn("combineFunction")],
    ["SERIALFUNC", fn("serialFunction")],
    ["DESERIALFUNC", fn("deserialFunction")],
    ["INITCOND", initial === undefined ? undefined : literal(initial)],
    ["MSFUNC", fn("movingStateFunction")],
    ["MINVFUNC", fn("movingInverseFunction")],
    ["MSTYPE", text(object, "movingStateType")],
    ["MSSPACE", text(object, "movingStateSize")],
    ["MFINALFUNC", fn("movingFinalFunction")],
    ["MFINALFUNC_EXTRA", has(object, "movingFinalExtra") ? "true" : undefined],
    ["MFINALFUNC_MODIFY", modify("movingFinalModify", usual)],
    ["MINITCOND", movingInitial === undefined ? undefined : literal(movingInitial)],
    ["SORTOP", sort === undefined ? undefined : operatorName(sort)],
    ["PARALLEL", text(object, "parallel")?.toUpperCase()],
    ["HYPOTHETICAL", kind === "hypothetical set" ? "true" : undefined],
  ] as const;
  const parameters = text(object, "arguments") ?? "*";
  return [
    piece(
      object,
      lookup,
      "operator",
      `CREATE AGGREGATE ${nameOf(...object.identity.slice(0, 2))}(${parameters}) ${definition(entries)}`,
    ),
  ];
};

const MODIFIES: Readonly<Record<string, string>> = { r: "READ_ONLY", s: "SHAREABLE", w: "READ_WRITE" };

/** `shop.=(integer,text)` → `OPERATOR(shop.=)`. */
function operatorName(signature: string): string {
  return `OPERATOR(${withoutArguments(signature)})`;
}

const operator: Writer = (object, lookup) => {
  const [schema, name, types] = object.identity as [string, string, string];
  const code = text(object, "function");
  // What was only named as another's commutator has no function: naming it makes it.
  if (code === undefined) return [];
  const [left, right] = splitTypes(types);
  const commutator = text(object, "commutator");
  const negator = text(object, "negator");
  return [
    piece(
      object,
      lookup,
      "operator",
      `CREATE OPERATOR ${nameOf(schema)}.${name} ${definition([
        ["FUNCTION", withoutArguments(code)],
        ["LEFTARG", left === "none" ? undefined : left],
        ["RIGHTARG", right === "none" ? undefined : right],
        ["COMMUTATOR", commutator === undefined ? undefined : operatorName(commutator)],
        ["NEGATOR", negator === undefined ? undefined : operatorName(negator)],
        ["RESTRICT", text(object, "restriction")],
        ["JOIN", text(object, "join")],
        ...(has(object, "hashes") ? [["HASHES", "true"] as const] : []),
        ...(has(object, "merges") ? [["MERGES", "true"] as const] : []),
      ])}`,
    ),
  ];
};

/** The two types of `numeric(10,2), text`: no type that an operator has is written with a comma but in quotes. */
function splitTypes(types: string): readonly [string, string] {
  const parts = types.match(/(?:"(?:[^"]|"")*"|[^,"])+/g) ?? [];
  return [parts[0]?.trim() ?? "none", parts[1]?.trim() ?? "none"];
}

const operatorFamily: Writer = (object, lookup) => {
  const [schema, name, method] = object.identity as [string, string, string];
  const named = `${nameOf(schema, name)} USING ${nameOf(method)}`;
  const { classItems, loose } = familyItems(object, lookup);
  const created = piece(object, lookup, "type", `CREATE OPERATOR FAMILY ${named}`);
  if (loose.length === 0 && classItems.size === 0) return [created];
  const added: Piece = {
    object: keyOfObject(object),
    phase: phase("cast"),
    statements: [`ALTER OPERATOR FAMILY ${named} ADD\n  ${loose.join(",\n  ")}`],
  };
  return loose.length === 0 ? [created] : [created, added];
};

const operatorClass: Writer = (object, lookup) => {
  const [schema, name, method] = object.identity as [string, string, string];
  const family = lookup.get("operator family", ...familyOf(object));
  const items =
    family === undefined ? [] : (familyItems(family, lookup).classItems.get(keyText(object)) ?? []);
  const storage = text(object, "storage");
  const stored = storage ?? (items.length === 0 ? text(object, "type") : undefined);
  return [
    piece(
      object,
      lookup,
      "operator",
      clauses(
        `CREATE OPERATOR CLASS ${nameOf(schema, name)}`,
        has(object, "default") && "DEFAULT",
        `FOR TYPE ${text(object, "type")} USING ${nameOf(method)} FAMILY ${text(object, "family")} AS\n `,
        [...items, ...(stored === undefined ? [] : [`STORAGE ${stored}`])].join(",\n  "),
      ),
    ),
  ];
};

const familyOf = (object: CatalogObject): readonly string[] => [
  ...partsOf(text(object, "family")!),
  object.identity[2]!,
];

const keyText = ({ identity }: CatalogObject): string => identity.join("\n");

/** A family's operators and functions: those of its classes, which are of the class's type alone, and the loose ones. */
function familyItems(
  family: CatalogObject,
  { catalog }: Lookup,
): { readonly classItems: ReadonlyMap<string, readonly string[]>; readonly loose: readonly string[] } {
  const classes = catalog.objects.filter(
    (each) => each.class === "operator class" && keyOfFamily(familyOf(each)) === keyOfFamily(family.identity),
  );
  const items = [
    ...list(family, "operators").map(operatorItem),
    ...list(family, "functions").map(functionItem),
  ];
  const classItems = new Map<string, readonly string[]>();
  const taken = new Set<string>();
  for (const each of classes) {
    const type = text(each, "type")!;
    const own = items.filter(({ item, types }) => !taken.has(item) && types.every((one) => one === type));
    for (const { item } of own) taken.add(item);
    classItems.set(
      keyText(each),
      own.map(({ item }) => item),
    );
  }
  return { classItems, loose: items.filter(({ item }) => !taken.has(item)).map(({ item }) => item) };
}

const keyOfFamily = (identity: readonly string[]): string => identity.join("\n");

interface FamilyItem {
  readonly item: string;
  readonly types: readonly string[];
}

/** `1 <(integer,bigint) for order by s.f` */
function operatorItem(entry: string): FamilyItem {
  const [, number, signature, sort = ""] = /^(\d+) (.*?)( for order by .*)?$/s.exec(entry)!;
  const types = signature!.slice(withoutArguments(signature!).length + 1, -1);
  return {
    item: `OPERATOR ${number} ${withoutArguments(signature!)} (${types})${sort.toUpperCase().startsWith(" FOR ORDER BY") ? ` FOR ORDER BY ${sort.slice(14)}` : ""}`,
    types: splitTypes(types),
  };
}

/** `1 (integer, bigint) btint48cmp(integer,bigint)` */
function functionItem(entry: string): FamilyItem {
  const [, number, types, signature] = /^(\d+) \(((?:"(?:[^"]|"")*"|[^")])*)\) (.*)$/s.exec(entry)!;
  return { item: `FUNCTION ${number} (${types}) ${signature}`, types: splitTypes(types!) };
}

const cast: Writer = (object, { get }) => {
  const [source = "", target = ""] = object.identity;
  const range = get("range type", ...partsOf(source));
  // A range type brings the one to its multirange type.
  if (range !== undefined && text(range, "multirange") === target) return [];
  const context = text(object, "context");
  const how =
    text(object, "method") === "function"
      ? `WITH FUNCTION ${text(object, "function")}`
      : text(object, "method") === "inout"
        ? "WITH INOUT"
        : "WITHOUT FUNCTION";
  const as = context === "explicit" ? undefined : `AS ${context!.toUpperCase()}`;
  return [
    {
      object: keyOfObject(object),
      phase: phase("cast"),
      statements: [clauses(`CREATE CAST (${source} AS ${target})`, how, as)],
    },
  ];
};

const transform: Writer = (object) => {
  const [type, language] = object.identity as [string, string];
  const functions = [
    ["FROM SQL", text(object, "fromSql")],
    ["TO SQL", text(object, "toSql")],
  ].flatMap(([word, name]) => (name === undefined ? [] : [`${word} WITH FUNCTION ${name}(internal)`]));
  return [
    {
      object: keyOfObject(object),
      phase: phase("cast"),
      statements: [`CREATE TRANSFORM FOR ${type} LANGUAGE ${nameOf(language)} (${functions.join(", ")})`],
    },
  ];
};

export const routines: Readonly<Record<string, Writer>> = {
  function: routine,
  procedure: routine,
  aggregate,
  operator,
  "operator family": operatorFamily,
  "operator class": operatorClass,
  cast,
  transform,
};
