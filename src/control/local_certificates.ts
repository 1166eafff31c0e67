import {
  formatIdentity,
  type Identity,
  sameIdentity,
} from "../model/identity.ts";
import { type PackedDelta, unpackWorkload } from "../model/packed_workload.ts";
import type { Workload, WorkloadUid } from "../model/workload.ts";
import type { CertificateManager } from "./certificates/mod.ts";

/**
 * Has a certificate ready for every mesh workload of this node before its first
 * connection, and lets go of those that no workload needs any more.
 */
export class LocalCertificates {
  readonly #manager: Pick<CertificateManager, "request" | "forget">;
  readonly #node: string;
  readonly #identities = new Map<WorkloadUid, Identity>();

  constructor(
    manager: Pick<CertificateManager, "request" | "forget">,
    node: string,
  ) {
    this.#manager = manager;
    this.#node = node;
  }

  /** Follows a change of the mesh. */
  apply(delta: PackedDelta): void {
    for (const packed of delta.workloads) this.#put(unpackWorkload(packed));
    for (const uid of delta.removedWorkloads) this.#drop(uid);
  }

  #put(workload: Workload): void {
    const tunnels = workload.protocol === "HBONE" || workload.nativeTunnel;
    if (workload.node !== this.#node || !tunnels) {
      return this.#drop(workload.uid);
    }
    const { trustDomain, namespace, serviceAccount } = workload;
    const identity = { trustDomain, namespace, serviceAccount };
    const before = this.#identities.get(workload.uid);
    if (before !== undefined && sameIdentity(before, identity)) return;
    this.#drop(workload.uid);
    this.#identities.set(workload.uid, identity);
    this.#manager.request(identity, "warmup");
  }

  #drop(uid: WorkloadUid): void {
    const identity = this.#identities.get(uid);
    if (identity === undefined) return;
    this.#identities.delete(uid);
    const spiffeId = formatIdentity(identity);
    for (const other of this.#identities.values()) {
      if (formatIdentity(other) === spiffeId) return;
    }
    this.#manager.forget(identity);
  }
}
