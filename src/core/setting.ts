/** A node of a syntax tree → the setting that it sets (`SET`, `RESET`, or `set_config` of constants), and to what. */
import { type Ast, items, node, stringOf, word } from "./ast.ts";

export interface SettingOf {
  /** In lower case. */
  readonly name: string;
  /** Undefined: the default again. */
  readonly values: readonly string[] | undefined;
}

/** Undefined for all other nodes; `tree` without the kind around it. */
export function settingSet(kind: string, tree: Ast): SettingOf | undefined {
  if (kind === "VariableSetStmt") {
    const values = items(tree["args"]).map(settingText);
    return {
      name: word(tree["name"]).toLowerCase(),
      values: tree["kind"] === "VAR_SET_VALUE" ? values : undefined,
    };
  }
  if (kind !== "FuncCall" || stringOf(items(tree["funcname"]).at(-1) ?? {}) !== "set_config")
    return undefined;
  const [name = "", value = ""] = items(tree["args"]).map(settingText);
  return { name: name.toLowerCase(), values: value.split(",").map((each) => each.trim()) };
}

/** A value of a setting that is on or off, as PostgreSQL reads it. */
export const isOff = (value: string): boolean => /^(?:off?|f|fa|fal|fals|false|no?|0)$/i.test(value);

/** What a setting is given, as text. */
export const settingText = (item: Ast): string => {
  const { sval, ival } = node(item["A_Const"]);
  return ival === undefined ? word(node(sval)["sval"]) : String(node(ival)["ival"] ?? 0);
};
