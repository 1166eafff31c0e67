/** The requests of a stream. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  ADDRESS_TYPE,
  type DeltaDiscoveryRequestSchema,
  type NodeSchema,
  type XdsType,
} from "../../wire/xds/mod.ts";

/** What is sent; fields that are left out are empty. */
export type XdsRequest = MessageInitShape<typeof DeltaDiscoveryRequestSchema>;

export interface FirstRequestOptions {
  readonly node: MessageInitShape<typeof NodeSchema>;
  /** What is held already. */
  readonly versions: Record<string, string>;
  /** Names wanted; undefined: all there is. */
  readonly names: readonly string[] | undefined;
}

/** Asks for a type, at the beginning of a stream. */
export function firstRequest(
  typeUrl: XdsType,
  { node, versions, names }: FirstRequestOptions,
): XdsRequest {
  const request = { node, typeUrl, initialResourceVersions: versions };
  if (names === undefined) return request;
  // All and not all: the way to ask for nothing, where no name means all.
  return {
    ...request,
    resourceNamesSubscribe: ["*", ...names],
    resourceNamesUnsubscribe: ["*"],
  };
}

/** Asks for more names. */
export const subscription = (names: readonly string[]): XdsRequest => ({
  typeUrl: ADDRESS_TYPE,
  resourceNamesSubscribe: [...names],
});

/** Answers a response. @param refusal Why some of it was not taken; empty: all was. */
export const answer = (
  { typeUrl, nonce }: { readonly typeUrl: string; readonly nonce: string },
  refusal: string,
): XdsRequest => ({
  typeUrl,
  responseNonce: nonce,
  ...refusal !== "" && { errorDetail: { message: refusal } },
});
