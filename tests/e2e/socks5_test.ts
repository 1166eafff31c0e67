/** SOCKS5 in pods: curl says where it wants to go instead of being captured. */
import assert from "node:assert/strict";
import { greetingOf } from "../lab/mod.ts";
import { AccessTail, call, identityOf } from "./calls.ts";
import { ECHO_PORT, HTTP_PORT, type Mesh, shareMesh } from "./support.ts";

const resolvConf = await Deno.makeTempFile();
await Deno.writeTextFile(resolvConf, "nameserver 192.168.77.100\n"); // no server there
Deno.test.afterAll(() => Deno.remove(resolvConf));

const meshTest = shareMesh({
  env: { UNSTABLE_ENABLE_SOCKS5: "true" },
  flags: ["--resolv-conf", resolvConf],
});

const HTTPBIN = "httpbin.default.svc.cluster.local";
const BY_IP = ["--socks5", "127.0.0.1:15080", "-g"];
const BY_NAME = ["--socks5-hostname", "127.0.0.1:15080"];

const rows: [
  what: string,
  url: (mesh: Mesh) => string,
  how: readonly string[],
  service: string | undefined,
][] = [
  ["a pod by IPv4", (m) => m.urlOf(m.httpbin), BY_IP, undefined],
  ["a pod by IPv6", (m) => m.urlOf(m.httpbin, "/", 6), BY_IP, undefined],
  ["a service by IPv4", (m) => m.urlOf(m.services.httpbin), BY_IP, HTTPBIN],
  [
    "a service by name",
    () => `http://${HTTPBIN}:${HTTP_PORT}/`,
    BY_NAME,
    HTTPBIN,
  ],
  ["one by short name", () => `http://httpbin:${HTTP_PORT}/`, BY_NAME, HTTPBIN],
];
for (const [what, url, how, service] of rows) {
  meshTest(`SOCKS5 leads to ${what}, in a tunnel`, async (mesh) => {
    const { lab, client, sleep, httpbin } = mesh;
    const tail = new AccessTail(client);
    const reply = await call(lab, sleep, url(mesh), how);
    assert.equal(reply.body, `${greetingOf(httpbin)}\n`);
    const { fields } = await tail.until({ direction: "outbound" });
    assert.equal(fields["src.addr"], `127.0.0.1:${reply.localPort}`);
    assert.equal(fields["src.identity"], identityOf(sleep));
    assert.equal(fields["dst.identity"], identityOf(httpbin));
    assert.equal(fields["dst.service"], service);
  });
}

meshTest("SOCKS5 carries what comes right behind the request", async (mesh) => {
  const { lab, sleep, echo } = mesh;
  const ip = (echo.ips[0] ?? "").split(".").map(Number);
  const octets = [
    ...[5, 1, 0, 5, 1, 0, 1, ...ip, ECHO_PORT >> 8, ECHO_PORT & 255],
    ...new TextEncoder().encode("early"),
  ];
  const text = octets.map((o) => `\\${o.toString(8).padStart(3, "0")}`).join(
    "",
  );
  const script =
    `printf '${text}' | socat -t 3 - TCP:127.0.0.1:15080 | od -An -c`;
  const { stdout } = await lab.exec(sleep, ["sh", "-c", script]);
  const seen = stdout.replaceAll(/\s/g, "");
  assert.match(seen, /^005\\0005\\0\\0001\\0\\0\\0\\0\\0\\0early$/);
});

const refusals: [what: string, url: string, how: readonly string[]][] = [
  ["a name that nobody knows", "http://nobody.invalid/", BY_NAME],
  ["itself", "http://127.0.0.1:15080/", BY_IP],
  ["the outbound listener", "http://127.0.0.1:15001/", BY_IP],
];
for (const [what, url, how] of refusals) {
  meshTest(`SOCKS5 refuses ${what}`, async ({ lab, sleep, client }) => {
    const reply = await call(lab, sleep, url, how);
    assert.equal(reply.curlCode, 97, `${reply.curlCode}`); // CURLE_PROXY
    await client.process.untilLog(/failed to negotiate socks connection/);
  });
}

meshTest(
  "SOCKS5 wants no authentication, and its own protocol",
  async (mesh) => {
    const { lab, sleep, httpbin } = mesh;
    const url = mesh.urlOf(httpbin);
    for (
      const how of [["--socks4", "127.0.0.1:15080"], ["-x", "127.0.0.1:15080"]]
    ) {
      const { status } = await call(lab, sleep, url, how);
      assert.equal(status, 0);
    }
    const good = await call(lab, sleep, url, BY_IP);
    assert.equal(good.status, 200);
  },
);

meshTest("SOCKS5 is there for the pod alone", async (mesh) => {
  const { lab, notsleep, sleep } = mesh;
  const listening = await lab.exec(sleep, ["ss", "-Hltn", "sport = :15080"]);
  assert.match(listening.stdout, /127\.0\.0\.1:15080/);
  const proxy = ["--socks5", `${sleep.ips[0]}:15080`];
  const { status } = await call(lab, notsleep, mesh.urlOf(sleep), proxy);
  assert.equal(status, 0);
});
