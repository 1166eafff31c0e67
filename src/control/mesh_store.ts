import { EMPTY_DELTA, type MeshDelta } from "../model/delta.ts";
import { diffMesh, isEmptyDelta, type MeshResources } from "../model/diff.ts";
import { type MeshReader, MeshState } from "../model/mesh_state.ts";

/** The control thread's own copy of the mesh; every change goes on to `publish`. */
export class MeshStore {
  readonly #state = new MeshState();
  readonly #sources = new Map<string, MeshResources>();
  readonly #publish: (delta: MeshDelta) => void;

  constructor(publish: (delta: MeshDelta) => void) {
    this.#publish = publish;
  }

  get mesh(): MeshReader {
    return this.#state;
  }

  /** Takes a source's whole state; what it does not name any more is removed. */
  replace(source: string, resources: MeshResources): void {
    const before = this.#sources.get(source) ?? EMPTY_DELTA;
    this.#sources.set(source, resources);
    this.apply(diffMesh(before, resources));
  }

  apply(delta: MeshDelta): void {
    if (isEmptyDelta(delta)) return;
    this.#state.apply(delta);
    this.#publish(delta);
  }
}
