/** EndpointSlice of discovery.k8s.io: endpoints of a Service that nothing selects. */
import * as v from "valibot";
import { flag, listOf, open, port, someOf, text } from "./fields.ts";

export const endpointSlice = {
  addressType: text,
  endpoints: someOf(open({
    addresses: listOf(text),
    conditions: v.optional(open({ ready: v.optional(flag, true) }), {}),
    targetRef: v.exactOptional(open({
      kind: v.optional(text, ""),
      name: v.optional(text, ""),
      namespace: v.exactOptional(text),
    })),
  })),
  ports: someOf(open({
    name: v.optional(text, ""),
    port: v.exactOptional(port),
    protocol: v.optional(text, "TCP"),
  })),
};

const schema = open(endpointSlice);
export type EndpointSliceFields = v.InferOutput<typeof schema>;
