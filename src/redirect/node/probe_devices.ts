/**
 * Which devices this kernel makes, found by making them in a namespace that
 * nobody else sees.
 *
 * The order is the one in which they would serve. A veth pair is first, and the
 * only one that is used: the proxy's namespace has no other way to the node, so
 * that a tunnel needs a pair underneath, and gives up room in every packet for a
 * header that nobody reads. Whoever runs containers with a network has one.
 */
import { messageOf } from "../../base/errors.ts";
import { closeFd, type Fd } from "../../sys/libc.ts";
import { newNetns } from "../../sys/new_netns.ts";
import { RedirectError } from "../errors.ts";
import { IP_TIMEOUT_MS } from "../limits.ts";
import { runOrFail } from "../programs.ts";

const ENDS = ["local", "192.0.2.1", "remote", "192.0.2.2"];

/** The words of `ip link add` for each, in order of preference. */
const KINDS = {
  veth: ["peer", "name", "far"],
  vxlan: ["id", "1", "dstport", "4789", ...ENDS],
  geneve: ["id", "1", "remote", "192.0.2.2"],
  gre: ENDS,
  ipip: ENDS,
} as const;

/** What could lead a node's packets to its proxy. */
export type DeviceKind = keyof typeof KINDS;

export interface ProbedDevice {
  readonly kind: DeviceKind;
  /** Why there is none; undefined: it can be made. */
  readonly failure?: string;
}

/** Every kind, best first. */
export const DEVICE_KINDS = Object.keys(KINDS) as readonly DeviceKind[];

/**
 * Makes one of each kind, for a moment.
 *
 * @param ip The program of iproute2.
 * @throws {SyscallError} when no namespace can be had.
 */
export async function probeDevices(
  kinds: readonly DeviceKind[] = DEVICE_KINDS,
  ip = "ip",
): Promise<ProbedDevice[]> {
  const netns = newNetns();
  try {
    const probed: ProbedDevice[] = [];
    for (const kind of kinds) probed.push(await probe(kind, netns, ip));
    return probed;
  } finally {
    closeFd(netns);
  }
}

async function probe(
  kind: DeviceKind,
  netns: Fd,
  ip: string,
): Promise<ProbedDevice> {
  const name = `try-${kind}`;
  const args = ["link", "add", "name", name, "type", kind, ...KINDS[kind]];
  try {
    await runOrFail(ip, args, { netns, timeoutMs: IP_TIMEOUT_MS });
    return { kind };
  } catch (reason) {
    return { kind, failure: messageOf(reason) };
  }
}

/** What to do where there is no veth pair. */
export const VETH_HINT =
  "load the kernel's module veth (CONFIG_VETH), or use --redirect self";

/** @throws {RedirectError} when this node cannot lead anything to a proxy. */
export async function requireDevice(ip = "ip"): Promise<void> {
  const [veth] = await probeDevices(["veth"], ip);
  if (veth?.failure === undefined) return;
  throw new RedirectError(
    `Cannot redirect this node by "veth": ${veth.failure} (hint: ${VETH_HINT})`,
  );
}
