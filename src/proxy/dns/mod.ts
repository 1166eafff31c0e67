/** DNS in pods: names of the mesh are answered here, all others by the machine's resolvers. */
export { type DnsParts, DnsResolver } from "./resolver.ts";
export { type AnswererOf, type DnsListen, DnsServer } from "./server.ts";
export { SystemResolvers } from "./upstreams.ts";
