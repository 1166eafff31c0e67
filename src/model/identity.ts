/** A workload's name in the mesh, as its certificate proves it. */
export interface Identity {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`. */
export function formatIdentity(identity: Identity): string {
  return `spiffe://${principalOf(identity)}`;
}

/** The identity as policies spell it: the SPIFFE ID without its scheme. */
export function principalOf(identity: Identity): string {
  const { trustDomain, namespace, serviceAccount } = identity;
  return `${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}

/**
 * Reads a SPIFFE ID of exactly Istio's form.
 *
 * @returns undefined for any other URI, also for longer or shorter paths.
 */
export function parseIdentity(uri: string): Identity | undefined {
  const match = /^spiffe:\/\/([^/]*)\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(uri);
  if (match === null) return undefined;
  return {
    trustDomain: match[1]!,
    namespace: match[2]!,
    serviceAccount: match[3]!,
  };
}

export function sameIdentity(a: Identity, b: Identity): boolean {
  return a.trustDomain === b.trustDomain && a.namespace === b.namespace &&
    a.serviceAccount === b.serviceAccount;
}
