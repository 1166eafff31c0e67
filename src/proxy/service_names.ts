import type { Service } from "../model/service.ts";
import type { TrafficContext } from "../telemetry/traffic.ts";

/** A service as telemetry names it; nothing for none. */
export function serviceNames(
  service: Service | undefined,
): Pick<TrafficContext, "service"> {
  if (service === undefined) return {};
  const { hostname, name, namespace } = service;
  return { service: { hostname, name, namespace } };
}
