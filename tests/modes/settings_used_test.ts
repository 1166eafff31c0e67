/** No setting is read and then forgotten. */
import assert from "node:assert/strict";
import { refuseUnsupported } from "../../src/config/unsupported.ts";
import type { Config } from "../../src/config/config.ts";
import { nodeWith } from "../config/support.ts";

const SRC = new URL("../../src/", import.meta.url);

/** What reads settings, and what only shows them. */
const NOT_USE = /^(config\/|admin\/dump_config\.ts$)/;

async function* sources(folder = ""): AsyncGenerator<string> {
  for await (
    const { name, isDirectory } of Deno.readDir(new URL(folder, SRC))
  ) {
    const path = `${folder}${name}`;
    if (isDirectory) yield* sources(`${path}/`);
    else if (path.endsWith(".ts") && !NOT_USE.test(path)) yield path;
  }
}

/** Names of the fields of a configuration in which everything is set. */
function fieldsOf(value: object): string[] {
  return Object.entries(value).flatMap(([name, inner]) => [
    name,
    ...typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? fieldsOf(inner)
      : [],
  ]);
}

const isRefused = (config: Config): boolean => {
  try {
    refuseUnsupported({ kind: "run", config });
    return false;
  } catch {
    return true;
  }
};

Deno.test("every setting is used somewhere, or refused", async () => {
  const config = nodeWith({});
  const unused = new Set(fieldsOf(config));
  for await (const path of sources()) {
    const text = await Deno.readTextFile(new URL(path, SRC));
    for (const field of unused) {
      if (new RegExp(`\\b${field}\\b`).test(text)) unused.delete(field);
    }
  }
  for (const field of unused) {
    const set = { ...config, [field]: "set" };
    assert.ok(isRefused(set), `nothing uses or refuses ${field}`);
  }
});
