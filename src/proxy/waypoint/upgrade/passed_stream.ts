import type { HeaderList } from "../../../model/http.ts";
import type {
  MessageReceiver,
  MessageStream,
} from "../../../net/message_stream.ts";

/** A message stream that passes all on to another; what differs is overridden. */
export class PassedStream implements MessageStream {
  constructor(protected readonly inner: MessageStream) {}

  attach(receiver: MessageReceiver): void {
    this.inner.attach(receiver);
  }

  sendHeaders(headers: HeaderList, end: boolean): void {
    this.inner.sendHeaders(headers, end);
  }

  write(octets: Uint8Array): boolean {
    return this.inner.write(octets);
  }

  end(): void {
    this.inner.end();
  }

  endWith(trailers: HeaderList): void {
    this.inner.endWith(trailers);
  }

  reset(): void {
    this.inner.reset();
  }

  dismiss(): void {
    this.inner.dismiss();
  }

  pause(): void {
    this.inner.pause();
  }

  resume(): void {
    this.inner.resume();
  }
}
