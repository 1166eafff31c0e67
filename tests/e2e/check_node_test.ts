/** `hairpin check` of a node: its proxy, and what was asked for wrongly. */
import assert from "node:assert/strict";
import { changeMesh, type Lab, must, startHttpServer } from "../lab/mod.ts";
import {
  assertFinds,
  checkPod,
  type Expected,
  runCheckAt,
  runCheckWith,
} from "./check_support.ts";
import {
  eventually,
  HTTP_PORT,
  labTest,
  Mesh,
  shareMesh,
  withMesh,
} from "./support.ts";

const meshTest = shareMesh();

meshTest("check finds a pod by its name", async (mesh) => {
  const name = "default/httpbin";
  const { stdout } = await runCheckAt(mesh, mesh.server, "--pod", name);
  assert.match(stdout, /^ok +default\/httpbin: listeners: hairpin \(pid/m);
  assert.doesNotMatch(stdout, /^\w+ +default\/echo: /m);
});

meshTest(
  "check of a whole node goes through its pods, once each",
  async (mesh) => {
    const { stdout } = await runCheckAt(mesh, mesh.server);
    const checked = (pod: string) =>
      stdout.split("\n").filter((line) => line.includes(` ${pod}: rules: `));
    for (const pod of ["default/httpbin", "default/echo"]) {
      assert.match(checked(pod).join("\n"), /^ok .*: as planned, by \S+$/);
    }
    assert.deepEqual(checked("default/sleep"), []);
  },
);

meshTest("check finds a proxy with too few descriptors", async (mesh) => {
  const { server, httpbin } = mesh;
  const { stdout } = await runCheckAt(mesh, server, "--pod", "default/httpbin");
  const pid = /answers \(pid (\d+)\)/.exec(stdout)?.[1];
  assert.ok(pid);
  const limit = (soft: string) =>
    must(["prlimit", "--pid", pid, `--nofile=${soft}:`]);
  await limit("1024");
  try {
    const { code, findings } = await checkPod(mesh, server, httpbin);
    assert.equal(code, 1);
    assertFinds(findings, {
      "file descriptors": ["failed", /^limit 1024, /],
    });
  } finally {
    await limit("20000");
  }
});

meshTest("check finds that no proxy runs", async ({ lab }) => {
  const command = [Deno.execPath(), "run", "-P", "main.ts", "check"];
  const repository = new URL("../..", import.meta.url).pathname;
  const { code, stdout } = await lab.exec(lab.outsider, [
    ...["env", "-C", repository, ...command, "--netns", "/dev/null"],
  ]);
  assert.equal(code, 1);
  assert.match(stdout, /^failed +node: admin server: Cannot ask .*hint/m);
  assert.match(stdout, /^failed +\/dev\/null: namespace: .*hint/m);
});

meshTest("check finds that the agent's socket is absent", async ({ lab }) => {
  const node = lab.nodes[0]!;
  const place = lab.outsider;
  assert.ok(node);
  const uds = `${lab.folder}/absent.sock`;
  await using hairpin = await lab.startHairpin({ ...node, ...place }, {
    name: "alone",
    redirect: "agent",
    flags: ["--inpod-uds", uds],
    notReady: true,
  });
  await eventually("an admin server", async () => {
    const { code } = await lab.exec(hairpin.place, [
      ...["curl", "-sf", "http://127.0.0.1:15000/config_dump"],
    ]);
    return code === 0;
  });
  const { code, stdout } = await lab.exec(hairpin.place, [
    ...["env", "-C", new URL("../..", import.meta.url).pathname],
    ...[Deno.execPath(), "run", "-P", "main.ts", "check", "--netns", "/n"],
  ]);
  assert.equal(code, 1);
  assert.match(stdout, /^failed +node: agent socket: no socket at .*hint/m);
});

meshTest("check finds that a pod is not enrolled", async (mesh) => {
  const { code, stdout } = await runCheckAt(mesh, mesh.server, "--pod", "a/b");
  assert.equal(code, 1);
  assert.match(stdout, /^failed +a\/b: namespace: no enrolled pod/m);
});

meshTest("check refuses what it does not know", async (mesh) => {
  const { code, stdout } = await runCheckAt(mesh, mesh.server, "--pod", "a");
  assert.deepEqual([code, stdout], [2, ""]);
});

const PROGRAMS = [
  ...["ip", "nft", "ss", "env"],
  ...["iptables", "ip6tables"].flatMap((name) => [
    ...[`${name}-save`, `${name}-nft-save`, `${name}-legacy-save`],
  ]),
];

/** A folder of programs, without some. */
async function pathWithout(lab: Lab, missing: RegExp): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: lab.folder });
  for (const name of PROGRAMS.filter((name) => !missing.test(name))) {
    const path = await must(["sh", "-c", 'command -v "$0"', name]);
    await Deno.symlink(path.trim(), `${folder}/${name}`);
  }
  return folder;
}

const MISSING: readonly [missing: RegExp, finds: Expected][] = [
  [/^ss$/, {
    programs: ["failed", /^not installed: ss$/],
    "file descriptors": ["warning", /cannot be looked at/],
    capabilities: ["warning", /cannot be looked at/],
    listeners: ["failed", /^cannot be told without ss$/],
    "probes from the node": ["warning", /^cannot be told without ss$/],
  }],
  [/^ip$/, {
    programs: ["failed", /^not installed: ip$/],
    routing: ["failed", /no such program|not allowed/],
  }],
  [/tables|nft/, {
    programs: ["failed", /^not installed: iptables or nft$/],
    rules: ["failed", /^cannot be told without iptables or nft$/],
    "probe rules": ["warning", /^cannot be told without iptables or nft$/],
  }],
];
for (const [missing, finds] of MISSING) {
  meshTest(`check goes on without ${missing.source}`, async (mesh) => {
    const { lab, server, httpbin } = mesh;
    const env = [`PATH=${await pathWithout(lab, missing)}`];
    const { code, findings } = await checkPod(mesh, server, httpbin, env);
    assert.equal(code, 1);
    assertFinds(findings, finds);
  });
}

meshTest("check asks where it is told to", async (mesh) => {
  const { lab, server } = mesh;
  const ask = (env: readonly string[], ...args: readonly string[]) =>
    runCheckWith(lab, server.place, env, [...args, "--netns", "/dev/null"]);
  const wrong = await ask(["ADMIN_PORT=15999"]);
  assert.match(wrong.stdout, /admin server: Cannot ask .*127\.0\.0\.1:15999/);
  const right = await ask(["ADMIN_PORT=15999"], "--admin", "127.0.0.1:15000");
  assert.match(right.stdout, /^ok +node: admin server: answers \(pid/m);
});

meshTest(
  "check finds a pod that peers tunnel to and nobody serves",
  async (mesh) => {
    const { lab, server, httpbin, proxies } = mesh;
    const astray = await lab.addPod({
      ...{ name: "astray", node: "node-2" },
      annotations: { "hairpin.dev/netns": "/var/run/netns/no-such-namespace" },
    });
    try {
      await server.untilDump(
        "the pod known",
        ({ workloads }) => JSON.stringify(workloads).includes('"astray"'),
      );
      await eventually("not ready", async () => !await server.isReady());
      const { code, findings } = await checkPod(mesh, server, httpbin);
      assert.equal(code, 1);
      assertFinds(findings, {
        readiness: ["failed", /workload proxy manager/],
        "pods and mesh": ["failed", /nobody serves: default\/astray$/],
      });
    } finally {
      await changeMesh(proxies, "astray gone", () => lab.removePod(astray));
      await eventually("ready again", () => server.isReady());
    }
  },
);

meshTest(
  "check tells of a bypass, and fails for one without an end",
  async (mesh) => {
    const { lab, server, proxies } = mesh;
    const pod = await lab.addPod({ name: "patient", node: "node-2" });
    await startHttpServer(lab, pod, HTTP_PORT);
    await server.untilPodUp(pod);
    const bypass = (value: string) =>
      lab.applyPod({
        ...pod,
        annotations: { "hairpin.dev/bypass-capture": value },
      });
    const untilDumped = (until: string | undefined) =>
      eventually(`bypassed until ${until}`, async () => {
        const { hairpin } = await server.configDump() as unknown as {
          hairpin: { bypassedPods: { until?: string }[] };
        };
        const [first] = hairpin.bypassedPods;
        return first !== undefined && first.until === until;
      });
    try {
      await bypass("true");
      await untilDumped(undefined);
      const forever = await checkPod(mesh, server, pod);
      assert.equal(forever.code, 1);
      assertFinds(forever.findings, {
        "bypassed pods": ["failed", /^default\/patient for ever$/],
        bypass: ["failed", /^without mTLS and policy for ever$/],
      });
      await bypass("2999-01-01T00:00:00Z");
      await untilDumped("2999-01-01T00:00:00.000Z");
      const limited = await checkPod(mesh, server, pod);
      assert.equal(limited.code, 0);
      assertFinds(limited.findings, {
        "bypassed pods": ["warning", /^default\/patient until 2999/],
        bypass: ["warning", /until 2999/],
      });
    } finally {
      await changeMesh(proxies, "patient gone", () => lab.removePod(pod));
    }
  },
);

const BRIDGE = {
  cniVersion: "1.0.0",
  name: "net",
  plugins: [{ type: "bridge" }],
};

labTest(
  "check finds a log without connections, and a network before the plugin's",
  async () => {
    const networks = await Deno.makeTempDir({ prefix: "hairpin-net-" });
    const programs = await Deno.makeTempDir({ prefix: "hairpin-bin-" });
    const put = (name: string) =>
      Deno.writeTextFile(`${networks}/${name}`, JSON.stringify(BRIDGE));
    try {
      await put("10-net.conflist");
      const flags = [
        ...["--log-level", "info,access=warn"],
        ...["--cni-net-dir", networks, "--cni-bin-dir", programs],
        ...["--cni-conf-name", "10-net.conflist"],
        ...["--cni-socket", `${networks}/cni.sock`],
      ];
      await using mesh = await Mesh.start({}, { flags });
      const { server, httpbin } = mesh;
      await eventually("the plugin in the chain", async () => {
        const text = await Deno.readTextFile(`${networks}/10-net.conflist`);
        return text.includes("hairpin-cni");
      });
      const log: Expected = { "access log": ["warning", /"access" is warn/] };
      const before = await checkPod(mesh, server, httpbin);
      assertFinds(before.findings, log);
      const agent = before.findings.find(({ check }) =>
        check === "plugin's agent"
      );
      assert.equal(agent?.found, `answers at ${networks}/cni.sock`);
      await Deno.remove(`${networks}/cni.sock`);
      const deaf = await checkPod(mesh, server, httpbin);
      assert.equal(deaf.code, 1);
      assertFinds(deaf.findings, {
        ...log,
        "plugin's agent": ["failed", /^Cannot ask ".*\/cni\.sock": /],
      });
      await put("00-other.conflist");
      const after = await checkPod(mesh, server, httpbin);
      assertFinds(after.findings, {
        ...log,
        "CNI chain": ["failed", /00-other\.conflist comes before 10-net/],
      });
    } finally {
      await Deno.remove(networks, { recursive: true });
      await Deno.remove(programs, { recursive: true });
    }
  },
);

labTest(
  "check of a pod whose proxy is gone finds nobody there",
  () =>
    withMesh({}, async (mesh) => {
      const { server, httpbin } = mesh;
      await server.stop();
      const { code, findings } = await checkPod(mesh, server, httpbin);
      assert.equal(code, 1);
      assertFinds(findings, {
        "admin server": ["failed", /Cannot ask/],
        listeners: ["failed", /^nobody listens on 15001, 15006, 15008, 15053$/],
        "mTLS on 15008": ["failed", /refused/i],
        "DNS capture": ["failed", /not answered/],
      });
    }),
);
