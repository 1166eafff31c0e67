/** What may become of a request before it is routed. */
import type { HttpRequest } from "../../model/http.ts";
import type { HeaderMutation } from "../../model/external_check.ts";
import type { Reply } from "./reply.ts";

/** What is answered without a backend, and why. */
export interface OwnAnswer {
  readonly reply: Reply;
  /** Envoy's response flag. Default `-`. */
  readonly flag?: string;
  readonly details?: string | undefined;
  /** `namespace/name` of the policy that decided. */
  readonly policy?: string | undefined;
  readonly routeName?: string | undefined;
}

export type Judged =
  | {
    readonly kind: "pass";
    /** As it goes on: tokens taken out, claims put in. */
    readonly request: HttpRequest;
    /** Changes of the response to the client. */
    readonly responseHeaders: readonly HeaderMutation[];
  }
  | { readonly kind: "answer"; readonly answer: OwnAnswer }
  /** The client left. */
  | { readonly kind: "gone" };
