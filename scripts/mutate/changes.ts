/** The text of a source file goes in; every small change to it that a test should notice comes out. */
import { parseAst } from "vitest/node";

/** `text` in place of what stands from `start` to `end`, offsets in the file. */
export interface Change {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** What it does, in one line. */
  readonly what: string;
}

/** A node of the syntax tree; what else it has depends on its type. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

type Edit = Omit<Change, "file" | "what">;

const otherOperator: Readonly<Record<string, string>> = {
  "===": "!==",
  "!==": "===",
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "+": "-",
  "-": "+",
  "&&": "||",
  "||": "&&",
};

const otherWord: Readonly<Record<string, string>> = { AND: "OR", OR: "AND", "=": "<>", "<>": "=" };

/** Nodes of TypeScript that hold a value; all others are types, and gone when the program runs. */
const HOLDS_VALUE = /^TS(?:As|Satisfies|NonNull)/;

/** The changes of a TypeScript or SQL file. Throws a `SyntaxError` where it is neither. */
export function changesOf(file: string, source: string): readonly Change[] {
  const edits = file.endsWith(".sql")
    ? editsOfSql(source, 0)
    : nodesOf(parseAst(source, { lang: "ts" })).flatMap((node) => editsOf(node, source));
  return edits.map((edit) => ({ file, ...edit, what: described(edit, source) }));
}

/** The node and all below it that are there when the program runs. */
function nodesOf(value: unknown): readonly Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesOf);
  if (typeof value !== "object" || value === null || !("type" in value)) return [];
  const node = value as Node;
  if (node.type === "ImportDeclaration" || (node.type.startsWith("TS") && !HOLDS_VALUE.test(node.type)))
    return [];
  return [node, ...Object.values(node).flatMap(nodesOf)];
}

function editsOf(node: Node, source: string): readonly Edit[] {
  const { type, start, end } = node;
  switch (type) {
    case "IfStatement":
    case "ConditionalExpression":
    case "WhileStatement": {
      const test = node["test"] as Node;
      return [{ start: test.start, end: test.end, text: `!(${source.slice(test.start, test.end)})` }];
    }
    case "BinaryExpression":
    case "LogicalExpression": {
      const [operator, left] = [node["operator"] as string, node["left"] as Node];
      const text = otherOperator[operator];
      const at = source.indexOf(operator, left.end);
      return text === undefined ? [] : [{ start: at, end: at + operator.length, text }];
    }
    case "ExpressionStatement":
      return [{ start, end, text: "" }];
    case "ArrayExpression":
      return (node["elements"] as readonly Node[]).map(({ start, end }) => ({ start, end, text: "...[]" }));
    case "Literal":
      return editsOfLiteral(node, source);
    case "TemplateElement":
      return editsOfSql(source.slice(start, end), start);
    default:
      return [];
  }
}

function editsOfLiteral({ start, end, value }: Node, source: string): readonly Edit[] {
  if (typeof value === "boolean") return [{ start, end, text: String(!value) }];
  if (typeof value === "number") return [{ start, end, text: String(value + 1) }];
  return typeof value === "string" ? editsOfSql(source.slice(start, end), start) : [];
}

/** In SQL, each keyword is dropped or replaced by its opposite. What has fewer than two keywords is no SQL. */
function editsOfSql(text: string, offset: number): readonly Edit[] {
  const words = [...text.matchAll(/--.*|\b[A-Z]{2,}\b ?| (?:=|<>)(?= )/g)].filter(
    ([word]) => !word.startsWith("--"),
  );
  return words.length < 2
    ? []
    : words.map(({ 0: word, index }) => {
        const start = offset + index + (word.length - word.trimStart().length);
        const other = otherWord[word.trim()];
        return {
          start,
          end: offset + index + word.length,
          text: other === undefined ? "" : other + (word.endsWith(" ") ? " " : ""),
        };
      });
}

/** `a < b` → `a <= b`, with the line it stands in. */
function described({ start, end, text }: Edit, source: string): string {
  const from = source.lastIndexOf("\n", start) + 1;
  const line = source.slice(from, (source.indexOf("\n", start) + 1 || source.length + 1) - 1).trim();
  const old = source.slice(start, end).replaceAll(/\s+/g, " ").slice(0, 60);
  return `${old} → ${text.slice(0, 60) || "nothing"}    in: ${line.slice(0, 100)}`;
}
