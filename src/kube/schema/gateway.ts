/** The Gateway of gateway.networking.k8s.io, as far as a waypoint is one. */
import * as v from "valibot";
import { parseIp } from "../../model/address.ts";
import {
  anyMapping,
  hostName,
  labels,
  labelSelector,
  oneOf,
  open,
  port,
  someOf,
  text,
} from "./fields.ts";

/** An address of a Gateway; where the type is left out, the value tells it. */
const gatewayAddress = v.pipe(
  open({
    type: v.exactOptional(text),
    value: v.union(
      [v.pipe(text, v.check(isIp)), hostName],
      "is not an IP address or host name",
    ),
  }),
  v.forward(
    v.check(
      ({ type, value }) => type !== "IPAddress" || isIp(value),
      "is not an IP address",
    ),
    ["value"],
  ),
  v.transform(({ type, value }) => ({
    type: type ?? (isIp(value) ? "IPAddress" : "Hostname"),
    value,
  })),
);

function isIp(value: string): boolean {
  return parseIp(value) !== undefined;
}

export const gatewaySpec = open({
  gatewayClassName: v.optional(text, ""),
  addresses: someOf(gatewayAddress),
  infrastructure: v.exactOptional(open({
    labels,
    annotations: labels,
    parametersRef: v.exactOptional(anyMapping),
  })),
  listeners: someOf(open({
    name: v.optional(text, ""),
    port,
    protocol: text,
    allowedRoutes: v.exactOptional(open({
      namespaces: v.exactOptional(open({
        from: v.optional(oneOf("All", "Same", "Selector", "None"), "Same"),
        selector: v.exactOptional(labelSelector),
      })),
    })),
  })),
});

export const gatewayStatus = open({ addresses: someOf(gatewayAddress) });

export const gatewayClassSpec = open({ controllerName: v.optional(text, "") });

export type GatewayClassSpec = v.InferOutput<typeof gatewayClassSpec>;
export type GatewaySpec = v.InferOutput<typeof gatewaySpec>;
export type GatewayStatus = v.InferOutput<typeof gatewayStatus>;
export type GatewayListener = GatewaySpec["listeners"][number];
