/** `/config_dump`: ztunnel's shape, hairpin's additions under their own keys. */
import { dumpCertificate } from "./dump_certificate.ts";
import { dumpConfig, dumpHairpinConfig } from "./dump_config.ts";
import { dumpPods } from "./dump_connections.ts";
import {
  dumpEndpoints,
  dumpService,
  dumpStaticWorkload,
  dumpWorkload,
} from "./dump_mesh.ts";
import { dumpPolicy } from "./dump_policy.ts";
import { dumpWaypoint } from "./dump_waypoint.ts";
import type { Json } from "./json.ts";
import type { BypassedPodRow, ConfigDump, StaticConfigRow } from "./rows.ts";

/** Lists are in the order of uid, host name, key and identity. */
export function toConfigDump(dump: ConfigDump): Json {
  const services = sortBy(
    dump.services,
    ({ service: s }) => `${s.hostname}/${s.namespace}`,
  );
  return {
    ...dump.additions,
    workloads: sortBy(dump.workloads, (w) => w.uid).map(dumpWorkload),
    services: services.map(dumpService),
    policies: sortBy(dump.policies, (p) => p.key).map(dumpPolicy),
    stagedServices: Object.fromEntries(
      dump.stagedServices.map((s) => [s.key, dumpEndpoints(s.endpoints)]),
    ),
    staticConfig: dumpStaticConfig(dump.staticConfig),
    version: { ...dump.version },
    config: dumpConfig(dump.config),
    certificates: sortBy(dump.certificates, (c) => c.identity)
      .map(dumpCertificate),
    workloadState: dump.pods && dumpPods(dump.pods),
    configErrors: dump.configErrors,
    hairpin: {
      ...dumpHairpinConfig(dump.config),
      podMarks: (dump.podMarks ?? []).map((pod) => ({ ...pod })),
      bypassedPods: (dump.bypassedPods ?? []).map(dumpBypassedPod),
      waypoint: dump.waypoint && dumpWaypoint(dump.waypoint),
    },
  };
}

const dumpBypassedPod = (
  { uid, name, namespace, untilMs }: BypassedPodRow,
): Json => ({
  ...{ uid, name, namespace },
  until: untilMs === undefined ? undefined : new Date(untilMs).toISOString(),
});

const dumpStaticConfig = (file: StaticConfigRow): Json => ({
  workloads: file.workloads.map(dumpStaticWorkload),
  services: file.services.map((service) =>
    dumpService({ service, endpoints: [] })
  ),
  policies: file.policies.map(dumpPolicy),
});

function sortBy<T>(rows: readonly T[], keyOf: (row: T) => string): T[] {
  const keyed = rows.map((row) => ({ row, key: keyOf(row) }));
  keyed.sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
  return keyed.map(({ row }) => row);
}
