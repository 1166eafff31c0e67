import assert from "node:assert/strict";
import { appProtocolOf, mayBeHttp } from "../../src/kube/app_protocol.ts";
import { translate } from "../../src/kube/translate.ts";
import type { AppProtocol } from "../../src/model/service.ts";
import { parsed, raw } from "./objects.ts";

const rows: [
  name: string,
  declared: { name?: string; appProtocol?: string; port?: number },
  expected: AppProtocol | undefined,
][] = [
  ["http", { appProtocol: "http" }, "HTTP11"],
  ["a name http", { name: "http" }, "HTTP11"],
  ["a name http-web", { name: "http-web" }, "HTTP11"],
  ["a name in capitals", { name: "HTTP-web" }, "HTTP11"],
  ["http2", { appProtocol: "http2" }, "HTTP2"],
  ["a name http2-web", { name: "http2-web" }, "HTTP2"],
  ["h2c", { appProtocol: "kubernetes.io/h2c" }, "HTTP2"],
  ["WebSocket", { appProtocol: "kubernetes.io/ws" }, "HTTP11"],
  ["WebSocket over TLS", { appProtocol: "kubernetes.io/wss" }, "TLS"],
  ["grpc", { appProtocol: "grpc" }, "GRPC"],
  ["a name grpc-api", { name: "grpc-api" }, "GRPC"],
  ["grpc-web", { name: "grpc-web-api" }, "HTTP11"],
  ["https", { appProtocol: "https" }, "TLS"],
  ["tls", { name: "tls" }, "TLS"],
  ["tcp", { name: "tcp-any" }, "TCP"],
  ["mongo", { name: "mongo" }, "TCP"],
  ["redis", { name: "redis" }, "TCP"],
  ["mysql", { name: "mysql" }, "TCP"],
  ["nothing", {}, undefined],
  ["a name that says nothing", { name: "web" }, undefined],
  ["httpfoo", { name: "httpfoo" }, undefined],
  ["appProtocol before the name", { name: "http", appProtocol: "tcp" }, "TCP"],
  ["an appProtocol of one's own", {
    name: "http",
    appProtocol: "example.com/x",
  }, undefined],
  ["mail", { port: 25 }, "TCP"],
  ["DNS", { port: 53 }, "TCP"],
  ["MySQL by its port", { port: 3306 }, "TCP"],
  ["MongoDB by its port", { port: 27017 }, "TCP"],
  ["MySQL's port that speaks HTTP", { port: 3306, name: "http" }, "HTTP11"],
];
for (const [name, declared, expected] of rows) {
  Deno.test(`appProtocolOf() reads ${name}`, () => {
    assert.equal(
      appProtocolOf({ port: 8080, name: "", transport: "TCP", ...declared }),
      expected,
    );
  });
}

Deno.test("appProtocolOf() says nothing of UDP", () => {
  const port = { port: 53, name: "http", transport: "UDP" };
  assert.equal(appProtocolOf(port), undefined);
});

Deno.test("mayBeHttp() holds where HTTP is declared, and where nothing is", () => {
  const all: (AppProtocol | undefined)[] = [
    "HTTP11",
    "HTTP2",
    "GRPC",
    undefined,
    "TCP",
    "TLS",
  ];
  assert.deepEqual(all.filter(mayBeHttp), all.slice(0, 4));
});

Deno.test("translate() tells what the ports of a Service speak", () => {
  const { services: [service] } = translate(parsed(raw("Service", "cart", {
    spec: {
      ports: [
        { name: "http", port: 80 },
        { name: "any", port: 81 },
        { name: "api", port: 82, appProtocol: "grpc" },
      ],
    },
  })));
  assert.deepEqual(service?.appProtocols, { 80: "HTTP11", 82: "GRPC" });
});

Deno.test("translate() takes the protocol of a ServiceEntry's port before its name", () => {
  const { services: [service] } = translate(parsed(raw("ServiceEntry", "ext", {
    spec: {
      hosts: ["api.example.org"],
      ports: [
        { number: 80, name: "tcp", protocol: "HTTP2" },
        { number: 443, name: "tls" },
      ],
    },
  })));
  assert.deepEqual(service?.appProtocols, { 80: "HTTP2", 443: "TLS" });
});
