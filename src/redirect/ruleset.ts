/** What `iptables-save` prints, as data. */
export interface Ruleset {
  readonly tables: ReadonlyMap<string, TableRules>;
}

export interface TableRules {
  readonly chains: ReadonlyMap<string, ChainRules>;
}

export interface ChainRules {
  /** `ACCEPT` or `DROP`; undefined for a chain that is not built in. */
  readonly policy: string | undefined;
  /** As printed, without `-A CHAIN` and without counters. */
  readonly rules: readonly string[];
}

/** Reads the output of `iptables-save`; what it cannot be is passed over. */
export function parseRuleset(text: string): Ruleset {
  const tables = new Map<string, { chains: Map<string, Chain> }>();
  let chains = new Map<string, Chain>();
  for (const line of text.split("\n").map((line) => line.trim())) {
    if (line.startsWith("*")) {
      chains = new Map();
      tables.set(line.slice(1).trim(), { chains });
    } else if (line.startsWith(":")) {
      const [name = "", policy = "-"] = line.slice(1).split(" ");
      chains.set(name, {
        policy: policy === "-" ? undefined : policy,
        rules: [],
      });
    } else {
      const rule = RULE.exec(line);
      if (rule !== null) chains.get(rule[1]!)?.rules.push(rule[2] ?? "");
    }
  }
  return { tables };
}

interface Chain {
  policy: string | undefined;
  rules: string[];
}

/** With `-c`, counters stand in front. */
const RULE = /^(?:\[\d+:\d+\] )?-A (\S+)(?: (.*))?$/;

/** The chain a rule jumps or goes to; undefined when it does neither. */
export function targetOf(rule: string): string | undefined {
  const words = wordsOf(rule);
  const at = words.findIndex((word) =>
    ["-j", "--jump", "-g", "--goto"].includes(word)
  );
  return at === -1 ? undefined : words[at + 1];
}

/** A rule in words; a quoted one is one word, with its quotes. */
function wordsOf(rule: string): string[] {
  return rule.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
}

/**
 * A text that is equal for rules of equal meaning, whatever version of iptables
 * printed them: without the names of matches, addresses with their lengths,
 * options in one order.
 */
export function canonicalRule(rule: string): string {
  return optionsOf(wordsOf(rule)).map(canonicalOption)
    .filter((option) => option !== "").sort().join(" ");
}

/** Cuts before each option, and keeps a `!` with what it negates. */
function optionsOf(words: readonly string[]): string[][] {
  const options: string[][] = [];
  for (const [i, word] of words.entries()) {
    const begins = word === "!" || word.startsWith("-");
    if (begins && words[i - 1] !== "!") options.push([word]);
    else options.at(-1)?.push(word);
  }
  return options;
}

const SAME_OPTIONS: Readonly<Record<string, string>> = {
  "--to-port": "--to-ports",
  "--source": "-s",
  "--destination": "-d",
  "--protocol": "-p",
  "--jump": "-j",
  "--in-interface": "-i",
  "--out-interface": "-o",
  "--destination-port": "--dport",
  "--source-port": "--sport",
};

function canonicalOption(words: readonly string[]): string {
  const named = words.map((word) => SAME_OPTIONS[word] ?? word);
  // Which extension reads an option follows from the option.
  if (named[0] === "-m") return "";
  const flag = named.find((word) => word.startsWith("-"));
  if (flag !== "-s" && flag !== "-d") return named.join(" ");
  const address = named.at(-1)!;
  if (address.includes("/")) return named.join(" ");
  const bits = address.includes(":") ? 128 : 32;
  return [...named.slice(0, -1), `${address}/${bits}`].join(" ");
}
