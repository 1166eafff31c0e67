/** YAML text as plain values, with the line that each value stands on. */
import {
  type CollectionTag,
  type Document,
  isNode,
  isScalar,
  LineCounter,
  parseAllDocuments,
  type ScalarTag,
  visit,
  type YAMLMap,
} from "yaml";
import { ConfigError, messageOf } from "../base/errors.ts";
import { CONFIG_DOCUMENTS_MAX, YAML_ALIASES_MAX } from "./config_limits.ts";

type Path = readonly (string | number)[];

export interface YamlDocument {
  /** Position in its file, from 1. */
  readonly number: number;
  readonly value: unknown;
  /** The line of a value, or of the nearest one above it that stands in the text; from 1. */
  lineOf(path: Path): number;
}

/**
 * Reads every document that is not empty.
 *
 * @param file Names the text in errors.
 * @throws {ConfigError} when the text is not YAML, or names a tag, a key twice
 * or an alias in a way that plain data does not.
 */
export function readYaml(
  text: string,
  file: string,
  customTags: (ScalarTag | CollectionTag)[] = [],
): YamlDocument[] {
  const lines = new LineCounter();
  const documents = parseAll(text, file, lines, customTags);
  if (documents.length > CONFIG_DOCUMENTS_MAX) {
    throw new ConfigError(
      `Cannot use "${file}": over ${CONFIG_DOCUMENTS_MAX} documents`,
    );
  }
  return documents.map((document, index) => {
    const number = index + 1;
    refuseFaults(document, lines, `Cannot use "${file}": document ${number}`);
    return {
      number,
      value: valueOf(document, `Cannot use "${file}": document ${number}`),
      lineOf: (path: Path) => lineOf(document, lines, path),
    };
  }).filter(({ value }) => value !== null && value !== undefined);
}

function parseAll(
  text: string,
  file: string,
  lineCounter: LineCounter,
  customTags: (ScalarTag | CollectionTag)[],
): Document[] {
  try {
    // YAML 1.1 merge keys, because kubectl takes them; keys as text, because
    // a mapping of ports has numbers for keys.
    const result = parseAllDocuments(text, {
      customTags,
      lineCounter,
      merge: true,
      prettyErrors: false,
      stringKeys: true,
      // The parser's own check takes the square of a mapping's size.
      uniqueKeys: false,
    });
    return Array.isArray(result) ? result : [];
  } catch (reason) {
    throw new ConfigError(`Cannot use "${file}": ${faultOf(reason)}`);
  }
}

/** The parser goes down a stack frame or more for each level of nesting. */
const faultOf = (reason: unknown): string =>
  /call stack/.test(messageOf(reason)) ? "nested too deep" : messageOf(reason);

function refuseFaults(
  document: Document,
  lines: LineCounter,
  what: string,
): void {
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    throw new ConfigError(
      `${what}, ${placeOf(fault.pos[0], lines)}: ${faultOf(fault)}`,
    );
  }
  visit(document, {
    Map: (_, map) => {
      const twice = keyGivenTwice(map);
      if (twice === undefined) return;
      throw new ConfigError(
        `${what}, ${placeOf(twice.at, lines)}: the key ${
          JSON.stringify(twice.key)
        } is given twice`,
      );
    },
  });
}

function placeOf(offset: number, lines: LineCounter): string {
  const { line, col } = lines.linePos(offset);
  return `line ${line}, column ${col}`;
}

function keyGivenTwice(
  map: YAMLMap,
): { key: string; at: number } | undefined {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    if (seen.has(name)) return { key: name, at: key.range?.[0] ?? 0 };
    seen.add(name);
  }
  return undefined;
}

function valueOf(document: Document, what: string): unknown {
  try {
    return document.toJS({ maxAliasCount: YAML_ALIASES_MAX });
  } catch (reason) {
    throw new ConfigError(`${what}: ${faultOf(reason)}`);
  }
}

function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0
      ? document.contents
      : nodeAt(document, path.slice(0, length));
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function nodeAt(document: Document, path: Path): unknown {
  try {
    return document.getIn(path, true);
  } catch {
    // An alias on the way: what it stands for has no place of its own here.
    return undefined;
  }
}
