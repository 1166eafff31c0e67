import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type CniCall,
  CniError,
  type Environment,
  errorReply,
  readCall,
  versionOfInput,
  versionReply,
} from "../../../src/wire/cni/mod.ts";

const PREV = { cniVersion: "1.1.0", ips: [{ address: "10.0.0.2/24" }] };
const CONF = { cniVersion: "1.1.0", name: "n", type: "hairpin-cni" };
const ENV: Environment = {
  CNI_CONTAINERID: "c1",
  CNI_NETNS: "/var/run/netns/a",
  CNI_IFNAME: "eth0",
  CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0",
};

const read = (environment: Environment, conf: object = CONF): CniCall =>
  readCall({ ...ENV, ...environment }, JSON.stringify(conf));

Deno.test("readCall() reads a pod's ADD with the defaults of the configuration", () => {
  const conf = { ...CONF, prevResult: PREV };
  assert.deepEqual(read({ CNI_COMMAND: "ADD" }, conf), {
    command: "ADD",
    version: "1.1.0",
    conf: {
      agent: "hairpin",
      agentSocket: "/var/run/hairpin/cni.sock",
      kubeconfig: "/var/run/istio-cni/istio-cni-kubeconfig",
      excludedNamespaces: ["kube-system"],
      prevResult: PREV,
    },
    sandbox: {
      containerId: "c1",
      netns: "/var/run/netns/a",
      interfaceName: "eth0",
      pod: { name: "web-0", namespace: "shop", uid: undefined },
    },
  });
});

Deno.test("readCall() takes the keys that Istio's installer writes", () => {
  const call = read({ CNI_COMMAND: "DEL", CNI_NETNS: "", CNI_ARGS: "" }, {
    ...CONF,
    agent: "istio",
    cni_agent_run_dir: "/run/i",
    exclude_namespaces: null,
  });
  assert.equal(call.command, "DEL");
  if (call.command !== "DEL") return;
  assert.equal(call.conf.agentSocket, "/run/i/pluginevent.sock");
  assert.equal(call.conf.kubeconfig, "/run/i/istio-cni-kubeconfig");
  assert.deepEqual(call.conf.excludedNamespaces, []);
  assert.equal(call.sandbox.netns, undefined);
  assert.equal(call.sandbox.pod, undefined);
});

const refusals: [what: string, code: number, Environment, conf?: object][] = [
  ["no command", 4, { CNI_COMMAND: "" }],
  ["an unknown command", 4, { CNI_COMMAND: "FOO" }],
  ["no container", 4, { CNI_COMMAND: "ADD", CNI_CONTAINERID: "" }],
  ["a bad container", 4, { CNI_COMMAND: "ADD", CNI_CONTAINERID: "../a" }],
  ["no namespace", 4, { CNI_COMMAND: "ADD", CNI_NETNS: "" }],
  ["a relative namespace", 4, { CNI_COMMAND: "DEL", CNI_NETNS: "a" }],
  ["a long interface", 4, { CNI_COMMAND: "ADD", CNI_IFNAME: "e".repeat(16) }],
  ["an interface ..", 4, { CNI_COMMAND: "ADD", CNI_IFNAME: ".." }],
  ["arguments without =", 4, { CNI_COMMAND: "ADD", CNI_ARGS: "a" }],
  ["a pod name with a slash", 4, {
    CNI_COMMAND: "ADD",
    CNI_ARGS: "K8S_POD_NAME=a/b;K8S_POD_NAMESPACE=c",
  }],
  ["an unknown version", 1, { CNI_COMMAND: "ADD" }, {
    ...CONF,
    cniVersion: "9.0.0",
  }],
  ["a version before chains", 1, { CNI_COMMAND: "ADD" }, { name: "n" }],
  ["CHECK of a version without it", 1, { CNI_COMMAND: "CHECK" }, {
    ...CONF,
    cniVersion: "0.3.1",
  }],
  ["GC of a version without it", 1, { CNI_COMMAND: "GC" }, {
    ...CONF,
    cniVersion: "1.0.0",
  }],
  ["CHECK without a result", 7, { CNI_COMMAND: "CHECK" }],
  ["a version that is a number", 6, { CNI_COMMAND: "ADD" }, { cniVersion: 1 }],
  ["an unknown agent", 7, { CNI_COMMAND: "ADD" }, { ...CONF, agent: "x" }],
  ["a relative socket", 7, { CNI_COMMAND: "ADD" }, {
    ...CONF,
    agent_socket: "a.sock",
  }],
  ["namespaces that are no list", 7, { CNI_COMMAND: "ADD" }, {
    ...CONF,
    exclude_namespaces: "a",
  }],
  ["a result that is a list", 7, { CNI_COMMAND: "ADD" }, {
    ...CONF,
    prevResult: [],
  }],
];
for (const [what, code, environment, conf] of refusals) {
  Deno.test(`readCall() refuses ${what} with code ${code}`, () => {
    assert.throws(
      () => read(environment, conf),
      (reason) => reason instanceof CniError && reason.cniCode === code,
    );
  });
}

Deno.test("readCall() fails with nothing but a CniError", () => {
  const env = fc.dictionary(
    fc.constantFrom(...Object.keys(ENV), "CNI_COMMAND"),
    fc.oneof(fc.string(), fc.constantFrom("ADD", "DEL", "GC", "/n", "c1")),
  );
  const input = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ cniVersion: fc.constant("1.1.0"), prevResult: fc.anything() })
      .map((value) => JSON.stringify(value)),
  );
  fc.assert(fc.property(env, input, (environment, text) => {
    try {
      readCall({ ...ENV, ...environment }, text);
    } catch (reason) {
      assert.ok(reason instanceof CniError, String(reason));
    }
  }));
});

Deno.test("an answer has the version of its question where that is known", () => {
  assert.equal(versionOfInput('{"cniVersion":"0.4.0"}'), "0.4.0");
  assert.equal(versionOfInput('{"cniVersion":"7.0.0"}'), "1.1.0");
  assert.equal(versionOfInput("no json"), "1.1.0");
  assert.deepEqual(JSON.parse(errorReply("0.4.0", new CniError(11, "later"))), {
    cniVersion: "0.4.0",
    code: 11,
    msg: "hairpin: later",
  });
  assert.equal(JSON.parse(errorReply("0.4.0", new Error("x"))).code, 100);
  assert.deepEqual(JSON.parse(versionReply("1.0.0")), {
    cniVersion: "1.0.0",
    supportedVersions: ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"],
  });
});
