/** Who is meant by the words of a question. */
import {
  formatAddress,
  type Ip,
  isIpv6,
  parseIp,
  type SocketAddress,
} from "../../model/address.ts";
import type { Unexplained } from "../../model/explanation.ts";
import { formatIdentity } from "../../model/identity.ts";
import type { Service } from "../../model/service.ts";
import type { Workload } from "../../model/workload.ts";
import { parseAuthority } from "../authority.ts";
import { nameCandidates } from "../dns_names.ts";
import type { ExplainContext } from "./context.ts";
import { PARTY_LENGTH_MAX } from "./limits.ts";

/** Who calls. */
export interface Client {
  readonly ip: Ip;
  /** undefined for a machine that the mesh does not know. */
  readonly workload: Workload | undefined;
}

export const podName = ({ namespace, name }: Workload): string =>
  `${namespace}/${name}`;

/** A pod's traffic is captured, and has an identity, only where it is enrolled. */
export const isEnrolled = ({ protocol }: Workload): boolean =>
  protocol === "HBONE";

export function describeClient({ ip, workload }: Client): string {
  if (workload === undefined) return `${ip} (not in the mesh)`;
  const who = isEnrolled(workload) ? formatIdentity(workload) : "not enrolled";
  return `${podName(workload)} (${ip}, ${who})`;
}

/** @param text `NAMESPACE/POD` or an IP address. */
export function findClient(
  { mesh, network, node }: ExplainContext,
  text: string,
): Client | Unexplained {
  const ip = parseIp(text);
  if (ip !== undefined) {
    return { ip, workload: mesh.workloadByIp(network, ip) };
  }
  const [namespace, name, ...rest] = text.split("/");
  if (text.length > PARTY_LENGTH_MAX || !namespace || !name || rest.length) {
    return unread("from", text, "NAMESPACE/POD or an IP address");
  }
  const found = [...mesh.workloads.values()]
    .filter((w) => w.namespace === namespace && w.name === name);
  const workload = found.find((w) => w.node === node) ?? found[0];
  const [own] = workload?.ips ?? [];
  if (workload === undefined || own === undefined) {
    const what = workload === undefined ? "not known" : "without an address";
    return { error: `Cannot find the pod "${text}": ${what}` };
  }
  return { ip: own, workload };
}

/** @param text `IP:PORT` or `HOST:PORT`; names are read as the client's resolver would. */
export function findTarget(
  context: ExplainContext,
  text: string,
  client: Client,
): SocketAddress | Unexplained {
  const authority = parseAuthority(text);
  if (authority === undefined) {
    return unread("to", text, "IP:PORT or HOST:PORT");
  }
  if (authority.kind === "address") return authority.address;
  const { hostname, port } = authority;
  const ip = resolve(context, hostname.toLowerCase(), client);
  if (ip !== undefined) return { ip, port };
  return {
    error: `Cannot find the address of "${hostname}": ` +
      "no service or workload of that name has one; give an address",
  };
}

function resolve(
  { mesh, clusterDomain, network }: ExplainContext,
  hostname: string,
  { ip: near, workload }: Client,
): Ip | undefined {
  const namespace = workload?.namespace ?? "default";
  for (
    const { name } of nameCandidates(hostname, { namespace, clusterDomain })
  ) {
    const service = mesh.serviceByHostname(name, namespace);
    const ips = service === undefined
      ? mesh.workloadByHostname(namespace, name)?.ips ?? []
      : vipsOf(service, network);
    const ip = ips.find((ip) => isIpv6(ip) === isIpv6(near)) ?? ips[0];
    if (ip !== undefined) return ip;
  }
  return undefined;
}

const vipsOf = ({ vips }: Service, network: string): Ip[] =>
  vips.filter((vip) => vip.network === network).map(({ ip }) => ip);

const unread = (key: string, text: string, want: string): Unexplained => ({
  error: `Cannot read "${key}": want ${want}, found ${
    JSON.stringify(text.slice(0, PARTY_LENGTH_MAX))
  }`,
});

/** The target with what stands behind it. */
export function describeTarget(
  { mesh, network }: ExplainContext,
  target: SocketAddress,
  { workload }: Client,
): string {
  const text = formatAddress(target);
  const found = mesh.findAddress(
    workload?.network ?? network,
    target.ip,
    workload?.namespace,
  );
  if (found === undefined) return `${text} (not in the mesh)`;
  return found.kind === "service"
    ? `${text} (service ${found.service.hostname})`
    : `${text} (pod ${podName(found.workload)})`;
}
