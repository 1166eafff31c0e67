/** What the tests of node-level redirection have in common. */
import type { LabPod } from "../lab/mod.ts";
import { identityOf } from "./calls.ts";

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
