/** The pods that a node's own process enrols, found by their namespace path. */
import type { Ip } from "../model/address.ts";
import {
  BYPASS_INBOUND_ANNOTATION,
  DNS_CAPTURE_ANNOTATION,
  NETNS_ANNOTATION,
  parseFlag,
  REROUTE_INTERFACES_ANNOTATION,
} from "./annotations.ts";
import { isEnrolled } from "./enrolment.ts";
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

/**
 * @param nodeName Pods of other nodes are left out; a pod that names no node
 * belongs to whoever can reach its namespace path.
 */
export function podsOfNode(
  kubeObjects: readonly KubeObject[],
  nodeName: string,
  options: Partial<MeshSettings> = {},
): { readonly pods: readonly NodePod[]; readonly warnings: readonly string[] } {
  const settings = { ...DEFAULT_SETTINGS, ...options };
  const objects = new MeshObjects(kubeObjects);
  const pods = objects.all("Pod").filter((pod) =>
    (pod.spec.nodeName === nodeName || pod.spec.nodeName === "") &&
    pod.metadata.annotations[NETNS_ANNOTATION] !== undefined &&
    isEnrolled(pod, objects, settings)
  );
  return { pods: pods.map(nodePod), warnings: pods.flatMap(flagWarnings) };
}

function nodePod(pod: PodObject): NodePod {
  const { metadata } = pod;
  return {
    uid: metadata.uid || nameOf(pod),
    name: metadata.name,
    namespace: metadata.namespace,
    serviceAccount: serviceAccountOf(pod),
    netnsPath: metadata.annotations[NETNS_ANNOTATION] ?? "",
    ips: podIps(pod),
    overrides: overridesOf(metadata.annotations),
  };
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
  return FLAGS.filter((key) =>
    annotations[key] !== undefined && parseFlag(annotations[key]) === undefined
  ).map((key) =>
    `Pod "${nameOf(pod)}" annotation ${key} is ignored: ` +
    `${JSON.stringify(annotations[key])} is not true or false`
  );
}
