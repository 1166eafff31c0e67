/** What `explain` says, against what then happens. */
import assert from "node:assert/strict";
import type {
  ExplainVerdict,
  Explanation,
} from "../../src/model/explanation.ts";
import type { HairpinProcess, LabPod, Place } from "../lab/mod.ts";
import { call } from "./calls.ts";
import { authorizationPolicy, peerAuthentication } from "./policy_support.ts";
import { share } from "./share.ts";
import { HTTP_PORT } from "./support.ts";
import { servicePolicy, WaypointMesh } from "./waypoint_support.ts";

const explainTest = share(() => WaypointMesh.start());

type Client = "sleep" | "notsleep" | "bystander" | "neighbour" | "outsider";
type Target = "pod" | "httpbin" | "alias" | "empty" | "neighbour" | "outsider";

interface Row {
  readonly from: Client;
  readonly to: Target;
  /** Default `/`. */
  readonly path?: string;
  /** What it is in the end, whoever decides. */
  readonly verdict: ExplainVerdict;
  /** What curl sees; 0 for no response. */
  readonly status: number;
  /** Of the steps, those that tell why. */
  readonly says?: RegExp;
}

explainTest("explain agrees with connections under no policy", async (mesh) => {
  await serveOutside(mesh);
  await withEmptyService(mesh, () =>
    assertRows(mesh, [
      { from: "sleep", to: "httpbin", verdict: "allow", status: 200 },
      { from: "sleep", to: "alias", verdict: "allow", status: 200 },
      { from: "sleep", to: "pod", verdict: "allow", status: 200 },
      {
        ...{ from: "outsider", to: "pod", verdict: "allow", status: 200 },
        says: /waypoint.* was not passed: turned round/,
      },
      {
        ...{ from: "sleep", to: "httpbin", path: "/secret" },
        ...{ verdict: "deny", status: 403 },
        says: /default\/secret \(DENY\) matches/,
      },
      {
        ...{ from: "outsider", to: "pod", path: "/secret" },
        ...{ verdict: "deny", status: 403 },
        says: /vouched for by a destination pod: .*, no identity/,
      },
      {
        ...{ from: "sleep", to: "empty", verdict: "fail", status: 0 },
        says: /no healthy upstream/,
      },
      {
        ...{ from: "sleep", to: "outsider", verdict: "allow", status: 200 },
        says: /passed through/,
      },
      {
        ...{ from: "bystander", to: "pod", verdict: "allow", status: 200 },
        says: /outbound, no proxy/,
      },
      { from: "neighbour", to: "pod", verdict: "allow", status: 200 },
    ]));
});

explainTest(
  "explain agrees with connections under L4 policies",
  async (mesh) => {
    const deny = authorizationPolicy("no-notsleep", {
      selector: { matchLabels: { app: "httpbin" } },
      action: "DENY",
      rules: [{
        from: [{
          source: { principals: ["cluster.local/ns/default/sa/notsleep"] },
        }],
      }],
    });
    await mesh.under("no-notsleep", deny, () =>
      assertRows(mesh, [
        {
          ...{ from: "notsleep", to: "pod", verdict: "deny", status: 0 },
          says: /explicitly denied by: default\/no-notsleep/,
        },
        { from: "sleep", to: "pod", verdict: "allow", status: 200 },
        // At the pod the waypoint is the peer: who called it is not seen there.
        {
          ...{ from: "notsleep", to: "httpbin", verdict: "allow", status: 200 },
          says: /default\/no-notsleep \(DENY\) does not match/,
        },
      ]));
    const strict = peerAuthentication("strict", "default", {
      mtls: { mode: "STRICT" },
    });
    await mesh.under("strict", strict, () =>
      assertRows(mesh, [
        { from: "outsider", to: "pod", verdict: "deny", status: 0 },
        { from: "bystander", to: "pod", verdict: "deny", status: 0 },
        { from: "sleep", to: "httpbin", verdict: "allow", status: 200 },
        { from: "neighbour", to: "pod", verdict: "allow", status: 200 },
      ]));
  },
);

explainTest("explain agrees with requests under L7 policies", async (mesh) => {
  const allow = servicePolicy("get-by-sleep", {
    action: "ALLOW",
    rules: [{
      from: [{
        source: { principals: ["cluster.local/ns/default/sa/sleep"] },
      }],
      to: [{ operation: { methods: ["GET"], paths: ["/", "/1k"] } }],
    }],
  });
  await mesh.under("get-by-sleep", allow, () =>
    assertRows(mesh, [
      {
        ...{ from: "sleep", to: "httpbin", verdict: "allow", status: 200 },
        says: /default\/get-by-sleep \(ALLOW\) matches/,
      },
      {
        ...{ from: "sleep", to: "httpbin", path: "/ip" },
        ...{ verdict: "deny", status: 403 },
        says: /default\/get-by-sleep \(ALLOW\) does not match/,
      },
      {
        from: "sleep",
        to: "httpbin",
        path: "/1k",
        verdict: "allow",
        status: 200,
      },
      { from: "notsleep", to: "httpbin", verdict: "deny", status: 403 },
      { from: "sleep", to: "alias", verdict: "allow", status: 200 },
      { from: "notsleep", to: "pod", verdict: "deny", status: 403 },
      { from: "outsider", to: "pod", verdict: "deny", status: 403 },
      { from: "neighbour", to: "pod", verdict: "deny", status: 403 },
    ]));
});

explainTest("explain agrees with routes", async (mesh) => {
  await mesh.under("route", ROUTE, () =>
    assertRows(mesh, [
      {
        ...{ from: "sleep", to: "httpbin", path: "/old/x" },
        ...{ verdict: "answer", status: 302 },
        says: /HTTPRoute default\/route rule moved takes it/,
      },
      {
        ...{ from: "sleep", to: "httpbin", path: "/moved" },
        ...{ verdict: "allow", status: 200 },
        says: /rule renamed takes it, with path \/1k/,
      },
      {
        ...{ from: "sleep", to: "httpbin", path: "/nobody" },
        ...{ verdict: "answer", status: 500 },
      },
      {
        ...{ from: "sleep", to: "httpbin", path: "/else" },
        ...{ verdict: "answer", status: 404 },
        says: /no rule of the routes takes it/,
      },
      {
        from: "sleep",
        to: "httpbin",
        path: "/secret",
        verdict: "deny",
        status: 403,
      },
    ]));
});

explainTest("hairpin explain shows what the process says", async (mesh) => {
  const { lab, pods } = mesh;
  const ask = (...words: string[]) => {
    const program = [Deno.execPath(), "run", "-P", "main.ts", "explain"];
    const here = ["sh", "-c", 'cd "$0" && exec "$@"', REPOSITORY];
    return lab.exec(pods.waypoint, [...here, ...program, ...words]);
  };
  const question = ["--from", "default/sleep", "--to", "httpbin:8000"];
  const request = ["--method", "GET", "--path", "/secret"];
  const told = await ask(...question, ...request);
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stdout, /^verdict {2}deny: 403: rbac_access_denied/m);
  assert.match(told.stdout, /^ {2}waypoint default\/waypoint$/m);
  const json = await ask(...question, ...request, "--json");
  assert.equal(JSON.parse(json.stdout).verdict, "deny");
  const open = await ask(...question);
  assert.match(open.stdout, /^verdict {2}depends: the request decides/m);
  const wrong = await ask("--from", "default/nobody", "--to", "httpbin:8000");
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.stderr,
    /^hairpin: Cannot find the pod "default\/nobody": not known$/m,
  );
  const deaf = await ask(...question, "--admin", "127.0.0.1:1");
  assert.equal(deaf.code, 1);
  assert.match(
    deaf.stderr,
    /^hairpin: Cannot ask the admin server at "127\.0\.0\.1:1": /m,
  );
});

const REPOSITORY = new URL("../..", import.meta.url).pathname;

const ROUTE = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "route", namespace: "default" },
  spec: {
    parentRefs: [{ group: "", kind: "Service", name: "httpbin" }],
    rules: [
      {
        name: "moved",
        matches: [{ path: { type: "PathPrefix", value: "/old" } }],
        filters: [{
          type: "RequestRedirect",
          requestRedirect: { statusCode: 302, hostname: "new.example" },
        }],
      },
      {
        name: "renamed",
        matches: [{ path: { type: "Exact", value: "/moved" } }],
        filters: [{
          type: "URLRewrite",
          urlRewrite: {
            path: { type: "ReplaceFullPath", replaceFullPath: "/1k" },
          },
        }],
        backendRefs: [{ name: "httpbin", port: HTTP_PORT }],
      },
      {
        matches: [{ path: { type: "Exact", value: "/nobody" } }],
        backendRefs: [{ name: "nobody", port: HTTP_PORT }],
      },
    ],
  },
};

/** A service that selects nothing. */
async function withEmptyService(
  mesh: WaypointMesh,
  body: () => Promise<void>,
): Promise<void> {
  await mesh.change("service empty", async () => {
    await mesh.lab.addService({
      name: "empty",
      selector: { app: "nothing" },
      ports: [{ port: HTTP_PORT, targetPort: HTTP_PORT }],
    });
  });
  await body();
}

/** A server outside the mesh. */
async function serveOutside({ lab }: WaypointMesh): Promise<void> {
  const server = `Deno.serve({ port: ${HTTP_PORT} }, () => new Response("hi"))`;
  const command = [Deno.execPath(), "eval", server];
  const process = lab.start(lab.outsider, "outside", command);
  await process.untilLog(/Listening on/);
}

async function assertRows(
  mesh: WaypointMesh,
  rows: readonly Row[],
): Promise<void> {
  for (const row of rows) {
    const { from, to, path = "/", verdict, status, says } = row;
    const name = `${from} to ${to}${path}`;
    const told = await explainAll(mesh, from, targetOf(mesh, to), path);
    const text = JSON.stringify(told.ways);
    assert.equal(told.verdict, verdict, `${name}: ${text}`);
    if (says !== undefined) assert.match(text, says, name);
    const url = `http://${targetOf(mesh, to)}${path}`;
    const reply = await call(mesh.lab, placeOf(mesh, from), url);
    assert.equal(reply.status, status, `${name}: curl ${reply.curlCode}`);
  }
}

/** By the process at the client, and by the waypoint where that leaves it to it. */
async function explainAll(
  mesh: WaypointMesh,
  from: Client,
  to: string,
  path: string,
): Promise<Explanation> {
  const client = from === "outsider"
    ? mesh.lab.outsider.ips[0]
    : `default/${from}`;
  const first = from === "outsider" || from === "neighbour"
    ? mesh.server
    : mesh.client;
  const query = `from=${client}&to=${to}&method=GET&path=${path}`;
  const told = await explainBy(first, query);
  return told.verdict === "elsewhere"
    ? await explainBy(mesh.waypoint, query)
    : told;
}

const explainBy = async (
  proxy: HairpinProcess,
  query: string,
): Promise<Explanation> => JSON.parse(await proxy.admin(`/explain?${query}`));

function placeOf({ lab, pods }: WaypointMesh, client: Client): Place {
  return client === "outsider" ? lab.outsider : pods[client];
}

function targetOf(mesh: WaypointMesh, target: Target): string {
  const { lab, pods, services } = mesh;
  const ips: Readonly<Record<Target, () => readonly string[]>> = {
    pod: () => pods.httpbin.ips,
    httpbin: () => services.httpbin.vips,
    alias: () => services.alias.vips,
    empty: () => lab.service("empty").vips,
    neighbour: () => (pods.neighbour as LabPod).ips,
    outsider: () => lab.outsider.ips,
  };
  return `${ips[target]()[0]}:${HTTP_PORT}`;
}
