import type { HeaderList } from "../../../model/http.ts";
import type {
  MessageReceiver,
  MessageStream,
} from "../../../net/message_stream.ts";
import { WrappedStream } from "../../../net/wrapped_stream.ts";

/** A message stream that passes all on to another; what differs is overridden. */
export class PassedStream extends WrappedStream<MessageStream>
  implements MessageStream {
  override attach(receiver: MessageReceiver): void {
    this.inner.attach(receiver);
  }

  sendHeaders(headers: HeaderList, end: boolean): void {
    this.inner.sendHeaders(headers, end);
  }

  endWith(trailers: HeaderList): void {
    this.inner.endWith(trailers);
  }
}
