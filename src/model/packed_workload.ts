import type { MeshDelta } from "./delta.ts";
import { DEFAULT_WORKLOAD, type PortMap, type Workload } from "./workload.ts";

declare const brand: unique symbol;

/**
 * A workload as one text, a fraction of the object's size and nothing for a
 * garbage collector to walk through: of most workloads a node never hears
 * again. Equal workloads have equal texts. Crosses threads as it is.
 */
export type PackedWorkload = string & { readonly [brand]: "PackedWorkload" };

/** A step of the mesh's state on its way to where it is kept. */
export type PackedDelta = MeshDelta<PackedWorkload>;

/** JSON of what is not at its default, always in this order. */
export function packWorkload(workload: Workload): PackedWorkload {
  const fields: string[] = [];
  for (const field of FIELDS) {
    const value = workload[field];
    if (value === undefined || value === DEFAULTS[field]) continue;
    const text = field === "services"
      ? textOfServices(workload.services)
      : JSON.stringify(value);
    if (text !== DEFAULT_TEXTS[field]) fields.push(`"${field}":${text}`);
  }
  return `{${fields.join()}}` as PackedWorkload;
}

export const unpackWorkload = (packed: PackedWorkload): Workload => ({
  ...DEFAULT_WORKLOAD,
  ...JSON.parse(packed),
});

export const packDelta = (delta: MeshDelta): PackedDelta => ({
  ...delta,
  workloads: delta.workloads.map(packWorkload),
});

export const unpackDelta = (delta: PackedDelta): MeshDelta => ({
  ...delta,
  workloads: delta.workloads.map(unpackWorkload),
});

/** Every field; the compiler sees to it that none is missing. */
const FIELDS = Object.keys(
  {
    uid: true,
    name: true,
    namespace: true,
    ips: true,
    hostname: true,
    network: true,
    protocol: true,
    trustDomain: true,
    serviceAccount: true,
    waypoint: true,
    networkGateway: true,
    node: true,
    canonicalName: true,
    canonicalRevision: true,
    workloadName: true,
    workloadType: true,
    nativeTunnel: true,
    applicationTunnel: true,
    services: true,
    authorizationPolicies: true,
    status: true,
    clusterId: true,
    locality: true,
    networkMode: true,
    capacity: true,
  } satisfies Record<keyof Workload, true>,
) as (keyof Workload)[];

const DEFAULTS: Readonly<Partial<Workload>> = DEFAULT_WORKLOAD;

const DEFAULT_TEXTS: Readonly<Partial<Record<keyof Workload, string>>> = Object
  .fromEntries(
    Object.entries(DEFAULT_WORKLOAD)
      .map(([field, value]) => [field, JSON.stringify(value)]),
  );

/** Sources name them in any order. */
function textOfServices(services: Workload["services"]): string {
  const entries: [string, PortMap][] = Object.entries(services);
  if (entries.length < 2) return JSON.stringify(services);
  entries.sort(([a], [b]) => a < b ? -1 : 1);
  const texts = entries.map(([key, ports]) =>
    `${JSON.stringify(key)}:${JSON.stringify(ports)}`
  );
  return `{${texts.join()}}`;
}
