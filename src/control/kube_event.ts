import type { KubeRequest } from "./kube_api/mod.ts";

/** What an Event of the Kubernetes API is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What an Event says. */
export interface EventWords {
  readonly type: "Normal" | "Warning";
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
}

/** The request that makes an Event. */
export function eventRequest(
  involvedObject: EventSubject,
  { type, reason, message }: EventWords,
  nowMs: number,
): KubeRequest {
  const { namespace, name } = involvedObject;
  const time = new Date(nowMs).toISOString().replace(/\.\d+/, "");
  return {
    verb: "create",
    resource: "events",
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`,
    object: {
      apiVersion: "v1",
      kind: "Event",
      metadata: { generateName: `${name.slice(0, 200)}.`, namespace },
      involvedObject,
      type,
      reason,
      message: message.slice(0, EVENT_MESSAGE_MAX),
      source: { component: "hairpin" },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    },
  };
}

/** Longest message of an Event, in characters. Source: the API server takes 1024. */
const EVENT_MESSAGE_MAX = 1_000;
