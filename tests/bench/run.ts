import type { Benchmark, Settings } from "./benchmarks.ts";
import { type Figure, joinRounds } from "./figures.ts";
import type { Subject } from "./subjects.ts";

export interface Plan {
  readonly benchmarks: readonly Benchmark[];
  readonly settings: Settings;
  readonly rounds: number;
  /** Told what is about to run. */
  readonly progress: (line: string) => void;
}

/**
 * Runs every benchmark on every subject. Rounds are interleaved (each subject
 * once, then each again), so that a slow minute of the machine falls on all.
 */
export async function runPlan(
  subjects: readonly Subject[],
  plan: Plan,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const benchmark of plan.benchmarks) {
    const able = subjects.filter((subject) => canRun(benchmark, subject));
    if (!benchmark.once) await warmUp(able, benchmark, plan);
    const rounds = benchmark.once ? 1 : plan.rounds;
    for (let round = 1; round <= rounds; round++) {
      figures.push(...await runRound(able, benchmark, plan, round));
    }
  }
  return joinRounds(figures);
}

const canRun = (
  { needsWaypoint, needsLanes }: Benchmark,
  { waypoint, lanes }: Subject,
) =>
  (needsWaypoint !== true || waypoint !== undefined) &&
  (needsLanes !== true || lanes !== undefined);

async function runRound(
  subjects: readonly Subject[],
  benchmark: Benchmark,
  plan: Plan,
  round: number,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const subject of subjects) {
    plan.progress(`${benchmark.name}, round ${round}: ${subject.name}`);
    figures.push(...await benchmark.measure(subject, plan.settings));
  }
  return figures;
}

/** A short run that is not counted: code gets compiled, tunnels get opened, windows grow. */
async function warmUp(
  subjects: readonly Subject[],
  benchmark: Benchmark,
  plan: Plan,
): Promise<void> {
  for (const subject of subjects) {
    plan.progress(`${benchmark.name}, warming up: ${subject.name}`);
    await benchmark.measure(subject, { ...plan.settings, seconds: 1 });
  }
}
