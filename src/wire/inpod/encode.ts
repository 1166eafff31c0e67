import { create, toBinary } from "@bufbuild/protobuf";
import {
  Version,
  WorkloadRequestSchema,
  WorkloadResponseSchema,
  ZdsHelloSchema,
} from "./gen/zds_pb.ts";
import { ACK_ERROR_MAX_OCTETS } from "./limits.ts";
import type { ZdsRequest } from "./messages.ts";

/** A proxy's first packet. */
export function encodeHello(): Uint8Array {
  return toBinary(
    ZdsHelloSchema,
    create(ZdsHelloSchema, { version: Version.V1 }),
  );
}

/**
 * A proxy's answer to one request.
 *
 * @param error Why it was not fulfilled, cut to fit a packet; empty: it was.
 */
export function encodeAck(error: string): Uint8Array {
  const payload = { case: "ack", value: { error: cut(error) } } as const;
  const response = create(WorkloadResponseSchema, { payload });
  return toBinary(WorkloadResponseSchema, response);
}

/** An agent's request. */
export function encodeRequest(request: ZdsRequest): Uint8Array {
  const payload = payloadOf(request);
  const message = create(WorkloadRequestSchema, { payload });
  return toBinary(WorkloadRequestSchema, message);
}

type Payload = NonNullable<
  Parameters<typeof create<typeof WorkloadRequestSchema>>[1]
>["payload"];

function payloadOf(request: ZdsRequest): Exclude<Payload, undefined> {
  switch (request.kind) {
    case "add": {
      const { uid, pod } = request;
      const info = pod === undefined ? {} : { workloadInfo: pod };
      return { case: "add", value: { uid, ...info } };
    }
    case "keep":
      return { case: "keep", value: { uid: request.uid } };
    case "delete":
      return { case: "del", value: { uid: request.uid } };
    case "snapshotSent":
      return { case: "snapshotSent", value: {} };
    default:
      throw new Error(`unhandled: ${request satisfies never}`);
  }
}

/** Cuts between characters. */
function cut(text: string): string {
  const octets = new Uint8Array(ACK_ERROR_MAX_OCTETS);
  const { read } = new TextEncoder().encodeInto(text, octets);
  return text.slice(0, read);
}
