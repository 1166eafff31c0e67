/** What `nft -j list ruleset` prints, as data. */
import { RedirectError } from "../errors.ts";
import type { NftRule } from "./rule.ts";
import { readRule } from "./rule_json.ts";

/** The tables of family inet, by name. */
export interface NftRuleset {
  readonly tables: ReadonlyMap<string, NftTable>;
}

export interface NftTable {
  /** One is `dormant`, which puts it out of force. nftables 1.0 gives wrong names for them. */
  readonly hasFlags: boolean;
  readonly chains: ReadonlyMap<string, NftChain>;
  readonly sets: ReadonlyMap<string, NftSet>;
}

export interface NftChain {
  /** Where the kernel enters it; undefined for a chain that rules jump to. */
  readonly base: string | undefined;
  readonly rules: readonly NftRule[];
}

export interface NftSet {
  readonly type: string;
  /** Those that are plain text, such as addresses. */
  readonly elements: readonly string[];
}

/**
 * Whether the text breaks off where nftables 1.0 has to name the flags of a
 * table, as it sometimes does; whatever would follow is not known then.
 */
export const isCutOff = (text: string): boolean =>
  text.trimEnd().endsWith('"flags":');

/** What is whole of a text that {@link isCutOff}. */
export const completed = (text: string): string =>
  isCutOff(text) ? `${text} null}}]}` : text;

interface Table extends NftTable {
  readonly chains: Map<string, Chain>;
  readonly sets: Map<string, NftSet>;
}

interface Chain extends NftChain {
  readonly rules: NftRule[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Empty for what is no text. */
const word = (value: unknown): string => typeof value === "string" ? value : "";

/**
 * Reads the tables of family inet.
 *
 * @throws {RedirectError} when the text is not what `nft -j` prints.
 */
export function parseNftRuleset(text: string): NftRuleset {
  const tables = new Map<string, Table>();
  for (const { kind, fields } of objectsOf(text)) {
    if (fields.family !== "inet") continue;
    const name = word(fields.name);
    if (kind === "table") tables.set(name, tableOf(fields));
    const table = tables.get(word(fields.table));
    if (table === undefined) continue;
    if (kind === "chain") table.chains.set(name, chainOf(fields));
    if (kind === "set") table.sets.set(name, setOf(fields));
    if (kind === "rule" && Array.isArray(fields.expr)) {
      const chain = table.chains.get(word(fields.chain));
      chain?.rules.push(readRule(fields.expr));
    }
  }
  return { tables };
}

/** Where a chain is, of any family. */
export interface NftChainName {
  readonly family: string;
  readonly table: string;
  readonly name: string;
}

/**
 * The chains in the output of `nft -j list chains`.
 *
 * @throws {RedirectError} when the text is not what `nft -j` prints.
 */
export const parseChainNames = (text: string): NftChainName[] =>
  objectsOf(text).filter(({ kind }) => kind === "chain")
    .map(({ fields: { family, table, name } }) => ({
      family: word(family),
      table: word(table),
      name: word(name),
    }));

const tableOf = (fields: Fields): Table => ({
  hasFlags: "flags" in fields,
  chains: new Map(),
  sets: new Map(),
});

const chainOf = ({ type, hook, prio, policy }: Fields): Chain => ({
  base: hook === undefined ? undefined : baseText({
    type: word(type),
    hook: word(hook),
    priority: typeof prio === "number" ? prio : NaN,
    policy: policy === undefined ? "accept" : word(policy),
  }),
  rules: [],
});

/** How a base chain is declared. */
export const baseText = (
  { type, hook, priority, policy = "accept" }: {
    type: string;
    hook: string;
    priority: number;
    policy?: string;
  },
): string =>
  `type ${type} hook ${hook} priority ${priority}; policy ${policy};`;

const setOf = ({ type, elem }: Fields): NftSet => ({
  type: word(type),
  elements: texts(Array.isArray(elem) ? elem : []),
});

const texts = (values: readonly unknown[]): string[] =>
  values.filter((value) => typeof value === "string");

function objectsOf(text: string): { kind: string; fields: Fields }[] {
  return rowsOf(text).flatMap((row) =>
    Object.entries(row).map(([kind, fields]: [string, unknown]) => ({
      kind,
      fields: isFields(fields) ? fields : {},
    }))
  );
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null;

function rowsOf(text: string): readonly object[] {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw notJson(cause);
  }
  const rows = (found as { nftables?: unknown } | null)?.nftables;
  if (!Array.isArray(rows)) throw notJson(undefined);
  return rows.filter((row) => typeof row === "object" && row !== null);
}

const notJson = (cause: unknown) =>
  new RedirectError(
    `Cannot read the output of "nft -j": not its JSON (hint: nftables with JSON support is needed)`,
    { cause },
  );
