import { formatIdentity, parseIdentity } from "../model/identity.ts";
import type { Service } from "../model/service.ts";
import type { Upstream } from "./load_balance.ts";

/** The SPIFFE IDs that a chosen workload may prove: its service's and its own. */
export const expectedOf = (
  { workload, service }: Pick<Upstream, "workload" | "service">,
): readonly string[] => [...identitiesOf(service), formatIdentity(workload)];

/** The SPIFFE IDs that a service vouches for; anything else in the list is ignored. */
export const identitiesOf = (
  service: Service | undefined,
): readonly string[] =>
  service?.subjectAltNames.filter((n) => parseIdentity(n) !== undefined) ?? [];
