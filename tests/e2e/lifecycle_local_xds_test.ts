/** A mesh that stands in ztunnel's local file. */
import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import {
  greetingOf,
  Lab,
  type LabPod,
  type LabService,
  startHttpServer,
} from "../lab/mod.ts";
import { localXds } from "../lab/ztunnel.ts";
import { AccessTail, call, identityOf } from "./calls.ts";
import { HTTP_PORT, labTest } from "./support.ts";

const PASSED = "http://10.96.0.10/";

labTest(
  "a mesh from ztunnel's local file is served like one from manifests",
  async () => {
    await using lab = await Lab.create();
    const sleep = await addPod(lab, "sleep", "node-1");
    const other = await addPod(lab, "other", "node-1");
    const web = await addPod(lab, "web", "node-2");
    await startHttpServer(lab, web, HTTP_PORT);
    const path = `${lab.folder}/local-xds.yaml`;
    await Deno.writeTextFile(path, meshText([sleep, other, web]));
    const flags = ["--local-xds", path];
    const [client, server] = await Promise.all([
      lab.startHairpin(lab.node("node-1"), { flags }),
      lab.startHairpin(lab.node("node-2"), { flags }),
    ]);
    await Promise.all([client.untilPodUp(sleep), server.untilPodUp(web)]);

    const tail = new AccessTail(client);
    const reply = await call(lab, sleep, PASSED);
    assert.equal(reply.body, `${greetingOf(web)}\n`);
    const { fields } = await tail.until({ direction: "outbound" });
    assert.equal(fields["dst.service"], "web.default.svc.cluster.local");
    assert.equal(fields["src.identity"], identityOf(sleep));
    assert.equal(fields["dst.identity"], identityOf(web));
    // The file's policy names sleep alone.
    const refused = await call(lab, other, PASSED);
    assert.equal(refused.status, 0);
    const dump = await server.configDump();
    assert.deepEqual(dump.policies.map(({ name }) => name), ["only-sleep"]);
  },
);

/** A pod whose manifest says where it runs, and not its addresses: those are in the file. */
async function addPod(lab: Lab, name: string, node: string): Promise<LabPod> {
  const pod = await lab.addPod({ name, node });
  await lab.apply(`pod-default-${name}`, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...{ name, namespace: "default", uid: pod.uid },
      annotations: { "hairpin.dev/netns": `/var/run/netns/${pod.netns}` },
    },
    spec: { nodeName: node, serviceAccountName: name },
  });
  return pod;
}

function meshText(pods: readonly LabPod[]): string {
  const service: LabService = {
    name: "web",
    namespace: "default",
    labels: {},
    selector: { app: "web" },
    ports: [{ port: 80, targetPort: HTTP_PORT }],
    vips: ["10.96.0.10", "fd96::a"],
  };
  // Ports must stay numbers, which only a Map keeps.
  const mesh = parse(localXds(pods, [service]), { mapAsMap: true });
  const web = mesh.get("workloads").find((workload: Map<string, unknown>) =>
    workload.get("name") === "web"
  );
  web.set("authorizationPolicies", ["default/only-sleep"]);
  mesh.set("policies", [ONLY_SLEEP]);
  return stringify(mesh);
}

const ONLY_SLEEP = {
  name: "only-sleep",
  namespace: "default",
  scope: "WorkloadSelector",
  action: "Allow",
  dryRun: false,
  rules: [[[{
    serviceAccounts: [{ namespace: "default", serviceAccount: "sleep" }],
  }]]],
};
