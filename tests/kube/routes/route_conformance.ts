/**
 * Runs the Gateway API's mesh conformance tests without a cluster: their routes
 * go through the translation, their requests through the decision. What answers
 * (`echo-v1`, `echo-v2`) is the backend that the plan names.
 *
 * @see https://gateway-api.sigs.k8s.io/concepts/conformance/ (MESH-HTTP, MESH-GRPC)
 */
import assert from "node:assert/strict";
import { modifyHeaders } from "../../../src/decide/http/headers.ts";
import { planRequest } from "../../../src/decide/http/plan.ts";
import type { HeaderList } from "../../../src/model/http.ts";
import { compileRoutes } from "../../decide/http/routes.ts";
import type { Raw } from "../objects.ts";
import { config, keyOf, parent, to } from "./route_mesh.ts";

export interface Call {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: HeaderList;
  /** Default `echo`. */
  readonly service?: string;
  /** `Host`; the address decides, not this. Default as `service`. */
  readonly host?: string;
  /** Default 80. */
  readonly port?: number;
  /** Namespace of the client. Default `mesh`. */
  readonly client?: string;
}

export interface Outcome {
  /** Who answers; undefined when the waypoint does. */
  readonly by?: string;
  readonly status?: number;
  readonly location?: string;
  /** What the backend sees, as far as it is named here. */
  readonly sees?: {
    readonly path?: string;
    readonly host?: string;
    readonly headers?: HeaderList;
  };
  /** Changes to an empty response. */
  readonly responds?: HeaderList;
}

export function ask(routes: readonly Raw[], call: Call, chance = 0): Outcome {
  const { path = "/", method = "GET", headers = [], service = "echo" } = call;
  const { host = service, port = 80, client = "mesh" } = call;
  const plan = planRequest(
    compileRoutes(config(routes).routes),
    { method, scheme: "http", authority: host, path, headers },
    { service: keyOf(service), port, clientNamespace: client },
    () => chance,
  );
  if (plan.kind === "reply") {
    const location = plan.reply.headers.find(([name]) => name === "location");
    return {
      status: plan.reply.status,
      ...location && { location: location[1] },
    };
  }
  const { request, target, responseHeaders } = plan;
  return {
    by: target.service.split("/")[1]!.split(".")[0]!,
    sees: {
      path: request.path,
      host: request.authority,
      headers: request.headers,
    },
    responds: responseHeaders.reduce(modifyHeaders, [] as HeaderList),
  };
}

export type Row = readonly [call: Call, expected: Outcome];

/** One of the tests: routes, and what they make of calls. */
export interface Case {
  readonly name: string;
  readonly routes: readonly Raw[];
  readonly rows: readonly Row[];
}

/** Tests that are run twice: without a cluster, and through a waypoint. */
export class Cases {
  readonly all: Case[] = [];

  add(name: string, routes: readonly Raw[], rows: readonly Row[]): void {
    this.all.push({ name, routes, rows });
  }
}

export function conforms({ name, routes, rows }: Case): void {
  for (const [call, expected] of rows) {
    Deno.test(`${name}: ${JSON.stringify(call)}`, () => {
      const outcome = ask(routes, call);
      const { sees, ...rest } = expected;
      assert.deepEqual({ ...outcome, ...rest }, outcome);
      if (sees !== undefined) {
        assert.deepEqual({ ...outcome.sees, ...sees }, outcome.sees);
      }
      assert.equal(outcome.by, expected.by);
    });
  }
}

export const v1 = { backendRefs: [to("echo-v1")] };
export const v2 = { backendRefs: [to("echo-v2")] };
export const at80 = { parentRefs: [parent("echo", { port: 80 })] };
export const path = (value: string, type = "PathPrefix") => ({
  path: { type, value },
});
export const filter = (type: string, body: Raw) => ({
  type,
  [
    type === "URLRewrite"
      ? "urlRewrite"
      : type[0]!.toLowerCase() + type.slice(1)
  ]: body,
});
