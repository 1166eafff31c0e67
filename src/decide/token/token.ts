/** Reading a JSON Web Token, and what can be said of it without a key. */
import { isTokenAlgorithm, type TokenAlgorithm } from "./algorithms.ts";
import { CLOCK_SKEW_SECONDS, TOKEN_LENGTH_MAX } from "./limits.ts";
import type { TokenRefusal } from "./refusal.ts";

/** A token that is well formed. Nothing in it is to be believed before its signature is verified. */
export interface ParsedToken {
  readonly text: string;
  readonly algorithm: TokenAlgorithm;
  readonly kid: string | undefined;
  readonly payload: Readonly<Record<string, unknown>>;
  /** The payload's section of the token as it stands. */
  readonly encodedPayload: string;
  /** Empty when there is none. */
  readonly issuer: string;
  /** Empty when there is none. */
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly expiresSeconds: number | undefined;
  readonly notBeforeSeconds: number | undefined;
}

/** Reads a token, or says why it is none. @see RFC 7519, section 7.2 */
export function parseToken(text: string): ParsedToken | TokenRefusal {
  const sections = text.length > TOKEN_LENGTH_MAX ? [] : text.split(".");
  if (sections.length !== 3) return "structure";
  const [encodedHeader = "", encodedPayload = "", signature = ""] = sections;
  const header = parseHeader(encodedHeader);
  if (typeof header === "string") return header;
  const payload = parseSection(encodedPayload);
  if (payload === "encoding") return "payloadEncoding";
  if (payload === "json") return "payloadJson";
  const wrong = wrongClaim(payload);
  if (wrong !== undefined) return wrong;
  if (!isBase64Url(signature)) return "signatureEncoding";
  return {
    text,
    ...header,
    payload,
    encodedPayload,
    issuer: (payload.iss ?? "") as string,
    subject: (payload.sub ?? "") as string,
    audiences: [payload.aud ?? []].flat() as string[],
    expiresSeconds: payload.exp as number | undefined,
    notBeforeSeconds: payload.nbf as number | undefined,
  };
}

function parseHeader(
  encoded: string,
): Pick<ParsedToken, "algorithm" | "kid"> | TokenRefusal {
  const header = parseSection(encoded);
  if (header === "encoding") return "headerEncoding";
  if (header === "json") return "headerJson";
  const { alg, kid } = header;
  if (typeof alg !== "string") return "algorithm";
  if (!isTokenAlgorithm(alg)) return "unknownAlgorithm";
  if (kid !== undefined && typeof kid !== "string") return "kid";
  return { algorithm: alg, kid };
}

const isText = (value: unknown) => typeof value === "string";
const isTime = (value: unknown) => Number.isInteger(value) && Number(value) > 0;
const isTextOrTexts = (value: unknown) =>
  isText(value) || (Array.isArray(value) && value.every(isText));

/** The registered claims and what each has to be where it is there. @see RFC 7519, section 4.1 */
const CLAIMS = [
  ["iss", isText],
  ["sub", isText],
  ["iat", isTime],
  ["nbf", isTime],
  ["exp", isTime],
  ["jti", isText],
  ["aud", isTextOrTexts],
] as const;

const wrongClaim = (
  payload: Readonly<Record<string, unknown>>,
): TokenRefusal | undefined =>
  CLAIMS.find(([name, isRight]) =>
    payload[name] !== undefined && !isRight(payload[name])
  )?.[0];

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** @returns what kept it from being read instead of an object. */
function parseSection(
  encoded: string,
): Record<string, unknown> | "encoding" | "json" {
  if (!isBase64Url(encoded)) return "encoding";
  const octets = Uint8Array.fromBase64(encoded, { alphabet: "base64url" });
  try {
    const value: unknown = JSON.parse(UTF8.decode(octets));
    const isObject = typeof value === "object" && value !== null &&
      !Array.isArray(value);
    return isObject ? value as Record<string, unknown> : "json";
  } catch {
    return "json";
  }
}

/** Strict: that alphabet alone and no padding. @see RFC 7515, section 2 */
const isBase64Url = (text: string): boolean =>
  /^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1;

/** What speaks against a token now, whoever signed it. */
export function timeRefusal(
  { expiresSeconds, notBeforeSeconds = 0 }: ParsedToken,
  nowMs: number,
): TokenRefusal | undefined {
  const now = Math.floor(nowMs / 1_000);
  if (notBeforeSeconds > now + CLOCK_SKEW_SECONDS) return "notYetValid";
  return expiresSeconds !== undefined &&
      expiresSeconds + CLOCK_SKEW_SECONDS < now
    ? "expired"
    : undefined;
}

/**
 * Whether a token is for one of the wanted audiences; any will do when none is
 * wanted. `https://`, `http://` and one slash at the end make no difference.
 */
export function isForAudience(
  { audiences }: Pick<ParsedToken, "audiences">,
  wanted: readonly string[],
): boolean {
  if (wanted.length === 0) return true;
  const names = new Set(wanted.map(bareAudience));
  return audiences.some((audience) => names.has(bareAudience(audience)));
}

const bareAudience = (audience: string): string =>
  audience.replace(/^https?:\/\//, "").replace(/\/$/, "");
