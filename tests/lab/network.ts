import {
  nodeAddresses,
  OUTSIDER_ADDRESSES,
  podAddresses,
  PREFIX_LENGTHS,
} from "./addresses.ts";
import { inNamespace, must, run } from "./command.ts";

// All links are made inside the lab's namespaces, never in the caller's: when
// the namespaces go, nothing is left anywhere.

/** The bridge that stands for the wire between the nodes; captures listen on it. */
export const WIRE = "wire";

/** Makes an empty namespace with its loopback up. */
export async function addNamespace(netns: string): Promise<void> {
  await must(["ip", "netns", "add", netns]);
  // No waiting for duplicate address detection: nobody else is on these links.
  await setSysctls(netns, ["net.ipv6.conf.default.accept_dad=0"]);
  // Linux's own default, so that figures of different machines compare: one
  // host was seen to hand BBR down, which paced iperf3 to two thirds. A kernel
  // without it keeps what it has.
  const cubic = "net.ipv4.tcp_congestion_control=cubic";
  await run(inNamespace(netns, ["sysctl", "-qw", cubic]));
  await batch(netns, ["link set lo up"]);
}

/**
 * Of every node's bridge for pods. A bridge without an address of its own takes
 * the lowest of its ports', and changes it when a pod comes: other pods then
 * send to an address that is nobody's, until they ask again.
 */
const GATEWAY_MAC = "02:00:00:00:00:01";

/** Makes the wire: a namespace with a bridge. */
export async function addWire(netns: string): Promise<void> {
  await addNamespace(netns);
  await batch(netns, [
    `link add name ${WIRE} type bridge`,
    `link set ${WIRE} up`,
  ]);
}

/** Makes a node: its uplink to the wire, its bridge for pods, its routes to the other nodes' pods. */
export async function addNode(
  netns: string,
  wire: string,
  number: number,
  nodeCount: number,
): Promise<void> {
  await addNamespace(netns);
  const own = nodeAddresses(number);
  await plug(wire, `node-${number}`, netns);
  const forwarding = [
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
  ];
  await setSysctls(netns, forwarding);
  const others = numbers(nodeCount).filter((other) => other !== number);
  await batch(netns, [
    ...addressCommands("underlay", own.underlay),
    `link add name pods address ${GATEWAY_MAC} type bridge`,
    ...addressCommands("pods", own.gateway),
    ...others.flatMap(routeCommands),
  ]);
}

/** Makes a pod: a namespace with one link to its node's bridge and a default route through it. */
export async function addPod(
  netns: string,
  nodeNetns: string,
  node: number,
  ordinal: number,
): Promise<void> {
  await addNamespace(netns);
  const port = `pod-${ordinal}`;
  await batch(nodeNetns, [
    `link add name ${port} type veth peer name eth0 netns ${netns}`,
    `link set ${port} master pods up`,
  ]);
  const { gateway } = nodeAddresses(node);
  await batch(netns, [
    ...addressCommands("eth0", podAddresses(node, ordinal)),
    ...gateway.map((address) => `route add default via ${address}`),
  ]);
}

/** Makes a machine on the wire that is no node and runs no proxy. */
export async function addOutsider(
  netns: string,
  wire: string,
  nodeCount: number,
): Promise<void> {
  await addNamespace(netns);
  await plug(wire, "outsider", netns);
  await batch(netns, [
    ...addressCommands("underlay", OUTSIDER_ADDRESSES),
    ...numbers(nodeCount).flatMap(routeCommands),
  ]);
}

/** Unplugs a pod from its node: with its port goes the link's other end too. */
export async function removePodPort(
  nodeNetns: string,
  ordinal: number,
): Promise<void> {
  await batch(nodeNetns, [`link delete pod-${ordinal}`]);
}

async function plug(wire: string, port: string, netns: string): Promise<void> {
  await batch(wire, [
    `link add name ${port} type veth peer name underlay netns ${netns}`,
    `link set ${port} master ${WIRE} up`,
  ]);
}

function addressCommands(link: string, addresses: readonly string[]): string[] {
  const adds = addresses.map((address, at) => {
    const plain = address.includes(":") ? " nodad" : "";
    return `address add ${address}/${PREFIX_LENGTHS[at]} dev ${link}${plain}`;
  });
  return [...adds, `link set ${link} up`];
}

function routeCommands(node: number): string[] {
  const { podRange, underlay } = nodeAddresses(node);
  return podRange.map((range, at) => `route add ${range} via ${underlay[at]}`);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}

async function setSysctls(
  netns: string,
  settings: readonly string[],
): Promise<void> {
  await must(inNamespace(netns, ["sysctl", "-qw", ...settings]));
}

async function batch(netns: string, lines: readonly string[]): Promise<void> {
  await must(["ip", "-n", netns, "-batch", "-"], {
    stdin: `${lines.join("\n")}\n`,
  });
}
