/** The commands of the pages, typed into a shell beside processes that run. */
import assert from "node:assert/strict";
import { inNamespace, netnsPath, run } from "../lab/command.ts";
import { buildMesh, type DemoMesh, startProxies } from "../lab/demo/mesh.ts";
import {
  ControlPlane,
  controlPlaneSkipReason,
  testTools,
} from "../lab/control_plane/mod.ts";
import { Lab, type LabPod, labSkipReason } from "../lab/mod.ts";
import { expandUsage } from "../support/markdown.ts";
import { makeHairpinCommand, REPOSITORY_PATH } from "./docs_support.ts";
import { IN_A_CLUSTER, IN_A_MESH, type MeshPlace } from "./docs_table.ts";

const skip = await labSkipReason();
if (skip !== undefined) {
  console.log(`commands of the pages are skipped: ${skip}`);
}

/** Puts what there is here in the place of what a page says. */
const fillIn = (text: string, { httpbin }: DemoMesh): string =>
  text.replace(/^kubectl .* -- /, "")
    .replaceAll(/(?<=--netns )\S+/g, netnsPath(httpbin.netns))
    .replaceAll("NAMESPACE/NAME", "default/httpbin")
    .replaceAll("NAMESPACE/POD", "default/sleep")
    .replaceAll("--admin HOST:PORT", "--admin 127.0.0.1:15000")
    .replaceAll("HOST:PORT", "httpbin:8000")
    .replaceAll("10.0.1.5", httpbin.ips[0]!);

/** A machine has the namespaces of its own pods alone, and not those of its neighbours in the lab. */
const WITH_PODS = `
own=$(mktemp -d "$1/own.XXXX"); shift
cd "$1"; shift
text=$1; shift
for netns in "$@"; do
  touch "$own/$netns"
  mount --bind "/run/netns/$netns" "$own/$netns"
done
mount --rbind "$own" /run/netns
exec sh -c "$text"
`;

Deno.test({
  name: "commands of the pages say what they should in a mesh",
  ignore: skip !== undefined,
  fn: async (t) => {
    await using lab = await Lab.create();
    const mesh = await buildMesh(lab);
    const proxies = await startProxies(mesh);
    const pods: Record<MeshPlace, readonly LabPod[]> = {
      client: [mesh.sleep, mesh.notsleep],
      server: [mesh.httpbin],
      waypoint: [],
    };
    const env = { PATH: await makeHairpinCommand(`${lab.folder}/bin`) };
    const type = (text: string, place: MeshPlace) => {
      const folder = text.startsWith("./") ? REPOSITORY_PATH : lab.folder;
      const names = pods[place].map(({ netns }) => netns);
      const shell = ["unshare", "--mount", "sh", "-e", "-c", WITH_PODS, "sh"];
      const words = [...shell, lab.folder, folder, text, ...names];
      return run(inNamespace(proxies[place].place.netns, words), { env });
    };
    const seen = new Set<string>();
    for (const [command, place, says] of IN_A_MESH) {
      const isOurs = /(?:^| )hairpin /.test(command);
      for (const usage of isOurs ? expandUsage(command) : [command]) {
        const text = fillIn(usage, mesh);
        if (seen.has(`${place} ${text}`)) continue;
        seen.add(`${place} ${text}`);
        await t.step(text, async () => {
          const { code, stdout, stderr } = await type(text, place);
          assert.equal(code, 0, stdout + stderr);
          assert.match(stdout, says);
        });
      }
    }
  },
});

const clusterSkip = await controlPlaneSkipReason();
if (clusterSkip !== undefined) {
  console.log(`commands of the pages for clusters are skipped: ${clusterSkip}`);
}

/** What is there before a page begins: Istio's namespace, the reader's pod, the definitions of a Prometheus operator. */
async function prepareCluster(plane: ControlPlane): Promise<void> {
  await plane.addNamespace("istio-system", {});
  await plane.addPod({ name: "cart", node: "node-1", ips: ["10.0.1.7"] });
  const group = "monitoring.coreos.com";
  const openAPIV3Schema = {
    type: "object",
    "x-kubernetes-preserve-unknown-fields": true,
  };
  await plane.apply({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `podmonitors.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "podmonitors", kind: "PodMonitor" },
      versions: [{
        ...{ name: "v1", served: true, storage: true },
        schema: { openAPIV3Schema },
      }],
    },
  });
  const definition = `crd/podmonitors.${group}`;
  const wait = ["wait", "--for=condition=Established", "--timeout=60s"];
  await plane.kubectl([...wait, definition]);
}

Deno.test({
  name: "commands of the pages do what they say in a cluster",
  ignore: clusterSkip !== undefined,
  fn: async (t) => {
    await using plane = await ControlPlane.start({ istiod: false });
    await prepareCluster(plane);
    const folder = `${plane.folder}/reader`;
    await Deno.mkdir(folder);
    await Deno.symlink(`${REPOSITORY_PATH}/scripts`, `${folder}/scripts`);
    const PATH = `${testTools()}:${Deno.env.get("PATH")}`;
    const env = { PATH, KUBECONFIG: plane.kubeconfig };
    for (const [command, says] of IN_A_CLUSTER) {
      const text = command.replaceAll("IMAGE", "registry.example/hairpin:1")
        .replaceAll("NAME", "httpbin");
      await t.step(text, async () => {
        const shell = ["sh", "-e", "-c", `cd "$0"; ${text}`, folder];
        const { code, stdout, stderr } = await run(shell, { env });
        assert.equal(code, 0, stdout + stderr);
        assert.match(stdout + stderr, says);
      });
    }
    const { spec } = await plane.get<
      { spec: { template: { spec: { containers: { image: string }[] } } } }
    >("daemonset", "hairpin", "istio-system");
    const [container] = spec.template.spec.containers;
    assert.equal(container!.image, "registry.example/hairpin:1");
  },
});
