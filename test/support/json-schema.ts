/** A value and the part of JSON schema that SARIF's uses → where the value is not as it says. */

export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly uniqueItems?: boolean;
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

/** Each fault as `path: what is wrong`. */
export function schemaFaults(value: unknown, root: JsonSchema): readonly string[] {
  const check = (part: unknown, schema: JsonSchema, path: string): string[] => {
    if (schema.$ref !== undefined)
      return check(part, root.definitions![schema.$ref.replace("#/definitions/", "")]!, path);
    const faults: string[] = [];
    if (schema.type !== undefined && typeOf(part, schema.type) !== schema.type)
      return [`${path}: is no ${schema.type}`];
    if (schema.enum !== undefined && !schema.enum.includes(part))
      faults.push(`${path}: ${part} is not allowed`);
    if (schema.minimum !== undefined && (part as number) < schema.minimum) faults.push(`${path}: too small`);
    if (Array.isArray(part)) {
      if (schema.uniqueItems === true && new Set(part.map((each) => JSON.stringify(each))).size < part.length)
        faults.push(`${path}: holds something twice`);
      part.forEach((each, i) => {
        if (schema.items !== undefined) faults.push(...check(each, schema.items, `${path}[${i}]`));
      });
    } else if (typeof part === "object" && part !== null) {
      for (const key of schema.required ?? []) if (!(key in part)) faults.push(`${path}: lacks ${key}`);
      for (const [key, each] of Object.entries(part)) {
        const own = schema.properties?.[key] ?? schema.additionalProperties;
        if (own === false) faults.push(`${path}: must not have ${key}`);
        else if (typeof own === "object") faults.push(...check(each, own, `${path}.${key}`));
      }
    }
    return faults;
  };
  return check(value, root, "$");
}

function typeOf(value: unknown, wanted: string): string {
  if (Array.isArray(value)) return "array";
  if (wanted === "integer" && Number.isInteger(value)) return "integer";
  return value === null ? "null" : typeof value;
}
