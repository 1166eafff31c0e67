/** Getting the text of a key set from its issuer. */
import { HairpinError } from "../../base/errors.ts";
import type { KeySource } from "../../model/request_authentication.ts";
import { chunksOf } from "../body_chunks.ts";
import { JWKS_SIZE_MAX } from "./limits.ts";
import { parseObject } from "./parse_keys.ts";

/** As the global `fetch`, as far as it is used here. */
export type Fetch = (
  url: string,
  options: { readonly signal: AbortSignal },
) => Promise<Response>;

/** A key set, or the configuration that names it, that cannot be had. */
export class KeyFetchError extends HairpinError {
  readonly code = "DIAL";

  constructor(url: string, why: string, cause?: unknown) {
    super(`Cannot fetch "${url}": ${why}`, { cause });
  }
}

export type RemoteKeySource = Exclude<KeySource, { kind: "inline" }>;

/**
 * Fetches a key set, finding its URL in the issuer's OpenID configuration
 * where the source does not name it.
 *
 * @throws {KeyFetchError}
 * @see OpenID Connect Discovery 1.0, section 4
 */
export async function fetchKeys(
  source: RemoteKeySource,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<string> {
  const uri = source.kind === "uri"
    ? source.uri
    : await discover(source.issuer, fetch, signal);
  return await fetchText(uri, fetch, signal);
}

async function discover(
  issuer: string,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<string> {
  const base = issuer.endsWith("/") ? issuer.slice(0, -1) : issuer;
  const url = `${base}/.well-known/openid-configuration`;
  const configuration = parseObject(await fetchText(url, fetch, signal));
  const uri = configuration?.jwks_uri;
  if (typeof uri !== "string") throw new KeyFetchError(url, "has no jwks_uri");
  return uri;
}

async function fetchText(
  url: string,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<string> {
  if (!/^https?:\/\/[^/]/.test(url)) {
    throw new KeyFetchError(url, "is not an http or https URL");
  }
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (cause) {
    throw new KeyFetchError(url, "no answer", cause);
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new KeyFetchError(url, `status ${response.status}`);
  }
  return await readText(url, response, signal);
}

/** Reads no more than the limit, whatever the length that was announced. */
async function readText(
  url: string,
  { body }: Response,
  signal: AbortSignal,
): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for await (const part of chunksOf(body, signal)) {
      size += part.length;
      if (size > JWKS_SIZE_MAX) break;
      parts.push(part);
    }
  } catch (cause) {
    throw new KeyFetchError(url, "answer broke off", cause);
  }
  if (size > JWKS_SIZE_MAX) {
    throw new KeyFetchError(url, `over ${JWKS_SIZE_MAX} octets`);
  }
  return await new Blob(parts).text();
}
