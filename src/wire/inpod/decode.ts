import {
  type DescMessage,
  fromBinary,
  type MessageShape,
} from "@bufbuild/protobuf";
import { messageOf } from "../../base/errors.ts";
import { ZdsPacketError } from "./errors.ts";
import {
  WorkloadRequestSchema,
  WorkloadResponseSchema,
  ZdsHelloSchema,
} from "./gen/zds_pb.ts";
import { PACKET_MAX_OCTETS } from "./limits.ts";
import type { ZdsRequest } from "./messages.ts";

/**
 * Reads what an agent asks for.
 *
 * @throws {ZdsPacketError} for anything else; `no payload` when it asks nothing.
 */
export function decodeRequest(octets: Uint8Array): ZdsRequest {
  const { payload } = decode(WorkloadRequestSchema, octets);
  switch (payload.case) {
    case "add": {
      const { uid, workloadInfo: pod } = payload.value;
      return { kind: "add", uid, pod: pod && podOf(pod) };
    }
    case "keep":
      return { kind: "keep", uid: payload.value.uid };
    case "del":
      return { kind: "delete", uid: payload.value.uid };
    case "snapshotSent":
      return { kind: "snapshotSent" };
    case undefined:
      throw new ZdsPacketError("no payload");
    default:
      throw new Error(`unhandled: ${payload satisfies never}`);
  }
}

const podOf = (
  { name, namespace, serviceAccount }: {
    name: string;
    namespace: string;
    serviceAccount: string;
  },
) => ({ name, namespace, serviceAccount });

/**
 * Reads a proxy's answer.
 *
 * @returns its error text; empty when the request was fulfilled.
 * @throws {ZdsPacketError} for anything else.
 */
export function decodeAck(octets: Uint8Array): string {
  const { payload } = decode(WorkloadResponseSchema, octets);
  if (payload.case === undefined) throw new ZdsPacketError("no payload");
  return payload.value.error;
}

/**
 * Reads a proxy's greeting.
 *
 * @returns its version; 1 is the only one there is.
 * @throws {ZdsPacketError} for anything else.
 */
export function decodeHello(octets: Uint8Array): number {
  return decode(ZdsHelloSchema, octets).version;
}

function decode<D extends DescMessage>(
  schema: D,
  octets: Uint8Array,
): MessageShape<D> {
  if (octets.length > PACKET_MAX_OCTETS) {
    throw new ZdsPacketError(
      `${octets.length} octets, at most ${PACKET_MAX_OCTETS} are read`,
    );
  }
  try {
    return fromBinary(schema, octets);
  } catch (cause) {
    throw new ZdsPacketError(messageOf(cause), { cause });
  }
}
