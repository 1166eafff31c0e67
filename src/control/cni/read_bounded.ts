import { type Body, chunksOf } from "../body_chunks.ts";

/**
 * Reads a stream of UTF-8 to its end.
 *
 * @param bytesMax In octets.
 * @throws {RangeError} when there is more; {TypeError} when it is not UTF-8; the
 * signal's reason.
 */
export async function readBounded(
  body: Body,
  bytesMax: number,
  signal: AbortSignal,
): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  for await (const chunk of chunksOf(body, signal)) {
    size += chunk.length;
    if (size > bytesMax) throw new RangeError(`over ${bytesMax} octets`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
