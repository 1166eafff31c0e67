/** What the tests of node-level redirection have in common. */
import type { LabNode, LabPod } from "../lab/mod.ts";
import { identityOf } from "./calls.ts";
import type { Mesh } from "./support.ts";

/** No plaintext for any pod of the mesh. */
export const STRICT = {
  apiVersion: "security.istio.io/v1",
  kind: "PeerAuthentication",
  metadata: { name: "strict", namespace: "istio-system" },
  spec: { mtls: { mode: "STRICT" } },
};

/** Refuses these callers at that pod. */
export const denyFrom = (at: LabPod, callers: readonly LabPod[]) => ({
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: "deny", namespace: at.namespace },
  spec: {
    selector: { matchLabels: at.labels },
    action: "DENY",
    rules: [{
      from: [{
        source: {
          principals: callers.map((pod) =>
            identityOf(pod).replace("spiffe://", "")
          ),
        },
      }],
    }],
  },
});

/** What a shell command prints there. */
export async function out(
  { lab }: Pick<Mesh, "lab">,
  at: LabNode | LabPod,
  command: string,
) {
  const { stdout, stderr } = await lab.exec(at, ["sh", "-c", command]);
  return stdout + stderr;
}

/** All that this mode puts into a node's namespace. */
export const tracesAt = (
  mesh: Pick<Mesh, "lab">,
  node: LabNode,
): Promise<string> =>
  out(
    mesh,
    node,
    "nft list tables | grep hairpin; ip link show dev hairpin-node 2>/dev/null; " +
      "ip rule | grep -E '^(9[789]|10[01]):'; ip -6 rule | grep -E '^(9[789]|10[01]):'; " +
      "ip route show table 15006 2>/dev/null",
  );
