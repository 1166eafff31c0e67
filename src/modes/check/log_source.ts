/** Where a proxy's log can be read, and read on. */
import { joined } from "../../base/octets.ts";
import { LOG_READ_MAX } from "./limits.ts";
import { type LogEntry, readLogLine } from "./log_lines.ts";

/** A log that could be read, from somewhere on to its end. */
export interface ReadLog {
  /** A file's, or how else it is named. */
  readonly path: string;
  readonly lines: readonly string[];
  /** Those of a proxy. */
  readonly entries: readonly LogEntry[];
  /**
   * What was written behind its end meanwhile; undefined where that cannot be
   * known.
   */
  next(): Promise<ReadLog | undefined>;
}

/** Of a text that is a log, or a part of one. */
export function readLogText(
  path: string,
  text: string,
  next: ReadLog["next"],
): ReadLog {
  const lines = text.split("\n").filter((line) => line !== "");
  const entries = lines.flatMap((line) => readLogLine(line) ?? []);
  return { path, lines, entries, next };
}

/**
 * The end of a file.
 *
 * @param from Where to begin, in octets. Default: {@link LOG_READ_MAX} before the end.
 * @returns undefined when it cannot be read, or is no file.
 */
export async function readLogFile(
  path: string,
  from = 0,
): Promise<ReadLog | undefined> {
  try {
    // A pipe would lose to us what is meant for others.
    if (!(await Deno.stat(path)).isFile) return undefined;
    using file = await Deno.open(path);
    const { size } = await file.stat();
    const start = Math.max(from, size - LOG_READ_MAX, 0);
    const text = await textBetween(file, start, size);
    return readLogText(path, text, () => readLogFile(path, size));
  } catch {
    return undefined; // it is not there, or not for us
  }
}

async function textBetween(
  file: Deno.FsFile,
  start: number,
  end: number,
): Promise<string> {
  const octets = new Uint8Array(Math.max(0, end - start));
  await file.seek(start, Deno.SeekMode.Start);
  let length = 0;
  while (length < octets.length) {
    const count = await file.read(octets.subarray(length));
    if (count === null) break;
    length += count;
  }
  return new TextDecoder().decode(octets.subarray(0, length));
}

/** What a user pipes in, its last {@link LOG_READ_MAX} octets; it has no more behind it. */
export async function readLogInput(
  input: ReadableStream<Uint8Array>,
): Promise<ReadLog> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    while (length - chunks[0]!.length >= LOG_READ_MAX) {
      length -= chunks.shift()!.length;
    }
  }
  const text = new TextDecoder().decode(joined(chunks).subarray(-LOG_READ_MAX));
  return readLogText("standard input", text, () => Promise.resolve(undefined));
}
