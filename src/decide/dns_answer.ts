/** What a name of the mesh resolves to. */
import { type Ip, isIpv6 } from "../model/address.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import { type Service, serviceKey } from "../model/service.ts";
import type { Workload } from "../model/workload.ts";
import { nameCandidates, wildcardsOf } from "./dns_names.ts";

/** A question for addresses. */
export interface NameQuestion {
  /** In lower case, without the last dot. */
  readonly name: string;
  readonly family: 4 | 6;
  readonly client: Pick<Workload, "namespace" | "network">;
}

/** What resolution depends on beside the mesh. */
export interface NameSettings {
  readonly clusterDomain: string;
  /** Namespace that wins when several services have the name and none is nearer. */
  readonly preferredNamespace: string | undefined;
  /** Whether IPv6 addresses are handed out. */
  readonly ipv6: boolean;
}

/** `none`: the name is not of the mesh, so somebody else has to be asked. */
export type NameAnswer =
  | { readonly kind: "none" }
  /** The name has no addresses of that family, or none at all. */
  | { readonly kind: "empty"; readonly why: "family" | "records" }
  | {
    readonly kind: "addresses";
    /** The name that the asked one is short for, when a search domain was put behind it. */
    readonly alias: string | undefined;
    /** One or more, shuffled. */
    readonly ips: readonly Ip[];
  };

/** @param random 0 to 1, as `Math.random`. */
export function answerName(
  mesh: MeshReader,
  question: NameQuestion,
  settings: NameSettings,
  random: () => number,
): NameAnswer {
  const found = findService(mesh, question, settings);
  if (found === undefined) return { kind: "none" };
  const { service, alias } = found;
  if (!hasFamily(service, question.family, settings)) {
    return { kind: "empty", why: "family" };
  }
  const ips = addressesOf(mesh, service, question);
  if (ips.length === 0) return { kind: "empty", why: "records" };
  return { kind: "addresses", alias, ips: shuffled(ips, random) };
}

interface Found {
  readonly service: Service;
  readonly alias: string | undefined;
}

function findService(
  mesh: MeshReader,
  { name: asked, client }: NameQuestion,
  settings: NameSettings,
): Found | undefined {
  const { namespace } = client;
  const { clusterDomain } = settings;
  const choose = (hostname: string) =>
    chooseService(
      mesh.servicesByHostname(hostname).filter((service) =>
        isVisible(service, namespace) && hasRecords(service, clusterDomain)
      ),
      namespace,
      settings.preferredNamespace,
    );
  for (const candidate of nameCandidates(asked, { namespace, clusterDomain })) {
    const exact = choose(candidate.name);
    if (exact !== undefined) {
      return { service: exact, alias: candidate.stripped };
    }
    for (const wildcard of wildcardsOf(candidate.name)) {
      const service = choose(wildcard);
      if (service !== undefined) return { service, alias: undefined };
    }
  }
  return undefined;
}

const isVisible = (service: Service, namespace: string): boolean =>
  service.visibility === "Public" || service.namespace === namespace;

/** Without an address of its own only a headless service of Kubernetes has some: its pods'. */
const hasRecords = (service: Service, clusterDomain: string): boolean =>
  service.vips.length > 0 || service.hostname.endsWith(`.svc.${clusterDomain}`);

/** The client's namespace, else the last canonical one, else the preferred one, else the first. */
function chooseService(
  services: readonly Service[],
  namespace: string,
  preferredNamespace: string | undefined,
): Service | undefined {
  return services.findLast((s) => s.namespace === namespace) ??
    services.findLast((s) => s.canonical) ??
    services.find((s) => s.namespace === preferredNamespace) ??
    services[0];
}

function hasFamily(
  { ipFamilies }: Service,
  family: 4 | 6,
  { ipv6 }: NameSettings,
): boolean {
  if (family === 4) return ipFamilies !== "IPv6";
  return ipv6 && ipFamilies !== "IPv4";
}

function addressesOf(
  mesh: MeshReader,
  service: Service,
  { family, client }: NameQuestion,
): Ip[] {
  const fits = (ip: Ip) => isIpv6(ip) === (family === 6);
  if (service.vips.length > 0) {
    return service.vips
      .filter(({ network, ip }) => network === client.network && fits(ip))
      .map(({ ip }) => ip);
  }
  const endpoints = Array.from(mesh.endpoints(serviceKey(service)));
  return endpoints.flatMap(({ workload }) => {
    const ip = workload.ips.find(fits);
    return ip === undefined ? [] : [ip];
  });
}

/** Fisher and Yates's shuffle, of a copy. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1));
    [copy[last], copy[at]] = [copy[at]!, copy[last]!];
  }
  return copy;
}
