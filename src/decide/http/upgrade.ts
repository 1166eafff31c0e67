/**
 * One request in two forms: an upgrade in HTTP/1.1, a CONNECT that names a
 * protocol in HTTP/2. Decisions see the first one, as Envoy's do, so that a
 * policy about GET holds for a WebSocket, whatever version carries it.
 */
import type { HeaderList } from "../../model/http.ts";
import { headerValue, withoutHeaders } from "./header_list.ts";

const WEBSOCKET = "websocket";

/** The protocol that an upgrade asks for; of several, the first. */
export const protocolOf = (headers: HeaderList): string | undefined =>
  headerValue(headers, "upgrade")?.split(",")[0]?.trim();

/**
 * An extended CONNECT as an upgrade.
 *
 * @param key What a WebSocket's server has to answer; HTTP/2 has no such field.
 * @returns undefined for any other request.
 * @see RFC 8441, section 5
 */
export function upgradeOfConnect(
  headers: HeaderList,
  key: string,
): HeaderList | undefined {
  const protocol = headerValue(headers, ":protocol")?.toLowerCase();
  if (protocol === undefined) return undefined;
  return [
    [":method", "GET"],
    ...withoutHeaders(headers, NOT_OF_UPGRADE),
    ["upgrade", protocol],
    ...protocol === WEBSOCKET ? [["sec-websocket-key", key] as const] : [],
  ];
}

/** A length would be a body's, and an upgrade has none. */
const NOT_OF_UPGRADE: ReadonlySet<string> = new Set([
  ":method",
  ":protocol",
  "content-length",
  "expect",
  "sec-websocket-key",
  "upgrade",
]);

/**
 * An upgrade as an extended CONNECT.
 *
 * @returns undefined for a request that is none, or has another method than GET.
 */
export function connectOfUpgrade(headers: HeaderList): HeaderList | undefined {
  const protocol = protocolOf(headers);
  if (protocol === undefined || headerValue(headers, ":method") !== "GET") {
    return undefined;
  }
  return [
    [":method", "CONNECT"],
    [":protocol", protocol],
    ...withoutHeaders(headers, NOT_OF_UPGRADE),
  ];
}

/**
 * The response that takes an extended CONNECT, as one that takes the upgrade.
 *
 * @param accept What the client's `sec-websocket-key` wants to hear.
 */
export const switchOf = (
  response: HeaderList,
  protocol: string,
  accept: string | undefined,
): HeaderList => [
  [":status", "101"],
  ...withoutHeaders(response, NOT_OF_SWITCH),
  ["upgrade", protocol],
  ...accept === undefined ? [] : [["sec-websocket-accept", accept] as const],
];

/** The response that takes an upgrade, as one that takes an extended CONNECT. */
export const connectedOf = (response: HeaderList): HeaderList => [
  [":status", "200"],
  ...withoutHeaders(response, NOT_OF_SWITCH),
];

const NOT_OF_SWITCH: ReadonlySet<string> = new Set([
  ":status",
  "content-length",
  "sec-websocket-accept",
  "upgrade",
]);

/** What a final response says to an upgrade. */
export type UpgradeAnswer =
  | "switched"
  /** An error or a redirect: there is no other protocol. */
  | "refused"
  /** It would be taken for a switch in HTTP/2, and is none. */
  | "misread";

/**
 * Reads the response to an upgrade that was an extended CONNECT once.
 *
 * @param accept What `sec-websocket-accept` has to be; undefined for another
 * protocol than WebSocket.
 */
export function readSwitch(
  response: HeaderList,
  accept: string | undefined,
): UpgradeAnswer {
  const status = headerValue(response, ":status") ?? "";
  if (status === "101") {
    const answered = headerValue(response, "sec-websocket-accept");
    return accept === undefined || answered === accept ? "switched" : "misread";
  }
  return isSuccess(status) ? "misread" : "refused";
}

/** Whether a status takes a CONNECT (RFC 9110, section 9.3.6). */
export const isSuccess = (status: string): boolean =>
  /^2[0-9]{2}$/.test(status);
