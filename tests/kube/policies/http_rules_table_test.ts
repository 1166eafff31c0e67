/** Every field and every key of an AuthorizationPolicy, from YAML to match. */
import assert from "node:assert/strict";
import type { HeaderList } from "../../../src/model/http.ts";
import { peer, request } from "../../support/http_samples.ts";
import { ip } from "../../support/sample_mesh.ts";
import { type Input, matches } from "./http_verdicts.ts";
import type { Raw } from "../objects.ts";

const source = (fields: Raw) => ({ from: [{ source: fields }] });
const operation = (fields: Raw) => ({ to: [{ operation: fields }] });
const when = (key: string, values: string[], notValues: string[] = []) => ({
  when: [{ key, values, notValues }],
});
const ANONYMOUS: Input = { peer: peer("") };
const of = (uri: string): Input => ({ peer: peer(`spiffe://${uri}`) });
const path = (text: string): Input => ({ request: request({ path: text }) });
const host = (authority: string): Input => ({
  request: request({ authority }),
});
const method = (name: string): Input => ({
  request: request({ method: name }),
});
const headers = (...list: HeaderList): Input => ({
  request: request({ headers: list }),
});
const from = (src: string): Input => ({ peer: peer(undefined, src) });
const to = (dst: string, port = 80): Input => ({
  peer: peer(undefined, "10.0.0.1", dst, port),
});

type Row = [rule: Raw, input: Input, holds: boolean];

const stringRows: Row[] = [
  ["web", "web", true],
  ["web", "Web", false],
  ["web", "web2", false],
  ["*", "web", true],
  ["*", "", false],
  ["*eb", "web", true],
  ["*eb", "webs", false],
  ["we*", "web", true],
  ["we*", "aweb", false],
  // The leading star is looked at first: the suffix `e*`, with its star.
  ["*e*", "web", false],
  ["*e*", "we*", true],
  ["w*b", "web", false],
  ["w*b", "w*b", true],
].map(([pattern, value, holds]) => [
  when("request.headers[x-name]", [pattern as string]),
  headers(["x-name", value as string]),
  holds as boolean,
]);

const sourceRows: Row[] = [
  [source({ principals: ["cluster.local/ns/shop/sa/client"] }), {}, true],
  [source({ principals: ["cluster.local/ns/shop/sa/other"] }), {}, false],
  [source({ principals: ["*"] }), {}, true],
  [source({ principals: ["*"] }), ANONYMOUS, false],
  [source({ principals: ["*/sa/client"] }), {}, true],
  [source({ principals: ["cluster.local/ns/shop/*"] }), {}, true],
  [source({ notPrincipals: ["*"] }), {}, false],
  [source({ notPrincipals: ["*"] }), ANONYMOUS, true],
  [source({ namespaces: ["shop"] }), {}, true],
  [source({ namespaces: ["sho"] }), {}, false],
  [source({ namespaces: ["sh*"] }), {}, true],
  [source({ namespaces: ["*op"] }), {}, true],
  [source({ namespaces: ["s*p"] }), {}, true],
  [source({ namespaces: ["*"] }), ANONYMOUS, false],
  [source({ namespaces: ["sho.|x"] }), {}, false],
  [source({ namespaces: ["sh[no]p"] }), {}, true],
  [source({ notNamespaces: ["shop"] }), {}, false],
  [source({ notNamespaces: ["shop"] }), ANONYMOUS, true],
  [source({ serviceAccounts: ["client"] }), {}, true],
  [source({ serviceAccounts: ["shop/client"] }), {}, true],
  [source({ serviceAccounts: ["other/client"] }), {}, false],
  [source({ serviceAccounts: ["client"] }), of("td/ns/x/sa/client"), false],
  [source({ serviceAccounts: ["clie"] }), {}, false],
  [source({ notServiceAccounts: ["client"] }), {}, false],
  [source({ notServiceAccounts: ["client"] }), ANONYMOUS, true],
  [source({ trustDomains: ["cluster.local"] }), {}, true],
  [source({ trustDomains: ["cluster"] }), {}, false],
  [source({ trustDomains: ["cluster*"] }), {}, true],
  [source({ trustDomains: ["*.local"] }), {}, true],
  [source({ trustDomains: ["*client"] }), {}, false],
  [source({ trustDomains: ["*"] }), ANONYMOUS, false],
  [source({ notTrustDomains: ["*.local"] }), {}, false],
  [source({ ipBlocks: ["10.0.0.0/24"] }), {}, true],
  [source({ ipBlocks: ["10.0.1.0/24"] }), {}, false],
  [source({ ipBlocks: ["fd00::/8"] }), from("fd00::1"), true],
  [source({ notIpBlocks: ["10.0.0.1"] }), {}, false],
  [source({ remoteIpBlocks: ["10.0.0.1"] }), {}, true],
  [source({ remoteIpBlocks: ["10.0.0.1"] }), { remote: ip("1.1.1.1") }, false],
  [source({ remoteIpBlocks: ["1.0.0.0/8"] }), { remote: ip("1.1.1.1") }, true],
  [source({ ipBlocks: ["1.0.0.0/8"] }), { remote: ip("1.1.1.1") }, false],
  [
    source({ notRemoteIpBlocks: ["1.1.1.1"] }),
    { remote: ip("1.1.1.1") },
    false,
  ],
];

const operationRows: Row[] = [
  [operation({ hosts: ["web.shop"] }), {}, true],
  [operation({ hosts: ["WEB.shop"] }), host("web.SHOP"), true],
  [operation({ hosts: ["web.shop"] }), host("web.shop:80"), false],
  [operation({ hosts: ["web.shop:*"] }), host("web.shop:80"), true],
  [operation({ hosts: ["*.shop"] }), {}, true],
  [operation({ hosts: ["*"] }), host(""), false],
  [operation({ notHosts: ["web.shop"] }), {}, false],
  [operation({ notHosts: ["web.shop"] }), host("web.shop:80"), true],
  [operation({ ports: ["80"] }), {}, true],
  [operation({ ports: ["8080"] }), {}, false],
  [operation({ ports: ["443"] }), to("10.96.0.1", 443), true],
  [operation({ notPorts: ["80"] }), {}, false],
  [operation({ methods: ["GET", "HEAD"] }), {}, true],
  [operation({ methods: ["get"] }), {}, false],
  [operation({ methods: ["P*"] }), method("PUT"), true],
  [operation({ notMethods: ["GET"] }), {}, false],
  [operation({ notMethods: ["GET"] }), method("get"), true],
  [operation({ paths: ["/admin"] }), path("/admin"), true],
  [operation({ paths: ["/admin"] }), path("/admin?a=/x"), true],
  [operation({ paths: ["/admin"] }), path("/admin#x"), true],
  [operation({ paths: ["/admin"] }), path("/admin/"), false],
  [operation({ paths: ["/admin"] }), path("/Admin"), false],
  [operation({ paths: ["/admin"] }), path("/admin;x"), false],
  [operation({ paths: ["/admin*"] }), path("/admin/x"), true],
  [operation({ paths: ["*.txt"] }), path("/a.txt?b"), true],
  [operation({ paths: ["*.txt"] }), path("/a?.txt"), false],
  [operation({ paths: ["*"] }), path("/"), true],
  [operation({ paths: ["/shop.Cart/Add"] }), path("/shop.Cart/Add"), true],
  [operation({ paths: ["/a/{*}/c"] }), path("/a/b/c?d"), true],
  [operation({ paths: ["/a/{*}/c"] }), path("/a/b/b/c"), false],
  [operation({ paths: ["/a/{**}"] }), path("/a/b/b/c"), true],
  [operation({ paths: ["/é"] }), path("/\u00c3\u00a9"), true],
  [operation({ notPaths: ["/admin*"] }), path("/admin"), false],
  [operation({ notPaths: ["/a/{**}"] }), path("/b"), true],
];

const TOKEN: Input = {
  token: {
    issuer: "https://issuer/x",
    subject: "ann",
    audiences: ["web", "api"],
    presenter: "app",
    claims: {
      name: "Ann",
      groups: ["dev", "ops"],
      level: 3,
      admin: true,
      scope: ["read", "write"],
      realm: { roles: ["root"], deep: { er: "x" } },
      empty: "",
      "a.b": "dotted",
      mixed: [1, "one"],
    },
  },
};
const claim = (name: string, values: string[], notValues: string[] = []) =>
  when(`request.auth.claims${name}`, values, notValues);

const conditionRows: Row[] = [
  [when("source.ip", ["10.0.0.1"]), {}, true],
  [when("source.ip", [], ["10.0.0.0/8"]), {}, false],
  [when("remote.ip", ["10.0.0.1"]), { remote: ip("1.1.1.1") }, false],
  [when("remote.ip", ["1.1.1.1"]), { remote: ip("1.1.1.1") }, true],
  [when("source.namespace", ["s*"]), {}, true],
  [when("source.namespace", [], ["shop"]), {}, false],
  [when("source.principal", ["*/client"]), {}, true],
  [when("source.principal", [], ["*"]), ANONYMOUS, true],
  [when("source.serviceAccount", ["client"]), {}, true],
  [when("source.trustDomain", ["cluster.local"]), {}, true],
  [when("destination.ip", ["10.96.0.0/16"]), {}, true],
  [when("destination.ip", ["10.96.0.0/16"]), to("10.0.0.2"), false],
  [when("destination.port", ["80"]), {}, true],
  [when("destination.port", [], ["80"]), {}, false],
  [when("connection.sni", ["a.example"]), {}, false],
  [when("connection.sni", [], ["a.example"]), {}, true],
  [when("connection.sni", ["*.example"]), { sni: "a.example" }, true],
  [when("request.headers[X-Name]", ["a"]), headers(["x-name", "a"]), true],
  [when("request.headers[x-name]", ["a"]), {}, false],
  [when("request.headers[x-name]", ["*"]), {}, false],
  [when("request.headers[x-name]", [], ["a"]), {}, true],
  [when("request.headers[x-name]", [], ["*"]), headers(["x-name", "a"]), false],
  [
    when("request.headers[x-name]", ["a"]),
    headers(["x-name", "a"], ["x-name", "b"]),
    false,
  ],
  [
    when("request.headers[x-name]", ["a,b"]),
    headers(["x-name", "a"], ["y", "z"], ["x-name", "b"]),
    true,
  ],
  [when("request.headers[host]", ["web.shop"]), {}, true],
  [when("request.headers[:authority]", ["web.shop"]), {}, true],
  [when("request.headers[:method]", ["GET"]), {}, true],
  [when("request.headers[:path]", ["/a?b"]), path("/a?b"), true],
  [when("request.headers[:scheme]", ["http"]), {}, true],
  [when("request.headers[x-é]", ["a"]), headers(["x-é", "a"]), false],
];

const principal = (...values: string[]) =>
  source({ requestPrincipals: values });
const tokenRows: Row[] = [
  [principal("https://issuer/x/ann"), TOKEN, true],
  [principal("https://issuer/x/bob"), TOKEN, false],
  [principal("*"), TOKEN, true],
  [principal("*"), {}, false],
  [principal("https://issuer/x/*"), TOKEN, true],
  [principal("https://issuer/*"), TOKEN, false],
  [principal("https://issuer/x/a*"), TOKEN, true],
  [principal("https://issuer/x/b*"), TOKEN, false],
  [principal("*/ann"), TOKEN, true],
  [principal("*/x/ann"), TOKEN, true],
  [principal("*/bob"), TOKEN, false],
  [principal("*nn"), TOKEN, true],
  [principal("https:*"), TOKEN, true],
  [principal("ann"), TOKEN, false],
  [source({ notRequestPrincipals: ["*"] }), {}, true],
  [source({ notRequestPrincipals: ["*"] }), TOKEN, false],
  [when("request.auth.principal", ["*/ann"]), TOKEN, true],
  [when("request.auth.principal", [], ["*"]), {}, true],
  [when("request.auth.audiences", ["api"]), TOKEN, true],
  [when("request.auth.audiences", ["ap*"]), TOKEN, true],
  [when("request.auth.audiences", ["other"]), TOKEN, false],
  [when("request.auth.audiences", [], ["api"]), TOKEN, false],
  [when("request.auth.audiences", [], ["api"]), {}, true],
  [when("request.auth.presenter", ["app"]), TOKEN, true],
  [when("request.auth.presenter", ["app"]), {}, false],
  [claim("[name]", ["Ann"]), TOKEN, true],
  [claim("[name]", ["ann"]), TOKEN, false],
  [claim("[groups]", ["ops"]), TOKEN, true],
  [claim("[groups]", ["o*"]), TOKEN, true],
  [claim("[groups]", ["dev,ops"]), TOKEN, false],
  [claim("[groups]", [], ["ops"]), TOKEN, false],
  [claim("[scope]", ["write"]), TOKEN, true],
  [claim("[level]", ["3"]), TOKEN, false],
  [claim("[admin]", ["true"]), TOKEN, false],
  [claim("[empty]", ["*"]), TOKEN, false],
  [claim("[mixed]", ["one"]), TOKEN, true],
  [claim("[realm][roles]", ["root"]), TOKEN, true],
  [claim("[realm][deep][er]", ["x"]), TOKEN, true],
  [claim("[realm]", ["*"]), TOKEN, false],
  [claim("[realm][none]", [], ["*"]), TOKEN, true],
  [claim("[a.b]", ["dotted"]), TOKEN, true],
  [claim("[constructor][name]", ["*"]), TOKEN, false],
  [claim("[groups][0]", ["dev"]), TOKEN, false],
  [claim("[name]", [], ["Ann"]), {}, true],
];

const structureRows: Row[] = [
  [{}, ANONYMOUS, true],
  [
    source({ namespaces: ["shop"], principals: ["*/other"] }),
    {},
    false,
  ],
  [
    {
      from: [{ source: { namespaces: ["x"] } }, {
        source: { namespaces: ["shop"] },
      }],
    },
    {},
    true,
  ],
  [
    { ...source({ namespaces: ["shop"] }), ...operation({ methods: ["PUT"] }) },
    {},
    false,
  ],
  [
    {
      to: [{ operation: { methods: ["GET"], paths: ["/x"] } }, {
        operation: { methods: ["GET"], notPaths: ["/x"] },
      }],
    },
    {},
    true,
  ],
  [
    {
      when: [
        { key: "source.namespace", values: ["shop"] },
        { key: "destination.port", values: ["81"] },
      ],
    },
    {},
    false,
  ],
  [when("request.headers[x]", ["a*"], ["ab"]), headers(["x", "ab"]), false],
  [when("request.headers[x]", ["a*"], ["ab"]), headers(["x", "ac"]), true],
];

const tables: [name: string, rows: Row[]][] = [
  ["a string", stringRows],
  ["from", sourceRows],
  ["to", operationRows],
  ["when", conditionRows],
  ["a token", tokenRows],
  ["a rule", structureRows],
];
for (const [name, rows] of tables) {
  for (const [index, [rule, input, holds]] of rows.entries()) {
    const text = JSON.stringify(rule);
    Deno.test(`${name} #${index} ${holds ? "holds" : "fails"}: ${text}`, () => {
      assert.equal(matches(rule, input), holds);
    });
  }
}
