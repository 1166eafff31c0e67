/** Judgements on what was seen of one pod; pure. */
import { failed, type Judgement, ok, warning } from "./finding.ts";
import { namely } from "./judge_rules.ts";
import type { SocketRow } from "./sockets_text.ts";

const PROXY_PORTS = [15001, 15006, 15008];

/** Who listens on the proxy's ports. @param proxyPid The process behind the admin server. */
export function judgeListeners(
  sockets: readonly SocketRow[] | undefined,
  { proxyPid, dns }: {
    readonly proxyPid: number | undefined;
    readonly dns: boolean;
  },
): Judgement {
  const check = "listeners";
  if (sockets === undefined) {
    return failed(check, "cannot be told without ss", "install iproute2");
  }
  const ports = dns ? [...PROXY_PORTS, 15053] : PROXY_PORTS;
  const at = (port: number) => sockets.filter((s) => s.localPort === port);
  const missing = ports.filter((port) => at(port).length === 0);
  const strangers = proxyPid === undefined ? [] : ports.flatMap(at).filter(
    ({ owner }) => owner !== undefined && owner.pid !== proxyPid,
  );
  if (strangers.length > 0) {
    const named = strangers.map(({ localPort, owner }) =>
      `${localPort} is held by "${owner?.program}" (pid ${owner?.pid})`
    );
    return failed(
      check,
      namely([...new Set(named)]),
      "let the application use another port, or end the other proxy",
    );
  }
  if (missing.length > 0) {
    return failed(
      check,
      `nobody listens on ${missing.join(", ")}`,
      "start hairpin on this node, and see its log for this pod",
    );
  }
  return proxyPid === undefined
    ? warning(
      check,
      `somebody listens on ${ports.join(", ")}`,
      "run the check where the admin server can be reached, to know who",
    )
    : ok(check, `hairpin (pid ${proxyPid}) on ${ports.join(", ")}`);
}

/** What a TLS handshake with 15008 came to. */
export type TunnelAnswer =
  | {
    readonly kind: "identity";
    readonly spiffeId: string;
    readonly asked: boolean;
  }
  | { readonly kind: "problem"; readonly text: string };

/**
 * Whether 15008 is mTLS, by the identity of this pod.
 *
 * @param account `NAMESPACE/ACCOUNT`, when known.
 * @param held Identities that the proxy has certificates of: they tell its trust domain.
 */
export function judgeTunnel(
  answer: TunnelAnswer,
  account: string | undefined,
  held: readonly string[] = [],
): Judgement {
  const check = "mTLS on 15008";
  if (answer.kind === "problem") {
    return failed(check, answer.text, "see hairpin's log for its certificates");
  }
  const { spiffeId, asked } = answer;
  const path = account && `/ns/${account.replace("/", "/sa/")}`;
  const own = held.filter((one) => path !== undefined && one.endsWith(path));
  const isOwn = own.length > 0
    ? own.includes(spiffeId)
    : path === undefined || spiffeId.endsWith(path);
  if (!isOwn) {
    return failed(
      check,
      `answered by ${spiffeId}, not by ${
        own[0] ?? `service account ${account}`
      }`,
      "somebody else's proxy serves this namespace",
    );
  }
  return asked
    ? ok(check, `answered by ${spiffeId}, refuses clients without certificate`)
    : failed(
      check,
      `${spiffeId} takes clients without certificate`,
      "whoever listens there is no HBONE server",
    );
}

/** Whether a query to a resolver that does not exist was answered all the same. */
export function judgeDns(captured: boolean, answered: boolean): Judgement {
  const check = "DNS capture";
  if (!captured) return ok(check, "off");
  return answered
    ? ok(check, "a query to port 53 was answered by the proxy")
    : failed(
      check,
      "a query to port 53 was not answered",
      "check rules and the listeners on 15053, and hairpin's --resolv-conf",
    );
}

/** What the node's connection to the application looked like from inside the pod. */
export type HostProbe =
  | { readonly kind: "none" }
  /** Nobody can say which port is open, or who is seen there. */
  | { readonly kind: "unknown" }
  /** This is not where the node's own processes are. */
  | { readonly kind: "elsewhere"; readonly pod: string }
  | { readonly kind: "failed"; readonly port: number; readonly why: string }
  | { readonly kind: "seen"; readonly port: number; readonly direct: boolean };

/** Whether a kubelet's probe reaches the application past the proxy. */
export function judgeHostProbe(probe: HostProbe): Judgement {
  const check = "probes from the node";
  if (probe.kind === "none") return ok(check, "no port of the pod to try");
  if (probe.kind === "unknown") {
    return warning(check, "cannot be told without ss", "install iproute2");
  }
  if (probe.kind === "elsewhere") {
    return ok(
      check,
      `to be tried on the node: this is the namespace of ${probe.pod}`,
    );
  }
  const hint =
    "ISTIO_POSTRT must be first in the node's nat POSTROUTING, with this pod's address";
  if (probe.kind === "failed") {
    return failed(check, `port ${probe.port}: ${probe.why}`, hint);
  }
  return probe.direct
    ? ok(check, `port ${probe.port} is reached past the proxy`)
    : failed(check, `port ${probe.port} is reached by the proxy only`, hint);
}

export const judgeRouting = (missing: readonly string[]): Judgement =>
  missing.length === 0
    ? ok("routing", "as planned")
    : failed("routing", namely(missing), "hairpin redirect apply");

/** How a namespace has IPv6. */
export interface PodIpv6 {
  /** Whether the pod has an address that others reach. */
  readonly hasAddress: boolean;
  readonly captured: boolean;
  /** Whether the proxy is set to serve it. */
  readonly wanted: boolean;
  readonly onLoopback: boolean;
}

/** Whether a second family leads past the proxy, or nowhere. */
export function judgeIpv6(
  { hasAddress, captured, wanted, onLoopback }: PodIpv6,
): Judgement {
  const check = "IPv6";
  if (!hasAddress) return ok(check, "the pod has no address of it");
  if (!captured) {
    return wanted
      ? failed(check, "passes the proxy by", "hairpin redirect apply")
      : warning(
        check,
        "passes the proxy by, as it is set",
        "set IPV6_ENABLED=true, or give pods no IPv6 address",
      );
  }
  return onLoopback ? ok(check, "captured") : failed(
    check,
    "outbound connections are led to ::1, which the pod does not have",
    "in the pod: sysctl -w net.ipv6.conf.lo.disable_ipv6=0",
  );
}
