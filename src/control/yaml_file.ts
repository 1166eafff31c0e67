/** YAML text as plain values, with the line that each value stands on. */
import {
  type CollectionTag,
  Composer,
  type Document,
  isNode,
  isScalar,
  LineCounter,
  Parser,
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
export const readYaml = (
  text: string,
  file: string,
  customTags?: Tags,
): YamlDocument[] => [...eachYamlDocument(text, file, customTags)];

type Tags = (ScalarTag | CollectionTag)[];

/**
 * The same, each document read when it is asked for: the parser needs a hundred
 * times a document's length while it is at it.
 */
export function* eachYamlDocument(
  text: string,
  file: string,
  customTags: Tags = [],
): Generator<YamlDocument, void> {
  const lines = new LineCounter();
  let number = 0;
  for (const document of parseEach(text, file, lines, customTags)) {
    if (++number > CONFIG_DOCUMENTS_MAX) {
      throw new ConfigError(
        `Cannot use "${file}": over ${CONFIG_DOCUMENTS_MAX} documents`,
      );
    }
    const what = `Cannot use "${file}": document ${number}`;
    refuseFaults(document, lines, what);
    const value = valueOf(document, what);
    if (value === null || value === undefined) continue;
    const lineOfPath = (path: Path) => lineOf(document, lines, path);
    yield { number, value, lineOf: lineOfPath };
  }
}

function* parseEach(
  text: string,
  file: string,
  lineCounter: LineCounter,
  customTags: Tags,
): Generator<Document, void> {
  try {
    // YAML 1.1 merge keys, because kubectl takes them; keys as text, because
    // a mapping of ports has numbers for keys.
    const composer = new Composer({
      customTags,
      lineCounter,
      merge: true,
      prettyErrors: false,
      stringKeys: true,
      // The parser's own check takes the square of a mapping's size.
      uniqueKeys: false,
    });
    const tokens = new Parser(lineCounter.addNewLine).parse(text);
    yield* composer.compose(tokens);
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
