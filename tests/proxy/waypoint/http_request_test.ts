import assert from "node:assert/strict";
import type { AppProtocol } from "../../../src/model/service.ts";
import {
  readRequest,
  versionFor,
  writeRequest,
} from "../../../src/proxy/waypoint/http_request.ts";
import { TestProxy } from "../../support/proxy_context.ts";
import { hostOf, service } from "../../support/sample_mesh.ts";

const list = (path: string) =>
  [
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "web:80"],
    [":path", path],
    ["accept", "a"],
    ["x-forwarded-client-cert", "By=me"],
    ["x-hairpin-source", "spiffe://a/ns/b/sa/c"],
  ] as const;

Deno.test("readRequest() takes what a client may not say in a proxy's name out", () => {
  const request = readRequest(list("/a/../b?c"), "BASE");
  assert.deepEqual(request, {
    method: "GET",
    scheme: "http",
    authority: "web:80",
    path: "/b?c",
    headers: [["accept", "a"]],
  });
  assert.deepEqual(writeRequest(request!), [
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "web:80"],
    [":path", "/b?c"],
    ["accept", "a"],
  ]);
});

Deno.test("readRequest() refuses a path of more than one meaning, and none at all", () => {
  assert.equal(readRequest(list("/%00"), "BASE"), undefined);
  for (const normalization of ["BASE", "NONE"] as const) {
    const connect = [[":method", "CONNECT"], [":authority", "a:1"]] as const;
    assert.equal(readRequest(connect, normalization), undefined);
  }
});

const declared: [protocol: AppProtocol | undefined, version: string][] = [
  ["HTTP2", "http2"],
  ["GRPC", "http2"],
  ["HTTP11", "http1"],
  [undefined, "the client's"],
];
for (const [protocol, version] of declared) {
  Deno.test(`versionFor() speaks ${version} to a port that declares ${protocol}`, () => {
    const { context } = new TestProxy({
      services: [service("web", ["10.1.0.1"], {
        ...protocol && { appProtocols: { 80: protocol } },
      })],
    });
    const key = `ns1/${hostOf("web")}`;
    const target = { kind: "service", service: key, port: 80 } as const;
    for (const spoken of ["http1", "http2"] as const) {
      const expected = version === "the client's" ? spoken : version;
      assert.equal(
        versionFor({ context }, target, { version: spoken }),
        expected,
      );
      assert.equal(
        versionFor({ context }, undefined, { version: spoken }),
        spoken,
      );
    }
  });
}
