import { isEqual } from "../model/diff.ts";
import type { KubeObject } from "./objects.ts";

declare const brand: unique symbol;

/**
 * A spec as one text, a third of the object's size: for those that are many
 * and are read only when something changes.
 */
export type PackedSpec = string & { readonly [brand]: "PackedSpec" };

type Spec = Readonly<Record<string, unknown>>;

/** @param spec What JSON can hold, and undefined; numbers that it cannot hold become null. */
export const packSpec = (spec: Spec): PackedSpec =>
  JSON.stringify(spec) as PackedSpec;

/** Made anew each time. */
export const unpackSpec = (packed: PackedSpec): Spec => JSON.parse(packed);

/** Whether objects say the same, in whatever order their fields are written. */
export const saysTheSame = (a: KubeObject, b: KubeObject): boolean =>
  isEqual(a, b) || isEqual(unpacked(a), unpacked(b));

function unpacked(object: KubeObject): unknown {
  switch (object.kind) {
    case "HTTPRoute":
    case "GRPCRoute":
    case "TCPRoute":
    case "TLSRoute":
    case "ReferenceGrant":
    case "DestinationRule":
      return { ...object, spec: unpackSpec(object.spec) };
    default:
      return object;
  }
}
