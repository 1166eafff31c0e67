/** The pods that a node's own process enrols, found by their namespace path. */
import type { Ip } from "../model/address.ts";
import {
  BYPASS_CAPTURE_ANNOTATION,
  BYPASS_INBOUND_ANNOTATION,
  DNS_CAPTURE_ANNOTATION,
  MIRROR_ANNOTATION,
  NETNS_ANNOTATION,
  parseFlag,
  REROUTE_INTERFACES_ANNOTATION,
} from "./annotations.ts";
import { type BypassedPod, captureBypassOf } from "./capture_bypass.ts";
import { isEnrolled, isSelected } from "./enrolment.ts";
import { MeshObjects } from "./mesh_objects.ts";
import { type KubeObject, nameOf, type PodObject } from "./objects.ts";
import { podIps, serviceAccountOf } from "./pods.ts";
import { DEFAULT_SETTINGS, type MeshSettings } from "./settings.ts";

/** What a pod's annotations change about its redirection. */
export interface PodOverrides {
  /** undefined: as the node is set. */
  readonly dnsCapture?: boolean;
  readonly bypassInboundCapture: boolean;
  /** Interfaces whose traffic also counts as outbound, such as a VM's bridge. */
  readonly rerouteVirtualInterfaces: readonly string[];
}

export interface NodePod {
  /** `metadata.uid`, else `namespace/name`. */
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Absolute path of its network namespace. */
  readonly netnsPath: string;
  readonly ips: readonly Ip[];
  readonly overrides: PodOverrides;
}

/** Path of a pod's network namespace where one is known. */
export type NetnsOf = (pod: PodObject) => string | undefined;

/** What the pod says itself. */
export const annotatedNetns: NetnsOf = ({ metadata }) =>
  metadata.annotations[NETNS_ANNOTATION];

export interface PodsOfNode {
  readonly pods: readonly NodePod[];
  /** Those that would be among them. */
  readonly bypassed: readonly BypassedPod[];
  readonly warnings: readonly string[];
}

/**
 * @param nodeName Pods of other nodes are left out; a pod that names no node
 * belongs to whoever can reach its namespace path.
 * @param netnsOf A pod of which it knows nothing is left out.
 */
export function podsOfNode(
  kubeObjects: readonly KubeObject[],
  nodeName: string,
  options: Partial<MeshSettings> = {},
  netnsOf: NetnsOf = annotatedNetns,
): PodsOfNode {
  const settings = { ...DEFAULT_SETTINGS, ...options };
  const objects = new MeshObjects(kubeObjects);
  const selected = objects.all("Pod").filter((pod) =>
    (pod.spec.nodeName === nodeName || pod.spec.nodeName === "") &&
    isSelected(pod, objects, settings)
  );
  const enrolled = selected.filter((pod) => isEnrolled(pod, objects, settings));
  const found = enrolled.flatMap((pod) => {
    const netnsPath = netnsOf(pod);
    return netnsPath === undefined ? [] : [{ pod, netnsPath }];
  });
  return {
    pods: found.map(({ pod, netnsPath }) => nodePod(pod, netnsPath)),
    bypassed: selected.flatMap((pod) => bypassedPod(pod, netnsOf(pod))),
    warnings: found.flatMap(({ pod }) => flagWarnings(pod)),
  };
}

/** What becomes of one pod that is about to start. */
export type PodDecision =
  | { readonly kind: "enrol"; readonly pod: PodObject }
  | { readonly kind: "pass" }
  /** No object tells of it yet. */
  | { readonly kind: "unknown" };

/** @param uid Where it is known: a pod of the same name before it is another one. */
export function decidePod(
  kubeObjects: readonly KubeObject[],
  { namespace, name, uid }: {
    readonly namespace: string;
    readonly name: string;
    readonly uid?: string | undefined;
  },
  options: Partial<MeshSettings> = {},
): PodDecision {
  const settings = { ...DEFAULT_SETTINGS, ...options };
  if (settings.excludedNamespaces.includes(namespace)) return { kind: "pass" };
  const objects = new MeshObjects(kubeObjects);
  const pod = objects.find("Pod", `${namespace}/${name}`);
  if (pod === undefined) return { kind: "unknown" };
  if (uid !== undefined && !isKnownAs(pod, uid)) return { kind: "unknown" };
  return isEnrolled(pod, objects, settings)
    ? { kind: "enrol", pod }
    : { kind: "pass" };
}

/** A static pod has one uid for the kubelet and another in the API. */
const isKnownAs = ({ metadata }: PodObject, uid: string): boolean =>
  metadata.uid === "" || metadata.uid === uid ||
  metadata.annotations[MIRROR_ANNOTATION] === uid;

/** What tells a pod from one of the same name: its uid, else its name. */
export const uidOfPod = (pod: PodObject): string =>
  pod.metadata.uid || nameOf(pod);

function nodePod(pod: PodObject, netnsPath: string): NodePod {
  const { metadata } = pod;
  return {
    uid: uidOfPod(pod),
    name: metadata.name,
    namespace: metadata.namespace,
    serviceAccount: serviceAccountOf(pod),
    netnsPath,
    ips: podIps(pod),
    overrides: overridesOf(metadata.annotations),
  };
}

function bypassedPod(
  pod: PodObject,
  netnsPath: string | undefined,
): BypassedPod[] {
  const bypass = captureBypassOf(pod);
  if (bypass.kind !== "bypass") return [];
  if (pod.spec.nodeName === "" && netnsPath === undefined) return [];
  const { name, namespace } = pod.metadata;
  const { untilMs } = bypass;
  return [{ uid: uidOfPod(pod), name, namespace, untilMs, netnsPath }];
}

function overridesOf(annotations: Readonly<Record<string, string>>) {
  const dnsCapture = parseFlag(annotations[DNS_CAPTURE_ANNOTATION] ?? "");
  const interfaces = annotations[REROUTE_INTERFACES_ANNOTATION] ?? "";
  return {
    ...dnsCapture !== undefined && { dnsCapture },
    bypassInboundCapture:
      parseFlag(annotations[BYPASS_INBOUND_ANNOTATION] ?? "") ?? false,
    rerouteVirtualInterfaces: interfaces.split(",").map((name) => name.trim())
      .filter((name) => INTERFACE_NAME.test(name)),
  };
}

/** Linux takes up to 15 characters, none a slash or blank; these are the ones in use. */
const INTERFACE_NAME = /^(?!\.{1,2}$)[-\w.:@]{1,15}$/;

const FLAGS = [DNS_CAPTURE_ANNOTATION, BYPASS_INBOUND_ANNOTATION];

function flagWarnings(pod: PodObject): string[] {
  const { annotations } = pod.metadata;
  const ignored = (key: string, why: string) =>
    `Pod "${nameOf(pod)}" annotation ${key} is ignored: ` +
    `${JSON.stringify(annotations[key])} is ${why}`;
  const flags = FLAGS.filter((key) =>
    annotations[key] !== undefined && parseFlag(annotations[key]) === undefined
  ).map((key) => ignored(key, "not true or false"));
  return captureBypassOf(pod).kind === "unclear"
    ? [...flags, ignored(BYPASS_CAPTURE_ANNOTATION, UNCLEAR)]
    : flags;
}

const UNCLEAR = "neither true or false nor a time of RFC 3339";
