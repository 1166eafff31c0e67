/** Bringing a request's path to one form, so that policy and application read the same. */
import type { PathNormalization } from "../../model/mesh_config.ts";

/**
 * Normalises the path of a request; what comes out is judged and forwarded.
 *
 * BASE decodes what needs no encoding, writes the other encodings in upper
 * case, makes slashes of backslashes and removes dot segments. MERGE_SLASHES
 * also makes one slash of several. DECODE_AND_MERGE_SLASHES first decodes
 * `%2F` and `%5C`. The query is never touched.
 *
 * @param target As it stands in the request: with query.
 * @returns undefined when the request has to be refused with 400: a path with
 * an encoded NUL, or none that starts with a slash.
 * @see RFC 3986, section 6.2.2
 */
export function normalizePath(
  target: string,
  normalization: PathNormalization,
): string | undefined {
  if (target === "*" || normalization === "NONE") return target;
  const end = target.search(/[?#]/);
  const path = end === -1 ? target : target.slice(0, end);
  const rest = end === -1 ? "" : target.slice(end);
  if (!path.startsWith("/")) return undefined;
  const decodesSlashes = normalization === "DECODE_AND_MERGE_SLASHES";
  const decoded = withoutNeedlessEncoding(path, decodesSlashes);
  if (decoded === undefined || decoded.includes("%00")) return undefined;
  const base = withoutDotSegments(decoded.replaceAll("\\", "/"));
  const merged = normalization === "BASE" ? base : base.replaceAll(/\/+/g, "/");
  return merged + rest;
}

/** The path that policies see: without query and fragment. */
export function policyPath(target: string): string {
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}

/**
 * Times that a path is decoded. One is enough unless a stray percent sign makes
 * a new encoding with what comes out (`%%32e` gives `%2e`); nobody needs that.
 */
const DECODINGS_MAX = 4;

/** @returns undefined when it could go on being decoded. */
function withoutNeedlessEncoding(
  path: string,
  decodesSlashes: boolean,
): string | undefined {
  const plain = decodesSlashes ? /[A-Za-z0-9._~/\\-]/ : /[A-Za-z0-9._~-]/;
  let text = path;
  for (let round = 0; round < DECODINGS_MAX; round++) {
    const next = text.replaceAll(/%[0-9a-fA-F]{2}/g, (encoded) => {
      const char = String.fromCharCode(parseInt(encoded.slice(1), 16));
      return plain.test(char) ? char : encoded.toUpperCase();
    });
    if (next === text) return text;
    text = next;
  }
  return undefined;
}

/** @see RFC 3986, section 5.2.4 */
function withoutDotSegments(path: string): string {
  const segments = path.slice(1).split("/");
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
  }
  const last = segments.at(-1);
  if (last === "." || last === "..") kept.push("");
  return `/${kept.join("/")}`;
}
