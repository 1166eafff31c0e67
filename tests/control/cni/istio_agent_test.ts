/** The plugin in front of an agent that speaks as Istio's does. */
import assert from "node:assert/strict";
import { runPlugin } from "../../../src/control/cni/mod.ts";
import { makeServerCertificate } from "../../support/server_certificate.ts";
import { makeTestCa } from "../../support/test_ca.ts";

const ca = await makeTestCa();
const { certPem: cert, keyPem: key } = await makeServerCertificate(ca, [
  { type: "ip", value: "127.0.0.1" },
]);

const PREV = { cniVersion: "1.0.0", ips: [{ address: "10.0.0.2/24" }] };

/** An API of one pod, and an agent that answers with `status`. */
async function addWith(mode: string, status: number) {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "hairpin-istio-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const events: unknown[] = [];
  const agent = Deno.serve(
    {
      path: `${folder}/pluginevent.sock`,
      transport: "unix",
      onListen: () => {},
    },
    async (request) => {
      events.push([new URL(request.url).pathname, await request.json()]);
      return new Response(status === 200 ? "" : "no rules", { status });
    },
  );
  stack.defer(() => agent.shutdown());
  const labels = { "istio.io/dataplane-mode": mode };
  const api = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, cert, key },
    ({ url }) => {
      const isPod = new URL(url).pathname.endsWith("/pods/cart");
      return Response.json({
        apiVersion: "v1",
        kind: isPod ? "Pod" : "Namespace",
        metadata: isPod
          ? { name: "cart", namespace: "shop", labels }
          : { name: "shop" },
        ...isPod && { spec: { nodeName: "n" }, status: {} },
      });
    },
  );
  stack.defer(() => api.shutdown());
  const kubeconfig = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{
      name: "k",
      cluster: {
        server: `https://127.0.0.1:${api.addr.port}`,
        "certificate-authority-data": btoa(ca.certificatePem),
      },
    }],
    users: [{ name: "u", user: { token: "t" } }],
  };
  const file = `${folder}/istio-cni-kubeconfig`;
  await Deno.writeTextFile(file, JSON.stringify(kubeconfig));
  const { stdout, exitCode } = await runPlugin(
    {
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_NETNS: "/var/run/netns/a",
      CNI_IFNAME: "eth0",
      CNI_ARGS: "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart",
    },
    JSON.stringify({
      cniVersion: "1.0.0",
      name: "n",
      agent: "istio",
      cni_agent_run_dir: folder,
      prevResult: PREV,
    }),
  );
  return { exitCode, said: JSON.parse(stdout), events };
}

Deno.test("the plugin has Istio's agent capture a pod of the mesh", async () => {
  const { exitCode, said, events } = await addWith("ambient", 200);
  assert.deepEqual(said, PREV);
  assert.equal(exitCode, 0);
  const IPs = [{
    Interface: null,
    Address: { IP: "10.0.0.2", Mask: "////AA==" },
    Gateway: "",
  }];
  assert.deepEqual(events, [["/cmdadd", {
    Netns: "/var/run/netns/a",
    PodName: "cart",
    PodNamespace: "shop",
    IPs,
  }]]);
});

Deno.test("the plugin asks Istio's agent nothing about other pods", async () => {
  const { exitCode, said, events } = await addWith("none", 500);
  assert.deepEqual({ exitCode, said, events }, {
    exitCode: 0,
    said: PREV,
    events: [],
  });
});

Deno.test("the plugin fails when Istio's agent does", async () => {
  const { exitCode, said } = await addWith("ambient", 500);
  assert.equal(exitCode, 1);
  assert.equal(said.code, 11);
  assert.match(said.msg, /Istio's agent says 500: no rules$/);
});
