import { EMPTY_DELTA } from "../model/delta.ts";
import { MeshState } from "../model/mesh_state.ts";
import { packWorkload } from "../model/packed_workload.ts";
import { sampleWorkload } from "../model/sample_workload.ts";
import { slicesOf } from "../model/slices.ts";
import { PIECE_ENTRIES } from "./limits.ts";

/** Workloads of a rehearsal: what it takes to have the code compiled. Own choice. */
const COUNT = 3_000;

/**
 * Takes a mesh that nobody asks for, and forgets it: the code that takes one is
 * compiled before connections are there. A large mesh that came first would
 * hold them up by its compilation, for 20 to 30 ms.
 *
 * @returns How many workloads it took.
 */
export function rehearse(): number {
  const mesh = new MeshState();
  const workloads = Array.from(
    { length: COUNT },
    (_, at) => packWorkload(sampleWorkload(at)),
  );
  const whole = { ...EMPTY_DELTA, workloads };
  for (const piece of slicesOf(whole, PIECE_ENTRIES)) {
    mesh.applyPacked(structuredClone(piece));
  }
  return mesh.workloads.size;
}
