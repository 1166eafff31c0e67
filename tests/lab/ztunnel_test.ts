import assert from "node:assert/strict";
import { parse } from "yaml";
import { podOf } from "./places.ts";
import { localXds } from "./ztunnel.ts";

const pod = podOf(
  {
    name: "web-1",
    node: "node-2",
    labels: { app: "web" },
    ports: [{ name: "http", containerPort: 8080 }],
  },
  { netns: "n" },
  0,
  ["10.77.2.10", "fd77:2::a"],
);
const service = {
  name: "web",
  namespace: "default",
  labels: {},
  selector: { app: "web" },
  ports: [{ port: 80, targetPort: "http" }, { port: 81, targetPort: 8081 }],
  vips: ["10.96.0.10", "fd96::a"] as const,
};

Deno.test("localXds() makes a selected pod an endpoint, with named ports resolved", () => {
  const { workloads } = parse(localXds([pod], [service]));
  assert.deepEqual(workloads[0].services, {
    "default/web.default.svc.cluster.local": { 80: 8080, 81: 8081 },
  });
  assert.equal(workloads[0].status, "Healthy");
});

Deno.test("localXds() writes ports as YAML numbers, as ztunnel demands", () => {
  const text = localXds([pod], [service]);
  assert.match(text, /^ +80: 8080$/m);
  assert.match(text, /^ +81: 8081$/m);
});

Deno.test("localXds() leaves other pods out of a service", () => {
  const other = { ...pod, labels: { app: "other" } };
  assert.deepEqual(
    parse(localXds([other], [service])).workloads[0].services,
    {},
  );
});
