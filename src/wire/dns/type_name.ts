import { toString } from "@dnsquery/dns-packet/types.js";

/** A record type in small letters, such as `aaaa`; `unknown` for one without a name. */
export function typeName(type: number): string {
  const name = toString(type).toLowerCase();
  // One word for all of them: who asks must not make as many metrics.
  return name.startsWith("unknown") ? "unknown" : name;
}
