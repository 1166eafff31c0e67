import { promisify } from "node:util";
import {
  brotliCompress,
  constants,
  deflate,
  gzip,
  zstdCompress,
} from "node:zlib";
import { parseAccept } from "hono/utils/accept";
import { COMPRESSION_MIN } from "./limits.ts";

type Compress = (octets: Uint8Array) => Promise<Uint8Array>;

/** In order of preference among equals: what is small and quick to make first. */
const ENCODINGS: ReadonlyMap<string, Compress> = new Map<string, Compress>([
  ["zstd", promisify(zstdCompress)],
  ["gzip", promisify(gzip)],
  // The default quality is for files that are compressed once: far too slow.
  ["br", (octets) =>
    promisify(brotliCompress)(octets, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 4 },
    })],
  ["deflate", promisify(deflate)],
]);

/** The encoding that an Accept-Encoding header likes best; undefined for none. */
export function pickEncoding(header: string): string | undefined {
  const accepted = new Map(
    parseAccept(header).map(({ type, q }) => [type.toLowerCase(), q]),
  );
  let best: string | undefined;
  let bestQuality = 0;
  for (const encoding of ENCODINGS.keys()) {
    const quality = accepted.get(encoding) ?? accepted.get("*") ?? 0;
    if (quality > bestQuality) [best, bestQuality] = [encoding, quality];
  }
  return best;
}

/**
 * A text response, compressed when the client takes that and it is worth it.
 *
 * @param acceptEncoding The request's header, empty when it had none.
 */
export async function compressedText(
  text: string,
  { contentType, acceptEncoding }: {
    contentType: string;
    acceptEncoding: string;
  },
): Promise<Response> {
  const headers = new Headers({
    "content-type": contentType,
    vary: "accept-encoding",
  });
  const octets = new TextEncoder().encode(text);
  const encoding = pickEncoding(acceptEncoding);
  if (encoding === undefined || octets.length < COMPRESSION_MIN) {
    return new Response(octets, { headers });
  }
  headers.set("content-encoding", encoding);
  const compressed = await ENCODINGS.get(encoding)!(octets);
  return new Response(Uint8Array.from(compressed), { headers });
}
