import { messageOf } from "../../base/errors.ts";
import { closeFd, type Fd } from "../../sys/libc.ts";
import type { Packet, Seqpacket } from "../../sys/seqpacket.ts";
import {
  decodeRequest,
  encodeAck,
  encodeHello,
  PACKET_MAX_OCTETS,
  ZdsPacketError,
  type ZdsRequest,
} from "../../wire/inpod/mod.ts";
import {
  AnnounceError,
  ReadError,
  StartError,
  ZdsViolation,
} from "./errors.ts";
import type { AgentPods } from "./pods.ts";

/** The descriptors that one packet may carry. */
const FDS_MAX = 1;

/**
 * Greets an agent, then answers each of its requests, in order, until the
 * connection ends.
 *
 * @throws {AnnounceError} when the agent could not be greeted.
 * @throws {ReadError} for a packet that is no request; it has been answered.
 * @throws {ZdsViolation} when the agent breaks the protocol; it has been told.
 * @throws {SyscallError} when the connection failed.
 */
export async function serveAgent(
  socket: Pick<Seqpacket, "receive" | "send">,
  pods: Pick<AgentPods, "handle">,
): Promise<void> {
  try {
    await socket.send(encodeHello());
  } catch (cause) {
    throw new AnnounceError(messageOf(cause), { cause });
  }
  for (;;) {
    const packet = await socket.receive(PACKET_MAX_OCTETS);
    if (packet === undefined) return;
    const outcome = await answer(packet, pods);
    await socket.send(encodeAck(outcome.error));
    if (outcome.end !== undefined) throw outcome.end;
  }
}

/** What is said to the agent, and what ends the connection then. */
interface Outcome {
  readonly error: string;
  readonly end?: ReadError | ZdsViolation;
}

async function answer(
  packet: Packet,
  pods: Pick<AgentPods, "handle">,
): Promise<Outcome> {
  try {
    const { request, netns } = readPacket(packet);
    await pods.handle(request, netns);
    return { error: "" };
  } catch (reason) {
    return outcomeOf(reason);
  }
}

function outcomeOf(reason: unknown): Outcome {
  const text = messageOf(reason);
  if (reason instanceof StartError) {
    return { error: `failure to start proxy : ${text}` };
  }
  if (reason instanceof ZdsViolation) {
    return { error: `failure to process message : ${text}`, end: reason };
  }
  if (reason instanceof ReadError || reason instanceof ZdsPacketError) {
    const end = new ReadError(text, { cause: reason });
    return { error: `failure to read message : ${text}`, end };
  }
  throw reason;
}

/**
 * Reads a packet; of one that is refused the descriptors are closed.
 *
 * @throws {ReadError} or {ZdsPacketError} saying what is wrong with it.
 */
function readPacket(
  packet: Packet,
): { request: ZdsRequest; netns: Fd | undefined } {
  const [netns] = packet.fds;
  try {
    if (packet.truncated) throw new ReadError("the packet is truncated");
    if (packet.fds.length > FDS_MAX) {
      throw new ReadError(`${packet.fds.length} descriptors in one packet`);
    }
    const request = decodeRequest(packet.octets);
    if (request.kind === "add" && netns === undefined) {
      throw new ReadError("No control message");
    }
    if (request.kind !== "add" && netns !== undefined) {
      throw new ReadError("Unexpected control message");
    }
    return { request, netns };
  } catch (reason) {
    for (const fd of packet.fds) closeFd(fd);
    throw reason;
  }
}
