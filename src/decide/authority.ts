import {
  parsePort,
  parseSocketAddress,
  type SocketAddress,
} from "../model/address.ts";

/** What a CONNECT request asks for. */
export type Authority =
  | { readonly kind: "address"; readonly address: SocketAddress }
  | {
    readonly kind: "hostname";
    readonly hostname: string;
    /** A service's port, 1 to 65535. */
    readonly port: number;
  };

/** Longest hostname, in characters: RFC 1035, section 2.3.4, as text. */
export const HOSTNAME_LENGTH_MAX = 253;

/** Longest authority: a hostname, a colon and five digits. */
export const AUTHORITY_LENGTH_MAX = HOSTNAME_LENGTH_MAX + 6;

/**
 * Reads the `:authority` of a CONNECT request: `1.2.3.4:80`, `[fd00::1]:80` or
 * `name:80`. A service's name may be a wildcard. Refused are user information,
 * port 0, a trailing dot, and names that end in a number: some reader might
 * take those for an address.
 *
 * @returns undefined for anything else.
 */
export function parseAuthority(text: string): Authority | undefined {
  if (text.length > AUTHORITY_LENGTH_MAX) return undefined;
  const address = parseSocketAddress(text);
  if (address !== undefined) {
    return address.port === 0 ? undefined : { kind: "address", address };
  }
  const [hostname = "", digits = "", ...rest] = text.split(":");
  const port = parsePort(digits);
  if (rest.length > 0 || !port || !isHostname(hostname)) return undefined;
  return { kind: "hostname", hostname, port };
}

function isHostname(text: string): boolean {
  if (text.length > HOSTNAME_LENGTH_MAX) return false;
  const labels = text.split(".");
  return labels.every((label) => LABEL.test(label)) &&
    !NUMBER.test(labels.at(-1)!);
}

const LABEL = /^[A-Za-z0-9_*-]{1,63}$/;
const NUMBER = /^(\d+|0[xX][0-9a-fA-F]*)$/;
