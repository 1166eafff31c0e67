/** What JSON can say; a key whose value is undefined is left out. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * Pretty text with two blanks a level and keys in code unit order at every
 * level, so that two dumps can be compared line by line.
 */
export function sortedJson(value: Json): string {
  const parts: string[] = [];
  write(value, "\n", parts);
  return parts.join("");
}

/** @param margin A line feed and the indentation of the line that `value` starts on. */
function write(value: Json, margin: string, parts: string[]): void {
  if (value === null || typeof value !== "object") {
    parts.push(JSON.stringify(value));
  } else if (isList(value)) {
    writeAll(value.map((item) => ["", item]), "[]", margin, parts);
  } else {
    writeAll(entriesOf(value), "{}", margin, parts);
  }
}

// `Array.isArray` does not narrow a read-only array.
const isList = (value: object): value is readonly Json[] =>
  Array.isArray(value);

function entriesOf(
  value: { readonly [key: string]: Json | undefined },
): [head: string, Json][] {
  const entries: [string, Json][] = [];
  for (const key of Object.keys(value).sort()) {
    const item = value[key];
    if (item !== undefined) entries.push([`${JSON.stringify(key)}: `, item]);
  }
  return entries;
}

function writeAll(
  entries: readonly (readonly [head: string, Json])[],
  brackets: "[]" | "{}",
  margin: string,
  parts: string[],
): void {
  if (entries.length === 0) {
    parts.push(brackets);
    return;
  }
  const inner = `${margin}  `;
  let separator = brackets[0];
  for (const [head, item] of entries) {
    parts.push(separator + inner + head);
    write(item, inner, parts);
    separator = ",";
  }
  parts.push(margin + brackets[1]);
}
