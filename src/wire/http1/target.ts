import { refusal } from "./errors.ts";
import { allIn, REG_NAME, TARGET } from "./octets.ts";

/** Where a request goes, in HTTP/2's terms. */
export interface Target {
  readonly authority: string;
  /** undefined for CONNECT. */
  readonly path: string | undefined;
}

/**
 * Reads a request target in any of its four forms.
 *
 * @param host The Host field's value.
 * @param scheme Of this connection; an absolute target of another is refused.
 * @throws {Http1Error} 400.
 * @see RFC 9112, sections 3.2 and 3.3
 */
export function readTarget(
  method: string,
  target: string,
  host: string | undefined,
  scheme: "http" | "https",
): Target {
  if (host === undefined) throw refusal(400, "no host field");
  checkAuthority(host);
  if (!allIn(TARGET, target)) throw badTarget(target);
  if (method === "CONNECT") return readAuthorityForm(target, host, scheme);
  if (target.charCodeAt(0) === 0x2f) return { authority: host, path: target };
  if (target !== "*") return readAbsoluteForm(method, target, host, scheme);
  if (method !== "OPTIONS") throw badTarget(target);
  return { authority: host, path: "*" };
}

function badTarget(target: string): Error {
  return refusal(400, `request target ${JSON.stringify(target.slice(0, 64))}`);
}

function readAuthorityForm(
  target: string,
  host: string,
  scheme: "http" | "https",
): Target {
  if (!/:[0-9]+$/.test(target)) throw badTarget(target);
  checkAuthority(target);
  checkSame(scheme, target, host);
  return { authority: target, path: undefined };
}

const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?]*)(.*)$/;

function readAbsoluteForm(
  method: string,
  target: string,
  host: string,
  scheme: "http" | "https",
): Target {
  const [, named, authority, rest] = ABSOLUTE.exec(target) ?? [];
  if (authority === undefined || rest === undefined) throw badTarget(target);
  if (named?.toLowerCase() !== scheme) throw badTarget(target);
  checkAuthority(authority);
  checkSame(scheme, authority, host);
  if (rest === "" && method === "OPTIONS") return { authority, path: "*" };
  return { authority, path: rest.startsWith("/") ? rest : `/${rest}` };
}

function checkSame(
  scheme: "http" | "https",
  authority: string,
  host: string,
): void {
  if (authority === host) return;
  if (entity(scheme, authority) === entity(scheme, host)) return;
  throw refusal(400, "host differs from the target's authority");
}

/** An authority without what does not tell it from another. */
function entity(scheme: "http" | "https", authority: string): string {
  const defaultPort = scheme === "http" ? /:80$/ : /:443$/;
  return authority.toLowerCase().replace(defaultPort, "");
}

/**
 * Checks the form of a host with or without a port: no user information, no
 * empty host, no empty port.
 *
 * @throws {Http1Error} 400.
 * @see RFC 3986, sections 3.2.2 and 3.2.3
 */
export function checkAuthority(authority: string): void {
  if (!isAuthority(authority)) {
    const shown = JSON.stringify(authority.slice(0, 64));
    throw refusal(400, `host ${shown}`);
  }
}

/** Whether a text is a host with or without a port. */
export function isAuthority(authority: string): boolean {
  const colon = authority.indexOf(":", authority.lastIndexOf("]") + 1);
  const host = colon === -1 ? authority : authority.slice(0, colon);
  if (colon !== -1 && !isPort(authority.slice(colon + 1))) return false;
  if (host.charCodeAt(0) === 0x5b) {
    return /^\[[0-9A-Fa-f:.]{2,45}\]$/.test(host);
  }
  if (host === "" || !allIn(REG_NAME, host)) return false;
  return !host.includes("%") || /^(?:[^%]|%[0-9A-Fa-f]{2})+$/.test(host);
}

function isPort(text: string): boolean {
  return /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535;
}
