/** Workloads and services. */
export const ADDRESS_TYPE = "type.googleapis.com/istio.workload.Address";

/** Authorization policies. */
export const AUTHORIZATION_TYPE =
  "type.googleapis.com/istio.security.Authorization";

/** The types that are subscribed to. */
export type XdsType = typeof ADDRESS_TYPE | typeof AUTHORIZATION_TYPE;
