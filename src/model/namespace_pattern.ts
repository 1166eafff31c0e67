/**
 * The regular expression that Istio makes of a namespace in a policy: it has to
 * match all of a SPIFFE ID. A star stands for anything; other characters mean
 * what they mean in RE2.
 */
export const namespacePattern = (namespace: string): string =>
  `.*/ns/${namespace.replaceAll("*", ".*")}/.*`;
