import { refusal } from "./errors.ts";
import { LIST_ITEMS_MAX } from "./limits.ts";
import { allIn, TOKEN } from "./octets.ts";

/**
 * The items of a list field in lower case, without empty ones (RFC 9110,
 * section 5.6.1).
 */
export function itemsOf(value: string): readonly string[] {
  const parts = value.toLowerCase().split(",");
  return parts.map(trimBlanks).filter((item) => item !== "");
}

/**
 * The items of a received list field, behind those of the same field before.
 *
 * @throws {Http1Error} 431 when there are too many of them.
 */
export function listOf(
  value: string,
  before: readonly string[] = [],
): readonly string[] {
  const items = [...before, ...itemsOf(value)];
  if (items.length <= LIST_ITEMS_MAX) return items;
  throw refusal(431, `list field of more than ${LIST_ITEMS_MAX} items`);
}

// Not trim(), which takes more away than the grammar allows.
function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

/**
 * Protocols that are never switched to by Upgrade: a second way into HTTP/2 or
 * TLS would lead past what the proxy checks.
 */
const NEVER_UPGRADED = /^(?:h2c?|http|tls)(?:\/|$)/;

/** The protocols of an Upgrade field that may be passed on. */
export function upgradeProtocols(
  offered: readonly string[],
): readonly string[] {
  return offered.filter((protocol) =>
    !NEVER_UPGRADED.test(protocol) &&
    protocol.split("/").every((part) => part !== "" && allIn(TOKEN, part))
  );
}
