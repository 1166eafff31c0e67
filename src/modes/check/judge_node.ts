/** Judgements on the node and on the proxy that runs on it; pure. */
import type { Dump } from "../../view/mod.ts";
import { failed, type Judgement, ok, warning } from "./finding.ts";
import { namely } from "./judge_rules.ts";
import { DESCRIPTORS_MIN } from "./limits.ts";

/** Bits of `CapEff` (capabilities(7)). */
const CAPABILITIES = [
  ["CAP_NET_ADMIN", 12n],
  ["CAP_NET_RAW", 13n],
  ["CAP_SYS_ADMIN", 21n],
] as const;

/** @param status `/proc/PID/status` of the proxy. */
export function judgeCapabilities(status: string | undefined): Judgement {
  const check = "capabilities";
  const hex = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(status ?? "")?.[1];
  if (hex === undefined) return unreadable(check);
  const held = BigInt(`0x${hex}`);
  const missing = CAPABILITIES.filter(([, bit]) => (held >> bit & 1n) === 0n)
    .map(([name]) => name);
  return missing.length === 0
    ? ok(check, CAPABILITIES.map(([name]) => name).join(", "))
    : failed(
      check,
      `without ${missing.join(", ")}`,
      "add them to its container",
    );
}

/** @param limits `/proc/PID/limits` of the proxy. */
export function judgeDescriptors(limits: string | undefined): Judgement {
  const check = "file descriptors";
  const soft = /^Max open files\s+(\d+|unlimited)\s/m.exec(limits ?? "")?.[1];
  if (soft === undefined) return unreadable(check);
  return soft === "unlimited" || Number(soft) >= DESCRIPTORS_MIN
    ? ok(check, `limit ${soft}`)
    : failed(
      check,
      `limit ${soft}, under ${DESCRIPTORS_MIN}`,
      "raise the hard limit of open files (LimitNOFILE, ulimit -Hn)",
    );
}

const unreadable = (check: string) =>
  warning(
    check,
    "the process cannot be looked at",
    "run the check on the node, in its process namespace",
  );

/** Validity of what the proxy holds, by this machine's clock. */
export function judgeCertificates(
  { certificates }: Pick<Dump, "certificates">,
  now: Date,
): Judgement {
  const check = "certificates";
  const problems = certificates.flatMap(
    ({ identity, state, certChain, rootCerts }) => {
      if (certChain.length === 0) return [`${identity} has none: ${state}`];
      return [...certChain, ...rootCerts].flatMap((certificate) => {
        const problem = validityProblem(certificate, now);
        return problem === undefined ? [] : [`${identity} ${problem}`];
      });
    },
  );
  return problems.length === 0
    ? ok(check, `${certificates.length} identities, all valid`)
    : failed(
      check,
      namely([...new Set(problems)]),
      "compare the clocks of this node and of the authority, and see the log for refusals",
    );
}

function validityProblem(
  { validFrom, expirationTime }:
    Dump["certificates"][number]["certChain"][number],
  now: Date,
): string | undefined {
  if (!(Date.parse(validFrom) <= now.getTime())) {
    return `is not valid before ${validFrom}`;
  }
  return now.getTime() < Date.parse(expirationTime)
    ? undefined
    : `expired at ${expirationTime}`;
}

/** Whether every pod handed over is served. */
export function judgePods(
  { workloadState }: Pick<Dump, "workloadState">,
): Judgement {
  const pending = workloadState.filter(({ state }) => state !== "Up")
    .map(({ info }) => `${info.namespace}/${info.name}`);
  return pending.length === 0
    ? ok("pods", `${workloadState.length} served, none pending`)
    : failed(
      "pods",
      `pending: ${namely(pending)}`,
      "something else holds 15001, 15006 or 15008 there, or IPv6 is missing: see the log",
    );
}

/** Where pods come from; undefined when no node agent hands them over. */
export const agentSocketOf = (
  { config, hairpin }: {
    readonly config: { readonly inpodUds: string };
    readonly hairpin?: { readonly redirect: string } | undefined;
  },
): string | undefined =>
  hairpin?.redirect === "agent" ? config.inpodUds : undefined;

/** @param path Of {@link agentSocketOf}. @param isSocket What stands there. */
export function judgeAgentSocket(
  path: string | undefined,
  isSocket: boolean,
): Judgement {
  const check = "agent socket";
  if (path === undefined) return ok(check, "not used");
  return isSocket ? ok(check, path) : failed(
    check,
    `no socket at ${path}`,
    "start the node agent, and share the socket's folder with hairpin",
  );
}

/** Programs as they were found on this node. */
export interface FoundPrograms {
  /** Each with the package that it comes in. */
  readonly missing: readonly (readonly [program: string, package_: string])[];
  readonly writers: readonly string[];
}

/** Whether everything can be looked at, and rules be written. */
export function judgePrograms(
  { missing, writers }: FoundPrograms,
): Judgement {
  const check = "programs";
  const lacking = [
    ...missing,
    ...writers.length > 0 ? [] : [["iptables or nft", "iptables"] as const],
  ];
  if (lacking.length === 0) {
    return ok(check, `${writers.join(" and ")}, ss, ip`);
  }
  const packages = [...new Set(lacking.map(([, name]) => name))];
  return failed(
    check,
    `not installed: ${lacking.map(([program]) => program).join(", ")}`,
    `install ${packages.join(" and ")} where hairpin and this check run`,
  );
}
