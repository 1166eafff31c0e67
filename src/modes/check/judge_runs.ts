/** Judgement on how pods have run since they are in the mesh; pure. */
import { failed, type Judgement, ok, warning } from "./finding.ts";
import { nameOf } from "./judge_mesh.ts";
import { namely } from "./judge_rules.ts";
import type { ContainerRun, PodRun } from "./pod_runs.ts";

const check = "containers";

const HINT =
  "see kubectl logs --previous, and hairpin check --pod NAMESPACE/NAME for its probes; " +
  "to know whether it is the mesh, annotate the pod with hairpin.dev/bypass-capture for a while";

/** Whether enrolment left every container as it was: the same one, ready. */
export function judgeRuns(pods: readonly PodRun[]): Judgement {
  const all = pods.flatMap((pod) =>
    pod.containers.map((container) => ({ pod, container }))
  );
  const down = all.filter(({ container }) => !container.ready);
  if (down.length > 0) {
    return failed(
      check,
      namely(down.map(({ pod, container }) => {
        const why = container.waiting ?? restartOf(pod, container);
        const more = why === undefined ? "" : ` (${why})`;
        return `${nameOf(pod)}: "${container.name}" is not ready${more}`;
      })),
      HINT,
    );
  }
  const again = all.flatMap(({ pod, container }) => {
    const restart = restartOf(pod, container);
    return restart === undefined
      ? []
      : [`${nameOf(pod)}: "${container.name}" ${restart}`];
  });
  return again.length === 0
    ? ok(
      check,
      `${all.length} of ${pods.length} pods, all ready, none restarted since its pod is enrolled`,
    )
    : warning(check, namely(again), HINT);
}

/** A restart that came after the enrolment; one before has nothing to do with it. */
function restartOf(
  { enrolledAt }: PodRun,
  { ended, restarts }: ContainerRun,
): string | undefined {
  if (enrolledAt === undefined || ended === undefined) return undefined;
  if (!(Date.parse(ended.at) > Date.parse(enrolledAt))) return undefined;
  return `ended at ${ended.at} (${ended.how}), enrolled at ${enrolledAt}; ` +
    `${restarts} restarts in all`;
}
