import { HairpinError } from "../../base/errors.ts";
import { closeFd, type Fd } from "../../sys/libc.ts";
import { openOwnNetns } from "../../sys/new_netns.ts";
import type { RedirectReport } from "../command.ts";
import type { Family } from "../plan.ts";
import { nodeFamilies, removeNodeSide, verifyNodeSide } from "./node_side.ts";

/** `hairpin redirect --node`, as the command line gave it. */
export interface NodeRedirectRequest {
  readonly action: "verify" | "remove";
  readonly ipv6: boolean;
}

/** Does what is asked for; failures are reported, not thrown. */
export async function runNodeRedirect(
  { action, ipv6 }: NodeRedirectRequest,
): Promise<RedirectReport> {
  const node = openOwnNetns();
  try {
    const families = nodeFamilies(ipv6);
    return action === "verify"
      ? await verify(node, families)
      : await remove(node, families);
  } catch (reason) {
    if (!(reason instanceof HairpinError)) throw reason;
    return { exitCode: 1, lines: [reason.message] };
  } finally {
    closeFd(node);
  }
}

async function verify(
  node: Fd,
  families: readonly Family[],
): Promise<RedirectReport> {
  const missing = await verifyNodeSide(node, families);
  if (missing === undefined) {
    return { exitCode: 1, lines: ["this node redirects no pods"] };
  }
  return missing.length > 0
    ? { exitCode: 1, lines: missing }
    : { exitCode: 0, lines: ["redirection of this node is in force"] };
}

async function remove(
  node: Fd,
  families: readonly Family[],
): Promise<RedirectReport> {
  const found = await verifyNodeSide(node, families);
  // Also where there are no tables: routing may be left.
  await removeNodeSide(node, families);
  const said = found === undefined
    ? "this node redirects no pods"
    : "redirection of this node removed";
  return { exitCode: 0, lines: [said] };
}
