import { headerValue } from "../../decide/http/header_list.ts";
import type { HeaderList } from "../../model/http.ts";
import { MessageCounter } from "../../wire/grpc/mod.ts";

/** Told of what passes in both directions of an exchange. */
export interface ExchangeWatcher {
  onRequestData(octets: Uint8Array): void;
  onResponseData(octets: Uint8Array): void;
  onResponseTrailers(trailers: HeaderList): void;
}

/** What metrics tell of a gRPC call. */
export class GrpcTally implements ExchangeWatcher {
  readonly #request = new MessageCounter();
  readonly #response = new MessageCounter();
  #trailers: HeaderList = [];

  onRequestData(octets: Uint8Array): void {
    this.#request.add(octets);
  }

  onResponseData(octets: Uint8Array): void {
    this.#response.add(octets);
  }

  onResponseTrailers(trailers: HeaderList): void {
    this.#trailers = trailers;
  }

  get requestMessages(): number {
    return this.#request.count;
  }

  get responseMessages(): number {
    return this.#response.count;
  }

  /**
   * As it came, after the last message or, when there is none, with the head.
   *
   * @param head The response's, as far as there was one.
   */
  statusOf(head: HeaderList = []): string | undefined {
    return headerValue(this.#trailers, "grpc-status") ??
      headerValue(head, "grpc-status");
  }
}
