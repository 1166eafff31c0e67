import type { Figure } from "../figures.ts";
import { measureScale } from "./measure.ts";

/** Sizes of meshes, in workloads; the largest is the one that Istio publishes figures for. */
const SIZES = [1_000, 10_000, 69_000] as const;
const QUICK_SIZES = [1_000] as const;

export type ScaleSubject = "hairpin" | "ztunnel";

export interface ScaleOptions {
  readonly subjects: readonly ScaleSubject[];
  /** Path of ztunnel, where it is a subject. */
  readonly ztunnel: string | undefined;
  readonly workers: number;
  readonly quick: boolean;
  readonly progress: (line: string) => void;
}

/** Each proxy with meshes of all sizes, on a lab of its own each time. */
export async function runScale(options: ScaleOptions): Promise<Figure[]> {
  const { subjects, ztunnel, workers, quick, progress } = options;
  const program = ztunnel === undefined ? {} : { program: ztunnel };
  const figures: Figure[] = [];
  for (const workloads of quick ? QUICK_SIZES : SIZES) {
    for (const kind of subjects) {
      progress(`scale, ${workloads} workloads: ${kind}`);
      const fed = { kind, workers, ...program };
      figures.push(...await measureScale(fed, workloads));
    }
  }
  return figures;
}
