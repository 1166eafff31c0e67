/** Rules as `nft -j` prints them, in the words that `nft` takes. */
import type { NftRule } from "./rule.ts";

/**
 * Reads the statements of one rule. What this does not know stays JSON, and so
 * is like no rule that is planned.
 */
export function readRule(statements: readonly unknown[]): NftRule {
  const matches: string[] = [];
  const actions: string[] = [];
  for (const statement of statements) {
    const [kind, body] = only(statement);
    // Counting changes nothing for a packet.
    if (kind === "counter") continue;
    if (kind === "match") matches.push(matchText(body) ?? json(statement));
    else actions.push(actionText(kind, body) ?? json(statement));
  }
  return { matches, action: actions.join(" ") };
}

const json = (value: unknown): string => JSON.stringify(value) ?? "null";

/** A name or a number as it is; what is neither cannot be mistaken for one. */
const word = (value: unknown): string =>
  typeof value === "string" ? value : json(value);

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Name and value of what has one field; an empty name for anything else. */
function only(value: unknown): [name: string, body: unknown] {
  if (!isFields(value)) return ["", undefined];
  const [first, ...rest] = Object.entries(value);
  return first === undefined || rest.length > 0 ? ["", undefined] : first;
}

function matchText(body: unknown): string | undefined {
  if (!isFields(body)) return undefined;
  const left = valueText(body.left);
  const right = rightText(body.right, left);
  if (left === undefined || right === undefined) return undefined;
  const op = body.op === "==" && !left.includes("&") ? "" : `${word(body.op)} `;
  return `${left} ${op}${right}`;
}

function rightText(right: unknown, left = ""): string | undefined {
  if (left === "meta l4proto") return PROTOCOLS.get(right) ?? valueText(right);
  if (left.includes("mark") && typeof right === "number") return hex(right);
  if (left.endsWith("ifname")) return `"${word(right)}"`;
  return valueText(right);
}

/** Where a machine lacks /etc/protocols, they are printed by number. */
const PROTOCOLS: ReadonlyMap<unknown, string> = new Map([
  [6, "tcp"],
  [17, "udp"],
]);

function valueText(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "string") return `${value}`;
  const [kind, body] = only(value);
  switch (kind) {
    case "meta":
    case "ct":
      return isFields(body) && Object.keys(body).length === 1
        ? keyText(kind, word(body.key))
        : undefined;
    case "payload":
      return isFields(body)
        ? `${word(body.protocol)} ${word(body.field)}`
        : undefined;
    case "prefix":
      return isFields(body) ? prefixText(body) : undefined;
    case "&":
    case "|":
      return Array.isArray(body) ? bitsText(kind, body) : undefined;
    default:
      return undefined;
  }
}

const keyText = (kind: string, key: string): string =>
  key === "iifname" || key === "oifname" ? key : `${kind} ${key}`;

/** An address with its whole length is just that address. */
function prefixText({ addr, len }: Fields): string {
  const address = word(addr);
  const whole = address.includes(":") ? 128 : 32;
  return len === whole ? address : `${address}/${word(len)}`;
}

function bitsText(op: "&" | "|", parts: unknown[]): string | undefined {
  const [inner, bits] = parts;
  if (parts.length !== 2 || typeof bits !== "number") return undefined;
  const kept = op === "|" ? keptBits(inner, bits) : undefined;
  const text = kept ?? valueText(inner);
  return text === undefined ? undefined : `${text} ${op} ${hex(bits)}`;
}

/** Of `x & a | b`, the bits of b say nothing in a: which of them are there depends on the kernel. */
function keptBits(inner: unknown, set: number): string | undefined {
  const [kind, body] = only(inner);
  if (kind !== "&" || !Array.isArray(body)) return undefined;
  const [value, mask] = body;
  const text = valueText(value);
  if (text === undefined || typeof mask !== "number") return undefined;
  return `${text} & ${hex((mask & ~set) >>> 0)}`;
}

const hex = (bits: number): string => `0x${bits.toString(16)}`;

function actionText(kind: string, body: unknown): string | undefined {
  switch (kind) {
    case "accept":
    case "drop":
    case "return":
      return kind;
    case "jump":
    case "goto":
      return isFields(body) ? `${kind} ${word(body.target)}` : undefined;
    case "redirect":
      return isFields(body) && Object.keys(body).join() === "port"
        ? `redirect to :${word(body.port)}`
        : undefined;
    case "snat":
      return isFields(body) && Object.keys(body).sort().join() === "addr,family"
        ? `snat ${word(body.family)} to ${word(body.addr)}`
        : undefined;
    case "mangle":
      return isFields(body) ? mangleText(body) : undefined;
    default:
      return undefined;
  }
}

function mangleText({ key, value }: Fields): string | undefined {
  const [name, found] = [valueText(key), valueText(value)];
  return name === undefined || found === undefined
    ? undefined
    : `${name} set ${found}`;
}
