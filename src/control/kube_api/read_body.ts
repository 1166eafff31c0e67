/** Bodies of answers, read within limits. */
import { joined } from "../../base/octets.ts";
import { type Body, chunksOf } from "../body_chunks.ts";
import { KubeApiError } from "./errors.ts";

/**
 * Reads a body to its end.
 *
 * @param bytesMax In octets.
 * @throws {KubeApiError} when it is longer; whatever the stream rejects with;
 * the signal's reason.
 */
export async function readText(
  body: Body,
  bytesMax: number,
  signal: AbortSignal,
): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of chunksOf(body, signal)) {
    size += part.length;
    if (size > bytesMax) throw tooLong("the answer", bytesMax);
    parts.push(part);
  }
  return decode(parts);
}

/**
 * Yields the lines of a body as they come, without those that are empty.
 *
 * @param lineBytesMax In octets.
 * @throws {KubeApiError} when a line is longer, or the body ends inside one;
 * whatever the stream rejects with; the signal's reason.
 */
export async function* readLines(
  body: Body,
  lineBytesMax: number,
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  const line = new PartialLine(lineBytesMax);
  for await (const part of chunksOf(body, signal)) {
    let from = 0;
    for (;;) {
      const end = part.indexOf(NEWLINE, from);
      if (end < 0) break;
      line.add(part.subarray(from, end));
      from = end + 1;
      const text = line.take();
      if (text.trim() !== "") yield text;
    }
    line.add(part.subarray(from));
  }
  if (line.take().trim() !== "") {
    throw new KubeApiError("the answer ends inside an event");
  }
}

const NEWLINE = 0x0a;

class PartialLine {
  readonly #bytesMax: number;
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(part: Uint8Array): void {
    this.#size += part.length;
    if (this.#size > this.#bytesMax) throw tooLong("a line", this.#bytesMax);
    if (part.length > 0) this.#parts.push(part);
  }

  take(): string {
    const text = decode(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return text;
  }
}

function decode(parts: readonly Uint8Array[]): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(joined(parts));
  } catch (cause) {
    throw new KubeApiError("the answer is not UTF-8 text", { cause });
  }
}

const tooLong = (what: string, bytesMax: number): KubeApiError =>
  new KubeApiError(`${what} is over ${bytesMax} octets`);
