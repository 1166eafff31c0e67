import type { HpackDecoder } from "../hpack/mod.ts";
import { connectionError, H2Code, streamError } from "./errors.ts";
import { Flag, FrameType, readUint31, readUint32 } from "./frame.ts";
import { WINDOW_MAX } from "./limits.ts";
import type { Sender } from "./send.ts";
import type { Session } from "./session.ts";
import { applySettings, type PeerSettings } from "./settings.ts";
import type { Stream } from "./stream.ts";
import { isDrainPing, readPing } from "./ping.ts";

/** What every frame but DATA, HEADERS and CONTINUATION means. */
export class ControlReceiver {
  readonly #session: Session;
  readonly #sender: Sender;
  readonly #decoder: HpackDecoder;
  #seenSettings = false;

  constructor(session: Session, sender: Sender, decoder: HpackDecoder) {
    this.#session = session;
    this.#sender = sender;
    this.#decoder = decoder;
  }

  /** @throws {H2Error} of the connection or of `stream`. */
  onFrame(
    type: number,
    flags: number,
    stream: number,
    payload: Uint8Array,
  ): void {
    switch (type) {
      case FrameType.WINDOW_UPDATE:
        return this.#onWindowUpdate(stream, readUint31(payload, 0));
      case FrameType.RST_STREAM:
        return this.#onResetStream(stream, readUint32(payload, 0));
      case FrameType.SETTINGS:
        if ((flags & Flag.ACK) !== 0) return this.#onSettingsAck(payload);
        return this.#onSettings(payload);
      case FrameType.PING:
        if ((flags & Flag.ACK) !== 0) return this.#onPong(payload);
        return this.#onPing(payload);
      case FrameType.GOAWAY:
        return this.#onGoAway(payload);
      case FrameType.PUSH_PROMISE:
        throw connectionError("PROTOCOL_ERROR", "PUSH_PROMISE is not enabled");
      default: // PRIORITY, and what other documents define.
        this.#session.floods.spend("ignored");
    }
  }

  #onWindowUpdate(id: number, increment: number): void {
    const session = this.#session;
    session.floods.spend("windowUpdate");
    if (id === 0) {
      if (increment === 0) {
        throw connectionError("PROTOCOL_ERROR", NO_INCREMENT);
      }
      session.sendWindow += increment;
      if (session.sendWindow > WINDOW_MAX) {
        throw connectionError(
          "FLOW_CONTROL_ERROR",
          "connection window too large",
        );
      }
      this.#sender.wakeAll();
      return;
    }
    const stream = this.#streamOf(id, "WINDOW_UPDATE");
    if (stream === undefined) return;
    if (increment === 0) throw streamError("PROTOCOL_ERROR", NO_INCREMENT);
    stream.sendWindow += increment;
    if (stream.sendWindow > WINDOW_MAX) {
      throw streamError("FLOW_CONTROL_ERROR", "stream window too large");
    }
    this.#sender.wake(stream);
  }

  #onResetStream(id: number, code: number): void {
    const { role, floods } = this.#session;
    const stream = this.#streamOf(id, "RST_STREAM");
    if (stream === undefined) {
      floods.spend("ignored");
      return;
    }
    if (role === "server" && stream.sending === "headers") {
      floods.spend("reset");
    }
    this.#session.dropStream(stream, code);
  }

  /** The open stream; undefined for a closed one. */
  #streamOf(id: number, frame: string): Stream | undefined {
    const found = this.#session.streams.lookUp(id);
    if (found === "idle") {
      throw connectionError("PROTOCOL_ERROR", `${frame} on idle stream ${id}`);
    }
    return typeof found === "string" ? undefined : found;
  }

  #onSettings(payload: Uint8Array): void {
    const session = this.#session;
    session.floods.spend("settings");
    const before = session.peer;
    const role = session.role === "server" ? "client" : "server";
    const first = !this.#seenSettings;
    this.#seenSettings = true;
    session.peer = applySettings(before, payload, { role, first });
    session.encoder.setPeerTableSize(session.peer.headerTableSize);
    session.countAnswer();
    session.output.settingsAck();
    this.#moveWindows(before, session.peer);
    session.handlers.onSettings?.(session.peer);
  }

  /** @see RFC 9113, section 6.9.2 */
  #moveWindows(before: PeerSettings, after: PeerSettings): void {
    const change = after.streamWindow - before.streamWindow;
    if (change === 0) return;
    const streams = this.#session.streams.snapshot();
    for (const stream of streams) {
      stream.sendWindow += change;
      if (stream.sendWindow > WINDOW_MAX) {
        throw connectionError("FLOW_CONTROL_ERROR", "stream window too large");
      }
    }
    for (const stream of streams) this.#sender.wake(stream);
  }

  #onSettingsAck(payload: Uint8Array): void {
    if (payload.length > 0) {
      throw connectionError("FRAME_SIZE_ERROR", "SETTINGS ACK with a payload");
    }
    const session = this.#session;
    if (session.acknowledged) {
      session.floods.spend("ignored");
      return;
    }
    session.acknowledged = true;
    this.#decoder.setTableSizeMax(session.config.headerTableSize);
    for (const stream of session.streams.snapshot()) {
      stream.receiveWindow.resize(session.streamWindow);
    }
  }

  #onPing(payload: Uint8Array): void {
    this.#session.floods.spend("ping");
    this.#session.countAnswer();
    this.#session.output.ping(payload, true);
  }

  #onPong(payload: Uint8Array): void {
    const session = this.#session;
    session.floods.spend("ping");
    if (isDrainPing(payload)) {
      if (session.state.at === "warning") {
        session.goAway(H2Code.NO_ERROR, new Uint8Array(0));
      }
      return;
    }
    const opaque = readPing(payload);
    if (opaque !== undefined) session.handlers.onPong(opaque);
  }

  #onGoAway(payload: Uint8Array): void {
    const session = this.#session;
    session.floods.spend("ignored");
    const lastStream = readUint31(payload, 0);
    const code = readUint32(payload, 4);
    // First, so that the handler does not open a stream that is refused.
    session.peerLastStream = Math.min(
      session.peerLastStream ?? lastStream,
      lastStream,
    );
    session.handlers.onGoAway(lastStream, code, payload.slice(8));
    if (session.role === "server") return;
    for (const stream of session.streams.snapshot()) {
      if (stream.gone || stream.id <= lastStream) continue;
      session.dropStream(stream, H2Code.REFUSED_STREAM);
    }
    session.finishIfDone();
  }
}

const NO_INCREMENT = "WINDOW_UPDATE of 0";
