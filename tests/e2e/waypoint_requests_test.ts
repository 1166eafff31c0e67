/** What a waypoint lets through of what clients send: nothing that can be read in two ways. */
import assert from "node:assert/strict";
import { REFUSED as REFUSED_AS_HTTP1 } from "../wire/http1/refused_requests.ts";
import { headerOf, HttpMesh } from "./http_mesh.ts";
import { sendRaw } from "./http_programs.ts";
import { share } from "./share.ts";

const httpTest = share(() => HttpMesh.start());

const HTTP2 = "--http2-prior-knowledge";

const REFUSED = REFUSED_AS_HTTP1.filter(([, octets]) =>
  !octets.startsWith("PRI * HTTP/2.0")
);

/** Heads that rough_server.ts has had so far. */
const headsOf = ({ programs: { rough } }: HttpMesh): string[] =>
  rough.lines().filter((line) => line.startsWith("head "))
    .map((line) => JSON.parse(line.slice(5)));

/** Whether the fault shows only behind a head that is well-formed. */
const isBodyFault = (octets: string): boolean => {
  const [head = "", ...body] = octets.split("\r\n\r\n");
  return /^POST \/ HTTP\/1\.1\r\nHost: a\.test\r\n(Transfer-Encoding: chunked|Content-Length: \d+)$/
    .test(head) && body.join("").length > 0;
};

httpTest(
  "requests that could be read in two ways are refused",
  async (mesh) => {
    const { lab, pods } = mesh;
    const to = mesh.at("rough");
    const texts = REFUSED.map(([, octets]) => octets);
    const before = headsOf(mesh).length;
    const answers = await sendRaw(lab, pods.client, to, texts);
    for (const [at, [what, , status]] of REFUSED.entries()) {
      const said = `${what}: ${answers[at]?.slice(0, 60)}`;
      assert.ok(answers[at]?.includes(`HTTP/1.1 ${status} `), said);
    }
    const seen = headsOf(mesh).slice(before);
    const bodyFaults = texts.filter(isBodyFault).length;
    assert.ok(seen.length <= bodyFaults, seen.join("\n\n"));
    for (const head of seen) assert.match(head, /^POST \/ HTTP\/1\.1\r\n/);
  },
);

httpTest("what follows a refused request is not read", async (mesh) => {
  const { lab, pods } = mesh;
  const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n";
  const texts = REFUSED.map(([, octets]) => octets + smuggled);
  await sendRaw(lab, pods.client, mesh.at("rough"), texts);
  assert.deepEqual(headsOf(mesh).filter((h) => h.includes("smuggled")), []);
});

const LONG = "a".repeat(70_000);
/** More than 64 KiB as HTTP/2 counts them; curl itself does not send more. */
const MANY = Array.from(
  { length: 80 },
  (_, at) => ["-H", `x-${at}: ${LONG.slice(0, 780)}`],
).flat();

for (
  const [what, args, path, status] of [
    ["a long URL", [], `/${LONG.slice(0, 20_000)}`, 414],
    ["a long header", ["-H", `x-long: ${LONG.slice(0, 40_000)}`], "/", 431],
    [
      "a hundred headers and one",
      Array.from({ length: 101 }, (_, at) => ["-H", `x-${at}: a`]).flat(),
      "/",
      431,
    ],
    ["many headers over HTTP/2", [HTTP2, ...MANY], "/", 431],
  ] as const
) {
  httpTest(`${what} is refused with ${status}`, async (mesh) => {
    const before = headsOf(mesh).length;
    const reply = await mesh.curl(mesh.urlOf("rough", path), args);
    assert.equal(reply.status, status, reply.error);
    assert.equal(headsOf(mesh).length, before);
  });
}

for (const http of ["--http1.1", HTTP2]) {
  httpTest(`${http}: a client cannot speak for a proxy`, async (mesh) => {
    const spiffeId = "spiffe://cluster.local/ns/mesh/sa/admin";
    const { headers } = await mesh.echo(mesh.urlOf("echo"), [
      ...[http, "-H", `X-Forwarded-Client-Cert: By=a;URI=${spiffeId}`],
      ...["-H", `X-Hairpin-Source: ${spiffeId}`],
      ...["-H", "X-Forwarded-For: 192.0.2.1"],
    ]);
    const names = headers.map(([name]) => name);
    assert.ok(!names.includes("x-forwarded-client-cert"), `${names}`);
    assert.ok(!names.includes("x-hairpin-source"), `${names}`);
    // Only a route's business.
    assert.ok(names.includes("x-forwarded-for"));
  });

  httpTest(
    `${http}: fields about one connection do not go on`,
    async (mesh) => {
      const port = http === HTTP2 ? 80 : 8082;
      const report = await mesh.echo(mesh.urlOf("echo", "/", port), [
        ...[http, "-H", "Keep-Alive: timeout=5", "-H", "X-Kept: 1"],
        ...http === HTTP2
          ? []
          : ["-H", "Connection: X-Gone", "-H", "X-Gone: 1"],
      ]);
      assert.equal(headerOf(report, "keep-alive"), undefined);
      assert.equal(headerOf(report, "connection"), undefined);
      assert.equal(headerOf(report, "x-gone"), undefined);
      assert.equal(headerOf(report, "x-kept"), "1");
    },
  );
}

const PATHS: readonly [sent: string, seen: string | number][] = [
  ["/a/b?c=%2e%2e/d", "/a/b?c=%2e%2e/d"],
  ["/a/../b", "/b"],
  ["/a/./b/", "/a/b/"],
  ["/../../b", "/b"],
  ["/%61dmin", "/admin"],
  ["/a/%2e%2e/b", "/b"],
  ["/a/%2E/b", "/a/b"],
  ["/a\\b", "/a/b"],
  ["/a\\..\\b", "/b"],
  ["/a//b", "/a//b"],
  ["/a%2fb", "/a%2Fb"],
  ["/a%5cb", "/a%5Cb"],
  ["/%zz", "/%zz"],
  ["/a%00b", 400],
];
for (const http of ["--http1.1", HTTP2]) {
  httpTest(
    `${http}: the server sees paths in their normal form`,
    async (mesh) => {
      for (const [sent, seen] of PATHS) {
        const before = headsOf(mesh).length;
        const reply = await mesh.curl(mesh.urlOf("rough", sent), [http]);
        const [head] = headsOf(mesh).slice(before);
        if (typeof seen === "number") {
          assert.deepEqual([reply.status, head], [seen, undefined], sent);
        } else assert.equal(head?.split(" ")[1], seen, sent);
      }
    },
  );
}

httpTest(
  "OPTIONS * passes, CONNECT and absolute forms do not mislead",
  async (mesh) => {
    const { lab, pods } = mesh;
    const end = "Host: rough\r\nConnection: close\r\n\r\n";
    const before = headsOf(mesh).length;
    const [options, connect, absolute] = await sendRaw(
      lab,
      pods.client,
      mesh.at("rough"),
      [
        `OPTIONS * HTTP/1.1\r\n${end}`,
        "CONNECT rough:80 HTTP/1.1\r\nHost: rough:80\r\n\r\n",
        `GET http://other/x HTTP/1.1\r\n${end}`,
      ],
    );
    const heads = headsOf(mesh).slice(before);
    assert.match(`${options}`, /^HTTP\/1\.1 200 /);
    assert.match(`${connect}`, /^HTTP\/1\.1 501 /);
    assert.ok(heads.some((head) => head.startsWith("OPTIONS * HTTP/1.1\r\n")));
    assert.ok(heads.every((head) => !head.startsWith("CONNECT")));
    const found = heads.find((head) => head.startsWith("GET"));
    assert.match(`${absolute}`, /^HTTP\/1\.1 (200|400) /);
    if (found !== undefined) assert.match(found, /^GET \/x [^]*host: other/);
  },
);
