import type { ServiceKey } from "./workload.ts";

/** Policies of one waypoint by what they are attached to. Plain data. */
export interface Attached<Policy> {
  /** For all of its traffic. */
  readonly gateway: readonly Policy[];
  /** For traffic to one service alone. */
  readonly services: Readonly<Record<ServiceKey, readonly Policy[]>>;
}

/**
 * The policies that decide on traffic to a service, as one set.
 *
 * @param service undefined for a pod that is called by its own address.
 */
export function attachedTo<Policy>(
  { gateway, services }: Attached<Policy>,
  service: ServiceKey | undefined,
): readonly Policy[] {
  if (service === undefined || !Object.hasOwn(services, service)) {
    return gateway;
  }
  return [...gateway, ...services[service] ?? []];
}
