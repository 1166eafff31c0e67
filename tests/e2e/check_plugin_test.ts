/** `hairpin check` of what Istio's CNI plugin needs to let a pod start: each thing broken by itself. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import type { Finding } from "../../src/modes/check/finding.ts";
import { type AgentMesh, shareAgentMesh } from "./agent_support.ts";
import { assertFinds, checkNode, type Expected } from "./check_support.ts";

const meshTest = shareAgentMesh(1);

const NODE = "node-1";

/** What a plugin's kubeconfig says; as Istio's agent writes it. */
function kubeconfig(server: string, caPath: string, user: object): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{
      name: "local",
      cluster: { server, "certificate-authority": caPath },
    }],
    users: [{ name: "istio-cni", user }],
    contexts: [{
      name: "istio-cni-context",
      context: { cluster: "local", user: "istio-cni" },
    }],
    "current-context": "istio-cni-context",
  });
}

/** A token that nobody signed. */
function forgedToken(expires: string): string {
  const part = (value: object) =>
    new TextEncoder().encode(JSON.stringify(value))
      .toBase64({ alphabet: "base64url", omitPadding: true });
  const exp = Date.parse(expires) / 1_000;
  return `${part({ alg: "RS256" })}.${part({ exp })}.AAAA`;
}

/** An account of the cluster that may do nothing. */
async function powerlessToken({ plane }: AgentMesh): Promise<string> {
  await plane.kubectl(["create", "serviceaccount", "powerless"]);
  return (await plane.kubectl(["create", "token", "powerless"])).trim();
}

/** A runtime's folders beside the agent's own, in which something is broken. */
class Runtime {
  private constructor(
    readonly mesh: AgentMesh,
    readonly folder: string,
    readonly entry: Readonly<Record<string, unknown>>,
  ) {}

  /** With the entry that Istio's agent has installed. */
  static async make(mesh: AgentMesh): Promise<Runtime> {
    const installed = `${mesh.lab.folder}/agent-${NODE}/net.d/10-lab.conflist`;
    const { plugins } = JSON.parse(await Deno.readTextFile(installed));
    const folder = await Deno.makeTempDir({ dir: mesh.lab.folder });
    await Deno.mkdir(`${folder}/net.d`);
    await Deno.mkdir(`${folder}/bin`);
    await Deno.writeTextFile(`${folder}/bin/istio-cni`, "", { mode: 0o755 });
    const entry = plugins.find(({ type }: { type: string }) =>
      type === "istio-cni"
    );
    assert.ok(entry);
    return new Runtime(mesh, folder, entry);
  }

  /** What `check` says of the node. */
  async check(more: Readonly<Record<string, unknown>>): Promise<Finding[]> {
    const plugins = [{ type: "bridge" }, { ...this.entry, ...more }];
    await Deno.writeTextFile(
      `${this.folder}/net.d/10.conflist`,
      JSON.stringify({ cniVersion: "1.0.0", name: "lab", plugins }),
    );
    return await checkNode(
      this.mesh,
      this.mesh.proxy(NODE),
      ...["--cni-net-dir", `${this.folder}/net.d`],
      ...["--cni-bin-dir", `${this.folder}/bin`],
    );
  }

  /** The same with another kubeconfig. */
  async checkKubeconfig(text: string, mode = 0o600): Promise<Finding[]> {
    const path = `${this.folder}/kubeconfig`;
    await Deno.writeTextFile(path, text);
    await Deno.chmod(path, mode);
    return await this.check({ kubeconfig: path });
  }
}

meshTest(
  "check finds all that Istio's plugin needs, as its agent wrote it",
  async (mesh) => {
    const runtime = await Runtime.make(mesh);
    const findings = await runtime.check({});
    assertFinds(findings, {});
    const found = (check: string) =>
      findings.find((one) => one.check === check)?.found ?? "";
    assert.match(found("CNI chain"), /^istio-cni is the last of /);
    assert.match(found("plugin's agent"), /^answers at .*\/pluginevent\.sock$/);
    assert.match(
      found("plugin's kubeconfig"),
      /\/istio-cni-kubeconfig, a token without an end$/,
    );
    assert.match(found("plugin's API server"), /takes its credentials$/);
  },
);

meshTest("check finds that the plugin's agent is gone", async (mesh) => {
  const runtime = await Runtime.make(mesh);
  const socket = `${runtime.folder}/none.sock`;
  assertFinds(await runtime.check({ agent_socket: socket }), {
    "plugin's agent": ["failed", /^Cannot ask ".*none\.sock": .*can start$/],
  });
});

meshTest("check finds an entry that the plugin cannot read", async (mesh) => {
  const runtime = await Runtime.make(mesh);
  assertFinds(await runtime.check({ cni_agent_run_dir: 7 }), {
    "plugin's entry": ["failed", /"cni_agent_run_dir" is not a text$/],
  });
});

type Broken = readonly [
  what: string,
  write: (mesh: AgentMesh) => Promise<string> | string,
  finds: Expected,
  mode?: number,
];

const withUser = (user: object) => ({ plane: { api } }: AgentMesh) =>
  kubeconfig(api.url, api.caPath, user);

const BROKEN: readonly Broken[] = [
  ["that it is no kubeconfig", () => "[]", {
    "plugin's kubeconfig": ["failed", /^Cannot use ".*\/kubeconfig": /],
  }],
  ["that it has no token", withUser({}), {
    "plugin's kubeconfig": ["failed", /has neither token nor certificate$/],
  }],
  [
    "that its token has expired",
    withUser({ token: forgedToken("2020-01-01T00:00:00Z") }),
    {
      "plugin's kubeconfig": [
        "failed",
        /its token expired at 2020-01-01T00:00:00/,
      ],
    },
  ],
  [
    "that its token is not accepted",
    withUser({ token: forgedToken("2999-01-01T00:00:00Z") }),
    { "plugin's API server": ["failed", /does not accept these credentials/] },
  ],
  [
    "that its account has no rights",
    async (mesh) => withUser({ token: await powerlessToken(mesh) })(mesh),
    { "plugin's API server": ["failed", /403, this account lacks the right/] },
  ],
  [
    "that its API server is not there",
    ({ plane: { api } }) =>
      kubeconfig("https://127.0.0.1:15999", api.caPath, { token: api.token }),
    {
      "plugin's API server": [
        "failed",
        /^https:\/\/127\.0\.0\.1:15999: .*refused/,
      ],
    },
  ],
  [
    "that others can read it",
    ({ plane: { api } }) =>
      kubeconfig(api.url, api.caPath, { token: api.token }),
    { "plugin's kubeconfig": ["warning", /\(mode 0644\)$/] },
    0o644,
  ],
];
for (const [what, write, finds, mode] of BROKEN) {
  meshTest(
    `check finds of the plugin's kubeconfig ${what}, and nothing else`,
    async (mesh) => {
      const runtime = await Runtime.make(mesh);
      const text = await write(mesh);
      assertFinds(await runtime.checkKubeconfig(text, mode), finds);
    },
  );
}

meshTest("check finds that the plugin's kubeconfig is gone", async (mesh) => {
  const runtime = await Runtime.make(mesh);
  const path = `${runtime.folder}/none`;
  assertFinds(await runtime.check({ kubeconfig: path }), {
    "plugin's kubeconfig": ["failed", /^Cannot \w+ ".*\/none": /],
  });
});
