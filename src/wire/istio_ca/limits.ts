/** Largest answer of the authority, in octets: some hundred certificates. Own choice. */
export const RESPONSE_OCTETS_MAX = 1024 * 1024;

/** Metadata in which a node's proxy names the workload that it asks for. */
export const IMPERSONATED_IDENTITY = "ImpersonatedIdentity";
