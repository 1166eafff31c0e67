/** One log line as text, in the two shapes that ztunnel writes. */
import type { LogLevel } from "./log_filter.ts";

/** Text that the plain format prints without quotes, such as an address. */
export class Display {
  constructor(readonly text: string) {}
}

/** Marks `text` to be printed bare; see {@link Display}. */
export const display = (text: string): Display => new Display(text);

/** A string is printed in quotes; undefined leaves the field out. */
export type FieldValue = string | number | boolean | Display | undefined;

/** Fields in the order in which they are printed. */
export type Fields = Readonly<Record<string, FieldValue>>;

/** What a line is said in the course of, such as one connection. */
export interface Span {
  readonly name: string;
  readonly fields?: Fields;
}

export interface LogLine {
  readonly time: Date;
  readonly level: LogLevel;
  /** With its `ztunnel::` prefix. */
  readonly target: string;
  /** Outermost first. */
  readonly spans: readonly Span[];
  /** Empty for a line that is its fields, such as those of DNS. */
  readonly message: string;
  readonly fields: Fields;
}

export type LogFormat = "plain" | "json";

/** Leading part of a target that the plain format leaves out. */
export const TARGET_PREFIX = "ztunnel::";

/** The line with its line feed, in either shape. */
export const formatLine = (format: LogFormat, line: LogLine): string =>
  format === "json" ? formatJson(line) : formatPlain(line);

/** `time TAB level TAB scope TAB message TAB key=value …`; the last tab also without fields, none for a message of nothing. */
function formatPlain(line: LogLine): string {
  const target = line.target.startsWith(TARGET_PREFIX)
    ? line.target.slice(TARGET_PREFIX.length)
    : line.target;
  const head = [timestamp(line.time), line.level, target + spansOf(line)]
    .join("\t");
  const message = line.message === ""
    ? ""
    : `${escapeControls(line.message)}\t`;
  return `${head}\t${message}${plainFields(line.fields)}\n`;
}

function spansOf(line: LogLine): string {
  let text = "";
  for (const span of line.spans) {
    const fields = plainFields(span.fields ?? {});
    text += fields === "" ? `:${span.name}` : `:${span.name}{${fields}}`;
  }
  return text;
}

function plainFields(fields: Fields): string {
  let text = "";
  for (const key in fields) {
    const value = fields[key];
    if (value === undefined) continue;
    text += `${text === "" ? "" : " "}${key}=${plainValue(value)}`;
  }
  return text;
}

function plainValue(value: Exclude<FieldValue, undefined>): string {
  if (typeof value === "string") return quote(value);
  return value instanceof Display ? escapeControls(value.text) : String(value);
}

/** In double quotes, with quotes, backslashes and control characters escaped. */
export const quote = (text: string): string => `"${escapeQuoted(text)}"`;

/** As {@link quote}, without the quotes around it. */
export function escapeQuoted(text: string): string {
  // Most values are clean, and to see that is several times cheaper.
  if (!/["\\\p{Cc}\u2028\u2029]/u.test(text)) return text;
  return escapeControls(text.replaceAll(/["\\]/g, "\\$&"));
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\t": "\\t",
  "\r": "\\r",
  "\n": "\\n",
  "\0": "\\0",
};

/** Keeps what a peer sent from starting a line or a column of its own. */
function escapeControls(text: string): string {
  if (!/[\p{Cc}\u2028\u2029]/u.test(text)) return text;
  return text.replaceAll(
    /[\p{Cc}\u2028\u2029]/gu,
    (control) =>
      SHORT_ESCAPES[control] ?? `\\u{${control.charCodeAt(0).toString(16)}}`,
  );
}

/**
 * `value` as one line of JSON with its line feed. Also what JSON lets stand and
 * other readers take for the end of a line is escaped.
 */
export function jsonLine(value: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(value).replaceAll(
    /[\x7f-\x9f\u2028\u2029]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${text}\n`;
}

/** One object a line: the fixed keys, the fields, then one object per span. */
function formatJson(line: LogLine): string {
  const spans = line.spans.map((s) => [s.name, jsonFields(s.fields ?? {})]);
  return jsonLine({
    level: line.level,
    time: timestamp(line.time),
    scope: line.target,
    ...line.message === "" ? {} : { message: line.message },
    ...jsonFields(line.fields),
    ...Object.fromEntries(spans),
  });
}

function jsonFields(fields: Fields): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const key in fields) {
    const value = fields[key];
    values[key] = value instanceof Display ? value.text : value;
  }
  return values;
}

/** RFC 3339 in UTC. Six digits as ztunnel writes them; a Date knows three. */
function timestamp(time: Date): string {
  const ms = time.getTime();
  if (ms !== lastTime.ms) {
    lastTime = { ms, text: `${time.toISOString().slice(0, -1)}000Z` };
  }
  return lastTime.text;
}

/** Lines of one millisecond have one text. */
let lastTime = { ms: NaN, text: "" };
