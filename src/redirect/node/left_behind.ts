import { CommandError } from "../../sys/command.ts";
import type { Fd } from "../../sys/libc.ts";
import { RedirectError } from "../errors.ts";
import type { Family } from "../plan.ts";
import { BRIDGE_TABLE } from "./bridge_rules.ts";
import { tableOf } from "./nft_words.ts";
import { hasNodeDevice, hasNodeRules } from "./node_device.ts";
import { readTables } from "./node_side.ts";

/**
 * What a node has of node-level redirection: `idle` without a proxy behind it,
 * which closes the pods it captures; `served` while one holds the device's end.
 */
export type LeftBehind = "none" | "idle" | "served";

/**
 * Looks for tables, rules and device that hairpin alone writes.
 *
 * @throws {RedirectError} when the node does not let itself be read.
 */
export async function findLeftBehind(
  node: Fd,
  families: readonly Family[],
): Promise<LeftBehind> {
  if (await hasNodeDevice(node)) return "served";
  if (await hasNodeRules(node, families)) return "idle";
  const tables = [...families.map(tableOf), BRIDGE_TABLE];
  const texts = await readTables(node, tables).catch(noneWithoutNft);
  return texts.some((text) => text !== "") ? "idle" : "none";
}

/** Without the program nobody wrote tables. */
function noneWithoutNft(reason: unknown): readonly string[] {
  const cause = reason instanceof RedirectError ? reason.cause : undefined;
  if (cause instanceof CommandError && cause.why === "missing") return [];
  throw reason;
}
