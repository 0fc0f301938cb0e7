/** Checks a value against the part of JSON Schema that `docs/json.md` uses. */

/** A schema. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

/**
 * @returns The violations, each with its place. A member that is not in the schema is one, too: it is not documented.
 */
export function violations(value: unknown, schema: Schema, place = "$"): string[] {
  const found: string[] = [];
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.includes(typeOf(value))) found.push(`${place}: ${typeOf(value)}, not ${types}`);
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    found.push(`${place}: none of ${schema.enum}: ${value}`);
  }
  const { items, properties, required = [] } = schema;
  if (Array.isArray(value) && items !== undefined) {
    found.push(...value.flatMap((item, index) => violations(item, items, `${place}[${index}]`)));
  }
  if (typeOf(value) === "object" && properties !== undefined) {
    const members = Object.entries(value as Record<string, unknown>);
    found.push(
      ...required.filter((name) => !members.some(([one]) => one === name)).map((name) => `${place}.${name}: missing`),
    );
    for (const [name, member] of members) {
      const inner = properties[name];
      found.push(
        ...inner === undefined ? [`${place}.${name}: not documented`] : violations(member, inner, `${place}.${name}`),
      );
    }
  }
  return found;
}
