import { recordLookups } from "../decide/record_lookups.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import { LookupError, type Lookups } from "../proxy/look_up.ts";
import { LOOKUP_ROUNDS_MAX } from "./limits.ts";

/** A data worker's questions about what its mesh does not have. */
export class AddressLookups implements Lookups {
  readonly #mesh: MeshReader;
  readonly #ask: (name: string) => void;
  readonly #answered = new Set<string>();
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();

  /** @param ask Asks the control thread, which answers by {@link answer}. */
  constructor(mesh: MeshReader, ask: (name: string) => void) {
    this.#mesh = mesh;
    this.#ask = ask;
  }

  async settle<T>(decide: (mesh: MeshReader) => T): Promise<T> {
    for (let round = 0; round < LOOKUP_ROUNDS_MAX; round++) {
      const missed = new Set<string>();
      const decision = decide(recordLookups(this.#mesh, missed));
      const unasked = [...missed].filter((name) => !this.#answered.has(name));
      if (unasked.length === 0) return decision;
      await Promise.all(unasked.map((name) => this.#want(name)));
    }
    throw new LookupError(`more than ${LOOKUP_ROUNDS_MAX} lookups in a row`);
  }

  /**
   * The control thread has spoken; what there is, the mesh has by now.
   *
   * @param failure Why there is no answer; a later lookup asks again.
   */
  answer(name: string, failure: string | undefined): void {
    const waiting = this.#waiting.get(name);
    this.#waiting.delete(name);
    if (failure === undefined) {
      this.#answered.add(name);
      waiting?.resolve();
    } else waiting?.reject(new LookupError(failure));
  }

  #want(name: string): Promise<void> {
    const known = this.#waiting.get(name);
    if (known !== undefined) return known.promise;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.set(name, waiting);
    this.#ask(name);
    return waiting.promise;
  }
}
