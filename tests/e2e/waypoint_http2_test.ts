/** HTTP/2 and gRPC through a waypoint. */
import assert from "node:assert/strict";
import { HttpMesh } from "./http_mesh.ts";
import { callHttp2, type H2Call } from "./http_programs.ts";
import { share } from "./share.ts";

const httpTest = share(() => HttpMesh.start());

const grpc = (method: string, more: Partial<H2Call> = {}): H2Call => ({
  headers: {
    ":method": "POST",
    ":path": `/proto.EchoTestService/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
  },
  chunks: ["\0\0\0\0\x02hi"],
  pingPong: false,
  ...more,
});

const echoRoute = (spec: object) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "GRPCRoute",
  metadata: { name: "grpc", namespace: "mesh" },
  spec: {
    parentRefs: [{ group: "", kind: "Service", name: "echo", port: 7070 }],
    ...spec,
  },
});

httpTest(
  "a unary call has its message, its metadata and its trailers",
  async (mesh) => {
    const { lab, pods } = mesh;
    const [reply] = await callHttp2(
      lab,
      pods.client,
      mesh.at("echo-v1", 7070),
      [
        grpc("Echo", { headers: { ...grpc("Echo").headers, "x-tag": "one" } }),
      ],
    );
    assert.equal(reply?.headers[":status"], 200);
    assert.deepEqual([
      reply.trailers["grpc-status"],
      reply.trailers["x-trailer"],
    ], [
      "0",
      "echo-v1",
    ]);
    const seen = JSON.parse(reply.body.slice(5)).headers;
    assert.deepEqual([seen["x-tag"], seen.te], ["one", "trailers"]);
  },
);

httpTest("a stream goes both ways, message by message", async (mesh) => {
  const { lab, pods } = mesh;
  const chunks = ["one", "two", "three"];
  const [reply] = await callHttp2(lab, pods.client, mesh.at("echo-v1", 7070), [
    grpc("Stream", { chunks, pingPong: true }),
  ]);
  assert.equal(reply?.body, "onetwothree");
  assert.equal(reply.trailers["grpc-status"], "0");
});

httpTest(
  "a call that fails with headers alone ends with them",
  async (mesh) => {
    const { lab, pods } = mesh;
    const [reply] = await callHttp2(
      lab,
      pods.client,
      mesh.at("echo-v1", 7070),
      [
        grpc("Fail"),
      ],
    );
    assert.equal(reply?.headers["grpc-status"], "5");
    assert.deepEqual([reply.alone, reply.error], [true, ""]);
  },
);

httpTest("the waypoint answers a call in gRPC's words", async (mesh) => {
  const { lab, pods } = mesh;
  const rule = {
    matches: [{ method: { method: "Known" } }],
    backendRefs: [{ name: "echo-v1", port: 7070 }],
  };
  const invalid = {
    matches: [{ method: { method: "Lost" } }],
    backendRefs: [{ name: "nobody", port: 7070 }],
  };
  const route = echoRoute({ rules: [rule, invalid] });
  await mesh.under("grpc", [route], async () => {
    const to = mesh.at("echo", 7070);
    const calls = ["Known", "Unknown", "Lost"].map((method) => grpc(method));
    const replies = await callHttp2(lab, pods.client, to, calls);
    assert.deepEqual(
      replies.map(({ headers, trailers }) =>
        headers["grpc-status"] ?? trailers["grpc-status"]
      ),
      ["0", "12", "14"],
    );
    assert.ok(replies.every(({ headers }) => headers[":status"] === 200));
  });
});

httpTest(
  "more calls than the server takes on one connection all end well",
  async (mesh) => {
    const { lab, pods } = mesh;
    const calls = Array.from({ length: 100 }, () => grpc("Echo"));
    const to = mesh.at("echo-v1", 7070);
    const runs = await Promise.all(
      Array.from({ length: 4 }, () => callHttp2(lab, pods.client, to, calls)),
    );
    const statuses = runs.flat().map(({ trailers }) => trailers["grpc-status"]);
    assert.deepEqual(new Set(statuses), new Set(["0"]));
  },
);
