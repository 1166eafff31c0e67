/**
 * The `forwarded` header of a tunnel: who is at its near end, and which service
 * was asked for.
 *
 * @see RFC 7239, section 4; one element only, because each tunnel has one hop
 */
import {
  formatAddress,
  parseSocketAddress,
  type SocketAddress,
} from "../../model/address.ts";
import { FORWARDED_TEXT_MAX } from "./limits.ts";

export interface Forwarded {
  readonly for?: SocketAddress;
  /** Host name of the service, never empty. */
  readonly host?: string;
}

/** As ztunnel writes it: the address in quotes, the host bare. */
export function encodeForwarded(
  { for: client, host }: Forwarded & { readonly for: SocketAddress },
): string {
  const node = `for="${formatAddress(client)}"`;
  return host === undefined ? node : `${node};host=${host}`;
}

/**
 * Reads one `forwarded` header. A `for` that is not an address with a port (a
 * name, `unknown`) counts as absent, unknown parameters are skipped.
 *
 * @returns undefined when it is past its limit, not printable ASCII, has several
 *   elements, or says the same parameter twice.
 */
export function decodeForwarded(header: string): Forwarded | undefined {
  if (header.length > FORWARDED_TEXT_MAX) return undefined;
  if (!/^[\t\x20-\x2b\x2d-\x7e]*$/.test(header)) return undefined;
  const parameters = new Map<string, string>();
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at === -1) continue;
    const name = pair.slice(0, at).trim().toLowerCase();
    if (parameters.has(name)) return undefined;
    parameters.set(name, unquote(pair.slice(at + 1).trim()));
  }
  return toForwarded(parameters.get("for"), parameters.get("host"));
}

const unquote = (text: string): string => /^"(.*)"$/.exec(text)?.[1] ?? text;

function toForwarded(node = "", host = ""): Forwarded {
  const client = parseSocketAddress(node);
  return {
    ...(client === undefined ? {} : { for: client }),
    ...(host === "" ? {} : { host }),
  };
}
