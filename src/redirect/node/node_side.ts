/** The node's own part of the redirection, whoever put it there. */
import { messageOf } from "../../base/errors.ts";
import { readKernelFile } from "../../sys/kernel_file.ts";
import type { Fd } from "../../sys/libc.ts";
import { RedirectError } from "../errors.ts";
import type { Family } from "../plan.ts";
import { BRIDGE_TABLE } from "./bridge_rules.ts";
import { removeTable } from "./nft_text.ts";
import { tableOf } from "./nft_words.ts";
import { removeDevice, verifyNodeDevice } from "./node_device.ts";
import { runNft } from "./run_nft.ts";

/** The families that this node has. */
export const nodeFamilies = (ipv6: boolean): readonly Family[] =>
  ipv6 && readKernelFile(IPV6_OFF)?.trim() === "0" ? [4, 6] : [4];

const IPV6_OFF = "/proc/sys/net/ipv6/conf/lo/disable_ipv6";

/**
 * Takes it away. Pods that are captured are open from then on.
 *
 * @throws {RedirectError} naming all that could not be removed.
 */
export async function removeNodeSide(
  node: Fd,
  families: readonly Family[],
): Promise<void> {
  const failures: string[] = [];
  const note = (reason: unknown) => void failures.push(messageOf(reason));
  const tables = [...families.map(tableOf), BRIDGE_TABLE];
  const input = tables.map(removeTable).join("");
  await runNft(node, ["-f", "-"], { input }).catch(note);
  await removeDevice(node, families).catch(note);
  if (failures.length > 0) throw new RedirectError(failures.join("; "));
}

/**
 * The tables of the node's families as nftables shows them, without counters;
 * empty texts for those that are not there.
 */
export async function readTables(
  netns: Fd,
  tables: readonly string[],
): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const table of tables) {
    const args = ["--stateless", "list", "table", ...table.split(" ")];
    const tolerated = "No such file or directory";
    texts.push(await runNft(netns, args, { tolerated }) ?? "");
  }
  return texts;
}

/** What is missing of it, one line each; undefined: there is none at all. */
export async function verifyNodeSide(
  node: Fd,
  families: readonly Family[],
): Promise<readonly string[] | undefined> {
  const texts = await readTables(node, families.map(tableOf));
  const device = await verifyNodeDevice(node, families);
  if (texts.every((text) => text === "")) return undefined;
  const missing = families.filter((_, at) => texts[at] === "");
  return [
    ...missing.map((family) =>
      `nftables: table "${tableOf(family)}" is missing`
    ),
    ...device,
  ];
}
