import { translate } from "../../src/kube/translate.ts";
import { parsed, type Raw, raw } from "./objects.ts";

export const ADDRESS = { type: "IPAddress", value: "10.96.0.9" };
export const WP = {
  destination: { kind: "address", network: "", ip: "10.96.0.9" },
  hboneMtlsPort: 15008,
};
export const HOST = (hostname: string, namespace = "shop") => ({
  destination: { kind: "hostname", namespace, hostname },
  hboneMtlsPort: 15008,
});
/** Where a waypoint is that must not be passed and cannot be reached. */
export const NOWHERE = (name: string, namespace = "shop") =>
  HOST(`${name}.${namespace}.waypoint.invalid`, namespace);

export const gateway = (rest: Raw = {}, name = "wp") => {
  const { labels, annotations, allowedRoutes, ...others } = rest;
  return raw("Gateway", name, {
    metadata: { labels: labels ?? {}, annotations: annotations ?? {} },
    spec: {
      gatewayClassName: "istio-waypoint",
      listeners: [{
        name: "mesh",
        port: 15008,
        protocol: "HBONE",
        ...allowedRoutes === undefined ? {} : { allowedRoutes },
      }],
    },
    status: { addresses: [ADDRESS] },
    ...others,
  });
};
export const use = (labels: Raw) => ({
  metadata: {
    labels: Object.fromEntries(
      Object.entries(labels).map(([k, v]) => [`istio.io/${k}`, v]),
    ),
  },
});
export const service = (rest: Raw = {}) =>
  raw("Service", "cart", { ...rest, spec: {} });
export const namespace = (rest: Raw = {}) => raw("Namespace", "shop", rest);
export const uses = { "use-waypoint": "wp" };

/** Waypoint of the service "cart" and of the pod "cart", and what is warned of. */
export function outcome(objects: Raw[]) {
  const { services, workloads, warnings } = translate(parsed(...objects));
  return {
    service: services.find(({ name }) => name === "cart")?.waypoint,
    weighted: services.find(({ name }) => name === "cart")?.weightedWaypoints,
    pod: workloads.find(({ name }) => name === "cart")?.waypoint,
    warnings,
  };
}
