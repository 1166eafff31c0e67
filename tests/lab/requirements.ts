import { hasProgram } from "./command.ts";

/** Programs that every lab needs, each with the Debian package that brings it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  ip: "iproute2",
  ss: "iproute2",
  nsenter: "util-linux",
  sysctl: "procps",
  iptables: "iptables",
  ip6tables: "iptables",
  curl: "curl",
  nginx: "nginx-light",
  iperf3: "iperf3",
  tcpdump: "tcpdump",
};

/**
 * Why no lab can be built here, in one line; undefined when one can. Tests pass
 * it on as the reason that they skip.
 */
export async function labSkipReason(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") {
    return "labs are made of Linux network namespaces";
  }
  if (Deno.uid() !== 0) return "labs need root";
  const missing = new Set<string>();
  for (const [program, debianPackage] of Object.entries(PROGRAMS)) {
    if (!await hasProgram(program)) missing.add(debianPackage);
  }
  if (missing.size === 0) return undefined;
  return `labs need these Debian packages: ${[...missing].join(" ")}`;
}
