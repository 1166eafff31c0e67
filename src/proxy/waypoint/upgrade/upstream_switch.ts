/** Backends' answers to upgrades, in the form of HTTP/1.1 and checked. */
import { headerValue } from "../../../decide/http/header_list.ts";
import {
  isSuccess,
  protocolOf,
  readSwitch,
  switchOf,
} from "../../../decide/http/upgrade.ts";
import type { HeaderList } from "../../../model/http.ts";
import { ExchangeError } from "../../../net/http1_session.ts";
import type {
  MessageReceiver,
  MessageStream,
} from "../../../net/message_stream.ts";
import { PassedStream } from "./passed_stream.ts";
import { webSocketAccept } from "./web_socket_accept.ts";

/** An extended CONNECT to a backend, whose answers look like those to the upgrade. */
export class ConnectedUpgrade extends PassedStream {
  readonly #protocol: string;
  readonly #accept: string | undefined;

  /** @param request The upgrade, as it was before it became a CONNECT. */
  constructor(inner: MessageStream, request: HeaderList) {
    super(inner);
    this.#protocol = protocolOf(request) ?? "";
    this.#accept = acceptFor(request);
  }

  override attach(receiver: MessageReceiver): void {
    this.inner.attach(withHeaders(receiver, (headers, kind, end) => {
      if (kind !== "response") return receiver.onHeaders?.(headers, kind, end);
      if (isSuccess(headerValue(headers, ":status") ?? "")) {
        const switched = switchOf(headers, this.#protocol, this.#accept);
        return receiver.onHeaders?.(switched, kind, false);
      }
      this.inner.end(); // a CONNECT that is refused has nothing to send
      receiver.onHeaders?.(headers, kind, end);
    }));
  }
}

/** An upgrade that a client asked for by extended CONNECT: nobody else checks the answer. */
export class CheckedUpgrade extends PassedStream {
  readonly #accept: string | undefined;
  #misread = false;

  /** @param request The upgrade that was sent. */
  constructor(inner: MessageStream, request: HeaderList) {
    super(inner);
    this.#accept = acceptFor(request);
  }

  override attach(receiver: MessageReceiver): void {
    this.inner.attach({
      ...withHeaders(receiver, (headers, kind, end) => {
        if (
          kind !== "response" || readSwitch(headers, this.#accept) !== "misread"
        ) return receiver.onHeaders?.(headers, kind, end);
        this.#misread = true;
        receiver.onClose(new ExchangeError("refused", false));
        this.inner.reset();
      }),
      onClose: (error) => {
        if (!this.#misread) receiver.onClose(error);
      },
    });
  }
}

const withHeaders = (
  receiver: MessageReceiver,
  onHeaders: NonNullable<MessageReceiver["onHeaders"]>,
): MessageReceiver => ({
  onHeaders,
  onData: (octets) => receiver.onData(octets),
  onEnd: () => receiver.onEnd(),
  onDrain: () => receiver.onDrain(),
  onClose: (error) => receiver.onClose(error),
});

/** undefined for another protocol than WebSocket. */
function acceptFor(request: HeaderList): string | undefined {
  const key = headerValue(request, "sec-websocket-key");
  return protocolOf(request) === "websocket" && key !== undefined
    ? webSocketAccept(key)
    : undefined;
}
