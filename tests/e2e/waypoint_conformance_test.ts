/**
 * The Gateway API's mesh conformance tests, through a waypoint: requests by curl
 * from a pod, answers by programs/echo_server.ts.
 *
 * @see https://gateway-api.sigs.k8s.io/concepts/conformance/ (MESH-HTTP, MESH-GRPC)
 */
import assert from "node:assert/strict";
import type { Call, Case, Outcome } from "../kube/routes/route_conformance.ts";
import { GATEWAY_FEATURES } from "../suites/gateway_features.ts";
import {
  GRPC_ECHO,
  GRPC_WEIGHTS,
  HTTP_WEIGHTS,
  MESH_ANSWERS,
} from "../suites/mesh_answers.ts";
import { MESH_MATCHING } from "../suites/mesh_matching.ts";
import { callHttp2 } from "./http_programs.ts";
import { type EchoReport, HttpMesh, type HttpReply } from "./http_mesh.ts";
import { share } from "./share.ts";

const httpTest = share(() => HttpMesh.start());

const GRPC_PORT = 7070;

function send(mesh: HttpMesh, call: Call): Promise<HttpReply> {
  const { path = "/", method = "GET", headers = [], service = "echo" } = call;
  const { host = service, port = 80, client = "mesh" } = call;
  const from = client === "mesh" ? mesh.pods.client : mesh.pods.consumer;
  const url = mesh.urlOf(service as "echo", path, port);
  return mesh.curl(url, [
    ...port === GRPC_PORT ? ["--http2-prior-knowledge"] : ["--http1.1"],
    ...method === "HEAD" ? ["--head"] : ["-X", method],
    ...["-H", `Host: ${host}`],
    ...headers.flatMap(([name, value]) => ["-H", `${name}: ${value}`]),
  ], from);
}

function check(reply: HttpReply, call: Call, expected: Outcome): void {
  const { by, status = 200, location, sees = {}, responds = [] } = expected;
  assert.equal(reply.status, status, reply.body + reply.error);
  assert.equal(reply.headers.location?.[0], location);
  if (by !== undefined) {
    // A service without a number is both.
    assert.ok(reply.headers["x-backend"]?.[0]?.startsWith(by), reply.body);
  }
  for (const [name, value] of responds) {
    assert.ok(reply.headers[name]?.includes(value), `${name}: ${value}`);
  }
  if (expected.responds?.length === 0) {
    assert.equal(reply.headers["x-header-set"], undefined);
  }
  const seen = reply.status === 200 ? seenBy(reply, call) : undefined;
  if (sees.path !== undefined) assert.equal(seen?.path, sees.path);
  if (sees.host !== undefined) assert.equal(seen?.host, sees.host);
  if (sees.headers !== undefined) {
    assert.deepEqual(testHeaders(seen?.headers ?? []), joined(sees.headers));
  }
}

/** What the backend says of the request. */
function seenBy(reply: HttpReply, { port }: Call): EchoReport | undefined {
  if (reply.body === "") return undefined;
  if (port !== GRPC_PORT) return JSON.parse(reply.body);
  const { name, headers } = JSON.parse(reply.body.slice(5));
  return { ...headers, name, headers: Object.entries(headers) };
}

/** The tests' own headers: others are the client's. */
const testHeaders = (headers: readonly (readonly [string, string])[]) =>
  joined(headers.filter(([name]) => !OF_CURL.test(name)));

const OF_CURL = /^(:.*|accept|host|user-agent|te|content-.*)$/;

/** Values of one name in one, as programs see them. */
function joined(
  headers: readonly (readonly [string, string, true?])[],
): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of headers) {
    all[name] = all[name] === undefined ? value : `${all[name]}, ${value}`;
  }
  return all;
}

function conforms({ name, routes, rows }: Case): void {
  httpTest(name, async (mesh) => {
    await mesh.under("case", routes, async () => {
      for (const [call, expected] of rows) {
        try {
          check(await send(mesh, call), call, expected);
        } catch (cause) {
          throw new Error(JSON.stringify(call), { cause });
        }
      }
    });
  });
}

for (const { all } of [MESH_MATCHING, MESH_ANSWERS, GATEWAY_FEATURES]) {
  all.forEach(conforms);
}

const REQUESTS = 500;

/** The names of all that answered, each as often as it did. */
async function answering(mesh: HttpMesh): Promise<string[]> {
  const { stdout } = await mesh.lab.exec(mesh.pods.client, [
    ...["curl", "-sS", "-o", "/dev/null", "-w", "%header{x-backend}\n"],
    `${mesh.urlOf("echo")}?[1-${REQUESTS}]`,
  ]);
  return stdout.trim().split("\n");
}

/** By gRPC: curl 7.88 cannot use a connection again that has carried trailers. */
async function answeringCalls(mesh: HttpMesh): Promise<string[]> {
  const { lab, pods } = mesh;
  const headers = { ":method": "POST", ":path": GRPC_ECHO.path };
  const call = { headers, chunks: [], pingPong: false };
  const calls = Array.from({ length: REQUESTS / 5 }, () => call);
  const to = mesh.at("echo", GRPC_PORT);
  const replies = await Promise.all(
    Array.from({ length: 5 }, () => callHttp2(lab, pods.client, to, calls)),
  );
  return replies.flat().map(({ headers }) => `${headers["x-backend"]}`);
}

for (
  const [name, routes, ask] of [
    ["MeshHTTPRouteWeight", HTTP_WEIGHTS, answering],
    ["MeshGRPCRouteWeight", GRPC_WEIGHTS, answeringCalls],
  ] as const
) {
  httpTest(`${name}: 70 to 30`, async (mesh) => {
    await mesh.under("weights", routes, async () => {
      const names = await ask(mesh);
      const first = names.filter((name) => name === "echo-v1").length;
      const second = names.filter((name) => name === "echo-v2").length;
      assert.equal(first + second, REQUESTS);
      // The conformance test allows 5 points and tries ten times; 9 points
      // are more than 4 standard deviations.
      assert.ok(Math.abs(first / REQUESTS - 0.7) < 0.09, `${first}`);
    });
  });
}
