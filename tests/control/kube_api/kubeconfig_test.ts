import assert from "node:assert/strict";
import { stringify } from "yaml";
import { readKubeconfig } from "../../../src/control/kube_api/kubeconfig.ts";

const base64 = (text: string) => new TextEncoder().encode(text).toBase64();

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly more?: object;
}

const config = ({ cluster = {}, user = {}, more = {} }: Parts) =>
  stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "now",
    contexts: [
      { name: "other", context: { cluster: "x", user: "x" } },
      { name: "now", context: { cluster: "c", user: "u", namespace: "n" } },
    ],
    clusters: [{
      name: "c",
      cluster: { server: "https://k:6443", ...cluster },
    }],
    users: [{ name: "u", user }],
    ...more,
  });

const read = (parts: Parts) => readKubeconfig(config(parts), "/etc/kube/conf");

Deno.test("readKubeconfig() takes files beside it and inline data", () => {
  assert.deepEqual(
    read({
      cluster: { "certificate-authority": "ca.pem" },
      user: {
        "client-certificate-data": base64("CERT"),
        "client-key": "/keys/k",
        tokenFile: "token",
        token: "second",
      },
    }),
    {
      server: "https://k:6443",
      roots: { kind: "file", path: "/etc/kube/ca.pem" },
      token: { kind: "file", path: "/etc/kube/token" },
      clientCertificate: {
        certificate: { kind: "inline", text: "CERT" },
        key: { kind: "file", path: "/keys/k" },
      },
    },
  );
});

Deno.test("readKubeconfig() does without a user, and keeps a server's path", () => {
  const contexts = [{ name: "now", context: { cluster: "c" } }];
  const cluster = { server: "https://proxy:443/k8s/clusters/c-1/" };
  assert.deepEqual(read({ cluster, more: { contexts } }), {
    server: "https://proxy/k8s/clusters/c-1",
    roots: undefined,
    token: undefined,
    clientCertificate: undefined,
  });
});

Deno.test("readKubeconfig() prefers data to a file", () => {
  const { roots } = read({
    cluster: {
      "certificate-authority": "ca.pem",
      "certificate-authority-data": base64("CA"),
    },
  });
  assert.deepEqual(roots, { kind: "inline", text: "CA" });
});

const refusals: [name: string, parts: Parts, why: string][] = [
  [
    "exec",
    { user: { exec: { command: "aws" } } },
    "a user by exec (a command) is not supported",
  ],
  [
    "auth-provider",
    { user: { "auth-provider": { name: "gcp" } } },
    "a user by auth-provider is not supported",
  ],
  [
    "a password",
    { user: { username: "u", password: "p" } },
    "a user by username and password is not supported",
  ],
  [
    "impersonation",
    { user: { token: "t", as: "admin" } },
    "impersonation (as) is not supported",
  ],
  [
    "insecure-skip-tls-verify",
    { cluster: { "insecure-skip-tls-verify": true } },
    "insecure-skip-tls-verify is not supported",
  ],
  [
    "tls-server-name",
    { cluster: { "tls-server-name": "k" } },
    "tls-server-name is not supported",
  ],
  [
    "a proxy",
    { cluster: { "proxy-url": "http://p" } },
    "proxy-url is not supported",
  ],
  [
    "plain HTTP",
    { cluster: { server: "http://k" } },
    'server "http://k" is not an https URL',
  ],
  [
    "a certificate without a key",
    { user: { "client-certificate": "c" } },
    "want client-certificate and client-key, or neither",
  ],
  [
    "what is not base64",
    { cluster: { "certificate-authority-data": "?" } },
    "certificate-authority-data is not text in base64",
  ],
  [
    "a context that is not there",
    { more: { "current-context": "gone" } },
    'there is no context "gone"',
  ],
  [
    "a cluster that is not there",
    { more: { clusters: [] } },
    'there is no cluster "c"',
  ],
  ["a user that is not there", { more: { users: [] } }, 'there is no user "u"'],
  [
    "no current context",
    { more: { "current-context": "" } },
    "line 3: current-context: is empty",
  ],
];
for (const [name, parts, why] of refusals) {
  Deno.test(`readKubeconfig() refuses ${name}`, () => {
    assert.throws(() => read(parts), {
      name: "ConfigError",
      message: `Cannot use "/etc/kube/conf": ${why}`,
    });
  });
}

Deno.test("readKubeconfig() never shows a secret of the wrong type", () => {
  assert.throws(() => read({ user: { token: ["secret"] } }), (error: Error) => {
    assert.match(
      error.message,
      /^Cannot use "\/etc\/kube\/conf": line \d+: users/,
    );
    assert(!error.message.includes("secret"), error.message);
    return true;
  });
});
