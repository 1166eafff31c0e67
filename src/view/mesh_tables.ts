/** Tables with the columns of `istioctl ztunnel-config`. */
import type { Dump } from "./dump.ts";
import type { Table } from "./table.ts";

export function workloadTable({ workloads, services }: Dump): Table {
  const rows = sortedBy(
    workloads,
    (w) => [`${w.namespace}.${w.name}`, w.node],
  );
  return {
    header: [
      "NAMESPACE",
      "POD NAME",
      "ADDRESS",
      "NODE",
      "WAYPOINT",
      "PROTOCOL",
    ],
    rows: rows.map((w) => [
      w.namespace,
      w.name,
      w.workloadIps.join(",") || w.hostname,
      w.node,
      waypointName(w.waypoint, services),
      w.protocol,
    ]),
  };
}

export function serviceTable({ services, workloads }: Dump): Table {
  const healthy = new Set(
    workloads.filter(({ status }) => status === "Healthy").map((w) => w.uid),
  );
  const rows = sortedBy(services, (s) => [s.namespace, s.name, s.hostname]);
  return {
    header: [
      "NAMESPACE",
      "SERVICE NAME",
      "SERVICE VIP",
      "WAYPOINT",
      "ENDPOINTS",
    ],
    rows: rows.map((s) => {
      const up = s.endpoints.filter((e) => healthy.has(e.workloadUid)).length;
      return [
        s.namespace,
        s.name,
        s.vips.map(ipOf).join(","),
        waypointName(s.waypoint, services),
        `${up}/${s.endpoints.length}`,
      ];
    }),
  };
}

/** What a waypoint enforces at layer 7 comes behind, its scope what it is attached to. */
export function policyTable({ policies, hairpin }: Dump): Table {
  const rows = sortedBy(policies, (p) => [p.namespace, p.name]);
  const attached = hairpin?.waypoint?.policies ?? [];
  return {
    header: ["NAMESPACE", "POLICY NAME", "ACTION", "SCOPE"],
    rows: [
      ...rows.map((p) => [p.namespace, p.name, p.action, p.scope]),
      ...attached.map((p) => [
        p.namespace,
        p.name,
        p.action.slice(0, 1) + p.action.slice(1).toLowerCase(),
        p.attachedTo === "gateway" ? "Gateway" : p.attachedTo,
      ]),
    ],
  };
}

export function connectionTable(dump: Dump): Table {
  const names = namesOf(dump);
  const pods = sortedBy(dump.workloadState, ({ info }) => [
    info.namespace,
    info.name,
  ]);
  return {
    header: [
      "WORKLOAD",
      "DIRECTION",
      "LOCAL",
      "REMOTE",
      "REMOTE TARGET",
      "PROTOCOL",
    ],
    rows: pods.flatMap(({ info, connections }) => {
      const workload = `${info.name}.${info.namespace}`;
      return [
        ...connections?.inbound.map((c) => [
          workload,
          "Inbound",
          names(c.actualDst),
          names(c.src),
          names(c.originalDst ?? ""),
          c.protocol,
        ]) ?? [],
        ...connections?.outbound.map((c) => [
          workload,
          "Outbound",
          names(c.src),
          names(c.actualDst),
          names(c.originalDst ?? ""),
          c.protocol,
        ]) ?? [],
      ];
    }),
  };
}

/** The name of an address's owner in its place, the port kept. */
function namesOf({ services, workloads }: Dump) {
  const names = new Map<string, string>();
  for (const { workloadIps, name, namespace } of workloads) {
    const [ip] = workloadIps;
    if (ip !== undefined) names.set(ip, `${name}.${namespace}`);
  }
  for (const { vips, hostname } of services) {
    const [vip] = vips;
    if (vip !== undefined) names.set(ipOf(vip), hostname);
  }
  return (address: string): string => {
    const [, ip = "", port = ""] = /^\[?([^\]]*)\]?:(\d+)$/.exec(address) ?? [];
    const name = names.get(ip);
    return name === undefined ? address : `${name}:${port}`;
  };
}

/** The address in `network/ip`. */
const ipOf = (vip: string): string => vip.slice(vip.indexOf("/") + 1);

function waypointName(
  waypoint: { readonly destination: string } | undefined,
  services: Dump["services"],
): string {
  if (waypoint === undefined) return "None";
  const { destination } = waypoint;
  const found = services.find(({ namespace, hostname, vips }) =>
    `${namespace}/${hostname}` === destination || vips.includes(destination)
  );
  return found?.name ?? "NA";
}

function sortedBy<T>(
  rows: readonly T[],
  keysOf: (row: T) => readonly string[],
): T[] {
  const keyed = rows.map((row) => ({ row, keys: keysOf(row) }));
  keyed.sort((a, b) => compareKeys(a.keys, b.keys));
  return keyed.map(({ row }) => row);
}

function compareKeys(a: readonly string[], b: readonly string[]): number {
  for (const [at, key] of a.entries()) {
    const other = b[at] ?? "";
    if (key !== other) return key < other ? -1 : 1;
  }
  return 0;
}
