/** Pods of the Kubernetes API, as far as their containers tell how they run; pure. */
import * as v from "valibot";
import { REDIRECTION_ANNOTATION } from "../../kube/mod.ts";

/** One container, as its kubelet reported it last. */
export interface ContainerRun {
  readonly name: string;
  readonly ready: boolean;
  readonly restarts: number;
  /** When and how it ended last; RFC 3339. */
  readonly ended: { readonly at: string; readonly how: string } | undefined;
  /** Why it does not run. */
  readonly waiting: string | undefined;
}

/** A pod that is in the mesh. */
export interface PodRun {
  readonly namespace: string;
  readonly name: string;
  /** When its annotation was written; RFC 3339. */
  readonly enrolledAt: string | undefined;
  readonly containers: readonly ContainerRun[];
}

const text = v.optional(v.string(), "");

const ended = v.object({
  finishedAt: text,
  reason: text,
  exitCode: v.optional(v.number()),
});
const state = v.optional(
  v.object({
    waiting: v.optional(v.object({ reason: text })),
    terminated: v.optional(ended),
  }),
  {},
);

const pod = v.object({
  metadata: v.object({
    namespace: v.string(),
    name: v.string(),
    annotations: v.optional(v.record(v.string(), v.string()), {}),
    deletionTimestamp: v.optional(v.string()),
    managedFields: v.optional(
      v.array(v.object({ time: text, fieldsV1: v.optional(v.unknown()) })),
      [],
    ),
  }),
  status: v.optional(
    v.object({
      phase: text,
      containerStatuses: v.optional(
        v.array(v.object({
          name: v.string(),
          ready: v.boolean(),
          restartCount: v.number(),
          state,
          lastState: state,
        })),
        [],
      ),
    }),
    {},
  ),
});

type RawPod = v.InferOutput<typeof pod>;
type RawContainer = NonNullable<RawPod["status"]["containerStatuses"]>[number];

/** @returns undefined for what is no pod, or none that runs in the mesh. */
export function readPodRun(value: unknown): PodRun | undefined {
  const result = v.safeParse(pod, value);
  if (!result.success) return undefined;
  const { metadata, status } = result.output;
  const { namespace, name, annotations, deletionTimestamp } = metadata;
  const runs = deletionTimestamp === undefined && status.phase === "Running";
  if (!runs || annotations[REDIRECTION_ANNOTATION] !== "enabled") {
    return undefined;
  }
  return {
    namespace,
    name,
    enrolledAt: enrolmentOf(metadata),
    containers: (status.containerStatuses ?? []).map(containerRun),
  };
}

/** The API server keeps of each writer what it wrote, and when. */
function enrolmentOf(
  { managedFields }: RawPod["metadata"],
): string | undefined {
  const key = `f:${REDIRECTION_ANNOTATION}`;
  return managedFields.find(({ fieldsV1 }) =>
    at(at(at(fieldsV1, "f:metadata"), "f:annotations"), key) !== undefined
  )?.time;
}

const at = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;

function containerRun(
  { name, ready, restartCount, state, lastState }: RawContainer,
): ContainerRun {
  const last = state.terminated ?? lastState.terminated;
  return {
    name,
    ready,
    restarts: restartCount,
    ended: last && { at: last.finishedAt, how: howOf(last) },
    waiting: state.waiting?.reason,
  };
}

const howOf = ({ reason, exitCode }: v.InferOutput<typeof ended>): string =>
  [reason, exitCode === undefined ? "" : `exit code ${exitCode}`]
    .filter((one) => one !== "").join(", ");
