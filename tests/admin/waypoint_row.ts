/** All that a waypoint may have been told, with secrets where there may be some. */
import type { WaypointRow } from "../../src/admin/rows.ts";
import { parseCidr } from "../../src/model/address.ts";
import { NO_FILTERS } from "../../src/model/http_filters.ts";
import type { HttpRoute } from "../../src/model/http_route.ts";
import type {
  KeySource,
  TokenRule,
} from "../../src/model/request_authentication.ts";

export const CART = "shop/cart.shop.svc.cluster.local";
/** Nothing that is shown may have it. */
export const SECRET = "s3cret";

const route: HttpRoute = {
  kind: "HTTPRoute",
  namespace: "shop",
  name: "cart",
  createdAtMs: 0,
  rules: [{
    name: "buy",
    matches: [{
      path: { kind: "prefix", value: "/buy" },
      method: "POST",
      headers: [
        { name: "x-user", match: { kind: "exact", value: "ann" } },
        { name: "x-api-key", match: { kind: "exact", value: SECRET } },
      ],
      query: [],
    }],
    filters: {
      ...NO_FILTERS,
      requestHeaders: {
        set: [["authorization", SECRET]],
        add: [],
        remove: [],
      },
      mirrors: [{ target: { kind: "invalid", because: "gone" }, share: 1 }],
    },
    action: {
      kind: "forward",
      backends: [{
        weight: 3,
        target: { kind: "service", service: CART, port: 80 },
        filters: { ...NO_FILTERS, rewrite: { hostname: "other" } },
      }, {
        weight: 1,
        target: { kind: "invalid", because: "no Service" },
        filters: NO_FILTERS,
      }],
    },
    timeouts: { requestMs: 1_000 },
    retry: { codes: [503] },
  }, {
    matches: [{
      path: { kind: "grpc", service: { kind: "exact", value: "a.B" } },
      headers: [],
      query: [],
    }],
    filters: { ...NO_FILTERS, redirect: { status: 302 } },
    action: { kind: "redirect" },
    timeouts: {},
  }],
};

const rule = (keys: KeySource): TokenRule => ({
  issuer: "https://id.example",
  audiences: ["shop"],
  keys,
  places: [{ in: "header", name: "authorization", prefix: "Bearer " }],
  forwardOriginalToken: false,
  payloadHeader: undefined,
  claimHeaders: [],
  spaceDelimitedClaims: [],
});
const INLINE: KeySource = { kind: "inline", jwks: `{"keys":["${SECRET}"]}` };
const REMOTE: KeySource = {
  kind: "uri",
  uri: `https://u:${SECRET}@id.example/keys?token=${SECRET}`,
  timeoutMs: 5_000,
};

export const ROW: WaypointRow = {
  config: {
    gateway: "shop/wp",
    services: [{
      key: CART,
      ports: [{ port: 80, protocol: "HTTP11" }, {
        port: 81,
        protocol: undefined,
      }],
    }],
    workloads: ["pod-1"],
    upstreams: { [CART]: { balancing: "RANDOM", connectTimeoutMs: 10 } },
    serviceAccounts: ["wp"],
    statuses: [{
      kind: "HTTPRoute",
      namespace: "shop",
      name: "cart",
      parents: [{
        parent: { group: "", kind: "Service", name: "cart" },
        conditions: [{
          type: "Accepted",
          status: "True",
          reason: "Accepted",
          message: "",
        }],
      }],
    }],
    warnings: ["odd"],
  },
  routes: [
    {
      service: CART,
      port: 80,
      layer: "http",
      kind: "HTTPRoute",
      matches: route.rules.map((rule, ruleIndex) => ({
        match: rule.matches[0]!,
        route,
        ruleIndex,
      })),
    },
    {
      service: CART,
      port: 81,
      clientNamespace: "other",
      layer: "stream",
      kind: "TLSRoute",
      routes: [{
        kind: "TLSRoute",
        namespace: "other",
        name: "tls",
        createdAtMs: 0,
        hostnames: ["a.example"],
        rules: [{
          backends: [{
            weight: 1,
            target: { kind: "service", service: CART, port: 80 },
          }],
        }],
      }],
    },
  ],
  policies: {
    gateway: [{
      namespace: "shop",
      name: "all",
      action: "CUSTOM",
      dryRun: false,
      rules: [],
      provider: "auth",
      authorizer: undefined,
    }],
    services: {
      [CART]: [{
        namespace: "shop",
        name: "deny",
        action: "DENY",
        dryRun: true,
        rules: [{
          index: 0,
          from: [[
            {
              on: "sourceIp",
              values: [parseCidr("10.0.0.0/8")!],
              notValues: [],
            },
            {
              on: "serviceAccount",
              values: [{ namespace: "shop", serviceAccount: "web" }],
              notValues: [],
            },
          ]],
          to: [[
            {
              on: "path",
              values: [
                { kind: "prefix", value: "/a" },
                { kind: "suffix", value: "/z" },
                { kind: "template", template: "/{*}" },
              ],
              notValues: [{ kind: "exact", value: "/b" }],
            },
            { on: "destinationPort", values: [80], notValues: [] },
          ]],
          when: [
            {
              on: "header",
              name: "x-token",
              values: [{ kind: "exact", value: SECRET }],
              notValues: [],
            },
            {
              on: "requestPrincipal",
              values: [{
                issuer: { kind: "exact", value: "iss" },
                subject: { kind: "presence" },
              }],
              notValues: [],
            },
            {
              on: "claim",
              path: ["a", "b"],
              values: [{ kind: "exact", value: "c" }],
              notValues: [],
            },
          ],
        }],
      }],
    },
  },
  requestAuthentications: {
    gateway: [{
      namespace: "shop",
      name: "jwt",
      rules: [
        rule(INLINE),
        rule(REMOTE),
        rule({
          kind: "issuer",
          issuer: "https://id.example",
          timeoutMs: 1,
        }),
      ],
    }],
    services: {},
  },
  pathNormalization: "BASE",
  keys: [
    { source: INLINE, state: "keys", count: 1 },
    {
      source: REMOTE,
      state: "keys",
      count: 2,
      fetchedAtMs: Date.UTC(2026, 0, 1),
      why: `Cannot fetch "${REMOTE.kind === "uri" && REMOTE.uri}": late`,
    },
  ],
};
