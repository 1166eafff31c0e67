import { type Ip, parseCidr, parseIp } from "../../src/model/address.ts";
import { EMPTY_DELTA, type MeshDelta } from "../../src/model/delta.ts";
import { MeshState } from "../../src/model/mesh_state.ts";
import { DEFAULT_SERVICE, type Service } from "../../src/model/service.ts";
import {
  DEFAULT_WORKLOAD,
  type GatewayAddress,
  type Workload,
} from "../../src/model/workload.ts";

/** Reads an address that the test knows to be one. */
export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  return parsed;
}

/** Reads a range that the test knows to be one. */
export function cidr(text: string) {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(`no range: ${text}`);
  return parsed;
}

export const at = (address: string, port: number) => ({
  ip: ip(address),
  port,
});

/** An HBONE pod of namespace `ns1`, named and with a service account after `name`. */
export function pod(
  name: string,
  ips: readonly string[],
  fields: Partial<Workload> = {},
): Workload {
  return {
    ...DEFAULT_WORKLOAD,
    uid: `cluster1//Pod/ns1/${name}`,
    name,
    namespace: "ns1",
    serviceAccount: name,
    protocol: "HBONE",
    ips: ips.map(ip),
    ...fields,
  };
}

/** A service of namespace `ns1` on port 80, target 8080, with addresses in network "". */
export function service(
  name: string,
  vips: readonly string[],
  fields: Partial<Service> = {},
): Service {
  return {
    ...DEFAULT_SERVICE,
    name,
    namespace: "ns1",
    hostname: hostOf(name),
    vips: vips.map((vip) => ({ network: "", ip: ip(vip) })),
    ports: { 80: 8080 },
    ...fields,
  };
}

export const hostOf = (name: string): string => `${name}.ns1.svc.cluster.local`;

/** Makes an endpoint of the services of `ns1` with those names. */
export const serving = (...names: readonly string[]) => ({
  services: Object.fromEntries(names.map((n) => [`ns1/${hostOf(n)}`, {}])),
});

export const atAddress = (address: string, network = ""): GatewayAddress => ({
  destination: { kind: "address", network, ip: ip(address) },
  hboneMtlsPort: 15008,
});

export const atHostname = (hostname: string): GatewayAddress => ({
  destination: { kind: "hostname", namespace: "ns1", hostname },
  hboneMtlsPort: 15008,
});

/** The SPIFFE ID of a {@link pod}. */
export const idOf = (name: string): string =>
  `spiffe://cluster.local/ns/ns1/sa/${name}`;

export function stateOf(content: Partial<MeshDelta>): MeshState {
  const state = new MeshState();
  state.apply({ ...EMPTY_DELTA, ...content });
  return state;
}

/** A source of chance that says the same things in the same order, then starts again. */
export function scripted(...values: readonly number[]): () => number {
  let next = 0;
  return () => values[next++ % values.length]!;
}
