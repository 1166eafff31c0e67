/** What the node's nat table does to the source of a packet that it passes on; pure. */
import { cidrContains, type Ip, parseCidr } from "../../model/address.ts";
import type { Ruleset } from "../../redirect/mod.ts";

/** A TCP packet of a pod's, on its way out. */
export interface Packet {
  readonly source: Ip;
  readonly destination: Ip;
  /** The interface that it leaves by; undefined where it is not known. */
  readonly out: string | undefined;
}

export type Fate =
  | { readonly kind: "kept" }
  /** Something decides that cannot be known from the rules alone. */
  | { readonly kind: "unclear" }
  | { readonly kind: "translated"; readonly rule: string };

type Match = "yes" | "no" | "maybe";

/** Chains that lead into each other; ours: deeper than any known network plugin's. */
const DEPTH_MAX = 16;

/** Follows a packet through POSTROUTING of the nat table. */
export function fateOf(rules: Ruleset, packet: Packet): Fate {
  const walk = new Walk(rules, packet);
  return walk.through("POSTROUTING", 0) ?? { kind: walk.rest };
}

class Walk {
  readonly #rules: Ruleset;
  readonly #packet: Packet;
  /** Whether all so far was certain. */
  #certain = true;
  /** Whether a rule may have set a mark: which, is not followed. */
  #marked = false;

  constructor(rules: Ruleset, packet: Packet) {
    this.#rules = rules;
    this.#packet = packet;
  }

  /** What became of a packet that no rule translated. */
  get rest(): "kept" | "unclear" {
    return this.#certain ? "kept" : "unclear";
  }

  /** @returns undefined when the chain lets it go on. */
  through(chain: string, depth: number): Fate | undefined {
    if (depth > DEPTH_MAX) return { kind: "unclear" };
    const { rules = [] } = this.#rules.tables.get("nat")?.chains.get(chain) ??
      {};
    for (const rule of rules) {
      const words = rule.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
      const match = matchOf(words, this.#packet, this.#marked);
      if (match === "no") continue;
      const target = targetIn(words);
      if (target === "RETURN") {
        if (match === "yes") return undefined;
        this.#certain = false;
        continue;
      }
      const fate = this.#at(target, `-A ${chain} ${rule}`, match, depth);
      if (fate !== undefined) return fate;
    }
    return undefined;
  }

  #at(
    target: string | undefined,
    rule: string,
    match: Match,
    depth: number,
  ): Fate | undefined {
    if (match === "maybe") this.#certain = false;
    switch (target) {
      case "MASQUERADE":
      case "SNAT":
      case "NETMAP":
        return this.#certain ? { kind: "translated", rule } : undefined;
      case "ACCEPT":
      case "DROP":
        return match === "yes" ? { kind: this.rest } : undefined;
      case "MARK":
      case "CONNMARK":
        this.#marked = true;
        return undefined;
      default:
        return target === undefined
          ? undefined
          : this.through(target, depth + 1);
    }
  }
}

function targetIn(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => /^(-j|--jump|-g|--goto)$/.test(word));
  return at === -1 ? undefined : words[at + 1];
}

/** Options that are no condition, and what follows them. */
const NO_CONDITION = /^(-m|--match|--comment|-j|--jump|-g|--goto)$/;

/** Whether a rule is for the packet: its own target's options come last and count for nothing. */
function matchOf(
  words: readonly string[],
  packet: Packet,
  marked: boolean,
): Match {
  let match: Match = "yes";
  for (let at = 0; at < words.length;) {
    const negated = words[at] === "!";
    if (negated) at++;
    const option = words[at] ?? "";
    if (/^(-j|--jump|-g|--goto)$/.test(option)) return match;
    const values = valuesAt(words, at + 1);
    at += 1 + values.length;
    if (NO_CONDITION.test(option)) continue;
    const one = conditionOf(option, values, packet, marked);
    const held = negated ? opposite(one) : one;
    if (held === "no") return "no";
    if (held === "maybe") match = "maybe";
  }
  return match;
}

function valuesAt(words: readonly string[], from: number): readonly string[] {
  const end = words.findIndex((word, at) =>
    at >= from && (word === "!" || word.startsWith("-"))
  );
  return words.slice(from, end === -1 ? undefined : end);
}

const opposite = (match: Match): Match =>
  match === "yes" ? "no" : match === "no" ? "yes" : "maybe";

function conditionOf(
  option: string,
  [value = ""]: readonly string[],
  { source, destination, out }: Packet,
  marked: boolean,
): Match {
  switch (option) {
    case "-s":
      return within(source, value);
    case "-d":
      return within(destination, value);
    case "-p":
      return value === "tcp" || value === "all" ? "yes" : "no";
    case "-o":
      return out === undefined ? "maybe" : isInterface(out, value);
    case "--socket-exists":
      return "no"; // it is passed on, not sent here
    case "--mark":
      return marked ? "maybe" : /^0x0+(\/|$)/.test(value) ? "yes" : "no";
    default:
      return "maybe";
  }
}

function within(ip: Ip, text: string): Match {
  const cidr = parseCidr(
    text.includes("/") ? text : `${text}/${ip.includes(":") ? 128 : 32}`,
  );
  if (cidr === undefined) return "maybe";
  return cidrContains(cidr, ip) ? "yes" : "no";
}

/** `eth+` stands for all that begin so. */
const isInterface = (name: string, pattern: string): Match =>
  pattern.endsWith("+")
    ? name.startsWith(pattern.slice(0, -1)) ? "yes" : "no"
    : name === pattern
    ? "yes"
    : "no";
