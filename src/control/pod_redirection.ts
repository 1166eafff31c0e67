/** The rules of one node's pods: how each pod's are meant to be, written and kept. */
import type { NodePod } from "../kube/mod.ts";
import {
  applyRedirect,
  applyRedirectToOpen,
  type Backend,
  DEFAULT_REDIRECT_OPTIONS,
  type OpenConnections,
  type OpenConnectionsUse,
  type RedirectTarget,
  verifyRedirect,
} from "../redirect/mod.ts";
import type { Fd } from "../sys/libc.ts";
import { netnsIdAt } from "../sys/netns.ts";
import type { Logger } from "../telemetry/log.ts";

export interface PodRedirectionOptions {
  /** What pods' rules are written with. */
  readonly backend: Backend;
  readonly ipv6: boolean;
  /** Whether pods have a DNS server that their queries can be led to. */
  readonly dnsCapture: boolean;
  readonly log: Logger;
  /** What becomes of connections that a pod has open. Default `keep`. */
  readonly openConnections?: OpenConnectionsUse;
  /** Told what became of them, whenever a pod was redirected anew. */
  onOpenConnections?(pod: NodePod, open: OpenConnections): void;
}

/** A pod, and the namespace that its rules are in. */
export interface PlacedPod {
  readonly pod: NodePod;
  readonly netns: Fd;
}

/**
 * Redirects a pod, or brings its rules in line with what it asks for now.
 *
 * @throws {RedirectError} when that fails: a pod that was open is open then, and
 * one that was redirected, or stopped, lets nothing pass the proxy by.
 */
export async function redirectPod(
  placed: PlacedPod,
  options: PodRedirectionOptions,
): Promise<void> {
  const { openConnections = "keep", onOpenConnections, log } = options;
  const { outcome, open } = await applyRedirectToOpen(
    targetOf(placed, options),
    openConnections,
  );
  const { pod } = placed;
  log.info("pod redirected", { ...fieldsOf(pod), rules: outcome });
  onOpenConnections?.(pod, open);
}

/**
 * What is other than it should be in a pod's redirection, if anything is.
 *
 * @throws {RedirectError} when that cannot be seen.
 */
export async function differenceOf(
  placed: PlacedPod,
  options: PodRedirectionOptions,
): Promise<string | undefined> {
  const [difference] = await verifyRedirect(targetOf(placed, options));
  return difference;
}

/**
 * Puts a pod's rules back where somebody changed them.
 *
 * @throws {RedirectError} as {@link redirectPod}.
 */
export async function mendPod(
  placed: PlacedPod,
  options: PodRedirectionOptions,
): Promise<void> {
  const difference = await differenceOf(placed, options);
  if (difference === undefined) return;
  await applyRedirect(targetOf(placed, options));
  options.log.warn("pod's redirection was changed, put back", {
    ...fieldsOf(placed.pod),
    found: difference,
  });
}

/** What tells a pod's namespace from others; undefined when the pod has ended. */
export const placeOf = ({ netnsPath }: NodePod): string | undefined =>
  netnsIdAt(netnsPath);

const targetOf = (
  { pod: { overrides }, netns }: PlacedPod,
  { backend, ipv6, dnsCapture }: PodRedirectionOptions,
): RedirectTarget => ({
  netns,
  backend,
  options: {
    ...DEFAULT_REDIRECT_OPTIONS,
    ipv6,
    dnsCapture: dnsCapture && (overrides.dnsCapture ?? true),
    ingressMode: overrides.bypassInboundCapture,
    virtualInterfaces: overrides.rerouteVirtualInterfaces,
  },
});

/** What a log line says of a pod. */
export const fieldsOf = ({ uid, name, namespace }: NodePod) => ({
  uid,
  name,
  namespace,
});
