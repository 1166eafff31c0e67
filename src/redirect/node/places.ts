/** Where the pods of a node are, as far as the node's own tables tell. */
import type { Ip } from "../../model/address.ts";
import type { CapturedAddress } from "./captured_pod.ts";

type Row = Readonly<Record<string, unknown>>;

/** What `ip -json` printed. */
export interface NodeTables {
  /** `ip -details link show`. */
  readonly links: readonly Row[];
  /** `ip netns list-id`: numbers of namespaces that have a name. */
  readonly netnses: readonly Row[];
}

/** An address to capture, before anything is known of its place. */
export interface WantedAddress {
  readonly ip: Ip;
  /** Path of the pod's namespace where somebody told it; it is not entered. */
  readonly netnsPath: string | undefined;
  /** As in {@link CapturedAddress}. */
  readonly dns?: boolean;
}

/**
 * @param route What `ip route get` printed for the address.
 * @returns the address without a place when the node reaches it by a gateway,
 * by itself or not at all.
 */
export function placeOf(
  { ip, netnsPath }: WantedAddress,
  route: Row | undefined,
  tables: NodeTables,
): CapturedAddress {
  const link = directLink(route);
  const row = tables.links.find((row) => row.ifname === link);
  if (link === undefined || row === undefined) return { ip };
  if (!isBridge(row)) return { ip, link };
  const mac = textOf(row.address);
  if (mac === undefined) return { ip, link };
  const port = portOf(link, netnsPath, tables);
  return { ip, link, bridge: { mac, ...port !== undefined && { port } } };
}

/** By which the node reaches an address without anybody in between. */
function directLink(route: Row | undefined): string | undefined {
  if (route === undefined || route.gateway !== undefined) return undefined;
  if (route.via !== undefined || route.type !== undefined) return undefined;
  const link = textOf(route.dev);
  return link === "lo" ? undefined : link;
}

const isBridge = ({ linkinfo }: Row): boolean =>
  typeof linkinfo === "object" && linkinfo !== null &&
  "info_kind" in linkinfo && linkinfo.info_kind === "bridge";

/**
 * The bridge's port whose other end is in the pod's namespace. The kernel says
 * so itself: what a bridge learns of addresses, any pod may tell it.
 */
function portOf(
  bridge: string,
  netnsPath: string | undefined,
  { links, netnses }: NodeTables,
): string | undefined {
  const name = netnsPath?.split("/").at(-1);
  const netns = netnses.find((row) => row.name === name);
  if (name === undefined || netns === undefined) return undefined;
  const ports = links.filter((row) =>
    row.master === bridge && row.link_netnsid === netns.nsid
  );
  return ports.length === 1 ? textOf(ports[0]?.ifname) : undefined;
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
