/** A waypoint that has the mesh from istiod, and layer 7 from the Kubernetes API. */
import assert from "node:assert/strict";
import { parseRequestLog } from "../lab/mod.ts";
import { istiodTest } from "./istiod_support.ts";
import { startIstiodWaypoint, WAYPOINT_LABELS } from "./istiod_waypoint.ts";
import { eventually, HTTP_PORT } from "./support.ts";

const SERVICE = { group: "", kind: "Service", name: "httpbin" };

istiodTest(
  "a waypoint fronts what istiod says, and does what the API says",
  async (mesh) => {
    const { lab, plane, nodes } = mesh;
    const pod = await mesh.addPod("waypoint", "node-1", WAYPOINT_LABELS);
    const { env } = nodes["node-1"];
    const waypoint = await startIstiodWaypoint(lab, plane, pod, env);
    await mesh.plane.kubectl(
      ["label", "service", "httpbin", "istio.io/use-waypoint=waypoint"],
    );
    // istiod takes the address that hairpin wrote into the Gateway's status.
    await eventually("requests pass the waypoint", async () => {
      await mesh.get();
      return parseRequestLog(waypoint.process.log()).length > 0;
    });
    await eventually(
      "requests are answered",
      async () => (await mesh.get()).status === 200,
    );
    await mesh.plane.apply({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "denied", namespace: "default" },
      spec: {
        targetRefs: [SERVICE],
        action: "DENY",
        rules: [{ to: [{ operation: { ports: [`${HTTP_PORT}`] } }] }],
      },
    });
    await eventually(
      "requests are denied at layer 7",
      async () => (await mesh.get()).status === 403,
    );
    await mesh.plane.delete("authorizationpolicy", "denied", "default");
    await eventually(
      "requests are answered again",
      async () => (await mesh.get()).status === 200,
    );
    const line = await waypoint.untilRequest(
      "a denial",
      ({ status }) => status === 403,
    );
    assert.equal(line.status, 403);
  },
);
