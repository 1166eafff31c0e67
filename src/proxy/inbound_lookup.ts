import type { SocketAddress } from "../model/address.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import type { Workload } from "../model/workload.ts";
import type { ProxyContext } from "./context.ts";
import { type ArrivedConnection, judgePassage } from "./passage.ts";

/** Where an inbound connection is going, or why it is not. */
type Target =
  | { readonly kind: "accept"; readonly dst: SocketAddress }
  | { readonly kind: "refuse" };

/**
 * Decides where an inbound connection is going. On demand, it also has all that
 * is needed to judge its passage told before it returns.
 *
 * @throws {LookupError} where it is told on demand, and is not told in time.
 */
export async function lookUpInbound<T extends Target>(
  context: ProxyContext,
  workload: Workload,
  arrived: Omit<ArrivedConnection, "dst">,
  resolve: (mesh: MeshReader) => T,
): Promise<T> {
  const { lookups } = context;
  if (lookups === undefined) return resolve(context.mesh);
  return await lookups.settle((mesh) => {
    const target: T = resolve(mesh);
    if (target.kind === "accept") {
      const { dst } = target;
      judgePassage({ ...context, mesh }, workload, { ...arrived, dst });
    }
    return target;
  });
}
