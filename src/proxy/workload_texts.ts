/**
 * What every connection of a workload says of it. A workload's record is never
 * changed, but replaced: so its texts are made once for each.
 */
import { formatIdentity } from "../model/identity.ts";
import type { Workload } from "../model/workload.ts";
import { baggageOfWorkload, encodeBaggage } from "../wire/baggage/mod.ts";
import { identityOf } from "./context.ts";

/** The SPIFFE ID that the record gives it. */
export const spiffeIdOf = onceFor((workload) =>
  formatIdentity(identityOf(workload))
);

/** The `baggage` header that tells of it. */
export const baggageOf = onceFor((workload) =>
  encodeBaggage(baggageOfWorkload(workload))
);

function onceFor(
  make: (workload: Workload) => string,
): (workload: Workload) => string {
  const made = new WeakMap<Workload, string>();
  return (workload) => {
    const known = made.get(workload);
    if (known !== undefined) return known;
    const text = make(workload);
    made.set(workload, text);
    return text;
  };
}
