/** Where a request carries its tokens, and what becomes of them when it is forwarded. */
import type { HeaderList, HttpRequest } from "../../model/http.ts";
import type {
  TokenPlace,
  TokenRule,
} from "../../model/request_authentication.ts";
import { claimAt } from "./claims.ts";
import {
  headerValue,
  headerValues,
  withHeaders,
  withoutHeaders,
} from "../http/header_list.ts";
import { octetText } from "../octet_text.ts";
import { queryPairs, withoutParameter } from "../http/query_parameters.ts";

/** A token that a request carries. */
export interface LocatedToken {
  readonly token: string;
  readonly place: TokenPlace;
}

/**
 * Every token at the given places: headers, then parameters, then cookies. A
 * header, parameter or cookie that repeats gives one each time.
 */
export function locateTokens(
  request: HttpRequest,
  places: readonly TokenPlace[],
): LocatedToken[] {
  const order = ["header", "param", "cookie"];
  const distinct = new Map(places.map((place) => [placeKey(place), place]));
  return [...distinct.values()]
    .toSorted((a, b) => order.indexOf(a.in) - order.indexOf(b.in))
    .flatMap((place) =>
      tokensAt(request, place).map((token) => ({ token, place }))
    );
}

/** The same text for the same place. */
export const placeKey = (place: TokenPlace): string =>
  JSON.stringify([
    place.in,
    place.name,
    place.in === "header" ? place.prefix : "",
  ]);

function tokensAt(request: HttpRequest, place: TokenPlace): string[] {
  switch (place.in) {
    case "header":
      return headerValues(request.headers, place.name)
        .map((value) => afterPrefix(value, place.prefix))
        .filter((token) => token !== undefined);
    case "param":
      return queryPairs(request.path).filter(({ name }) => name === place.name)
        .map(({ value }) => value);
    case "cookie":
      return cookies(request.headers).filter(({ name }) => name === place.name)
        .map(({ value }) => value);
    default:
      throw new Error(`unhandled: ${place satisfies never}`);
  }
}

/**
 * What follows the prefix, wherever in the value that stands, as Envoy has it;
 * characters that no token has are passed over.
 *
 * @returns undefined without the prefix.
 */
function afterPrefix(value: string, prefix: string): string | undefined {
  if (prefix === "") return value;
  const at = value.indexOf(prefix);
  if (at === -1) return undefined;
  return value.slice(at + prefix.length).replace(/^[^A-Za-z0-9_.-]+/, "");
}

interface Pair {
  readonly name: string;
  readonly value: string;
}

/** @see RFC 6265, section 4.2.1 */
function cookies(headers: HeaderList): Pair[] {
  return headerValues(headers, "cookie").flatMap((value) => value.split(";"))
    .map((raw) => {
      const [name = "", ...value] = raw.split("=");
      const text = value.join("=").trim();
      return { name: name.trim(), value: text.replace(/^"(.*)"$/, "$1") };
    });
}

/** The request without what stands at a place. Cookies stay, as in Envoy: they are the application's too. */
export function withoutToken(
  request: HttpRequest,
  place: TokenPlace,
): HttpRequest {
  switch (place.in) {
    case "header":
      return {
        ...request,
        headers: withoutHeaders(request.headers, new Set([place.name])),
      };
    case "param":
      return { ...request, path: withoutParameter(request.path, place.name) };
    case "cookie":
      return request;
    default:
      throw new Error(`unhandled: ${place satisfies never}`);
  }
}

/** The request without headers that only verified tokens may set. */
export function withoutClaimHeaders(
  request: HttpRequest,
  rules: readonly TokenRule[],
): HttpRequest {
  const names = new Set(
    rules.flatMap(({ payloadHeader, claimHeaders }) => [
      ...payloadHeader === undefined ? [] : [payloadHeader],
      ...claimHeaders.map(({ header }) => header),
    ]),
  );
  return names.size === 0
    ? request
    : { ...request, headers: withoutHeaders(request.headers, names) };
}

/** The request with what the rule wants the application to know of a verified token. */
export function withClaimHeaders(
  request: HttpRequest,
  rule: TokenRule,
  token: {
    readonly encodedPayload: string;
    readonly payload: Readonly<Record<string, unknown>>;
  },
): HttpRequest {
  const claims = rule.claimHeaders.map(({ header, claim }) =>
    [header, claimText(claimAt(token.payload, claim))] as const
  );
  const all = [[rule.payloadHeader, token.encodedPayload] as const, ...claims]
    .filter((pair): pair is [string, string] =>
      pair[0] !== undefined && pair[1] !== undefined
    );
  return all.length === 0
    ? request
    : { ...request, headers: withHeaders(request.headers, all) };
}

/**
 * A claim as a header's value: text, whole numbers and truth values alone.
 *
 * @returns undefined for anything else, for empty text and for text with a
 * control character, which could end the header.
 */
function claimText(claim: unknown): string | undefined {
  const isPlain = typeof claim === "string" || typeof claim === "boolean" ||
    Number.isInteger(claim);
  if (!isPlain || claim === "") return undefined;
  const text = octetText(String(claim));
  return Array.from(text).some(isControl) ? undefined : text;
}

const isControl = (char: string): boolean => char < " " || char === "\x7f";

/** A browser's question before a call across origins: it never carries a token. */
export const isCorsPreflight = ({ method, headers }: HttpRequest): boolean =>
  method === "OPTIONS" && headerValue(headers, "origin") !== undefined &&
  headerValue(headers, "access-control-request-method") !== undefined;
