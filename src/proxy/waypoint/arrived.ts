import type { HeaderList } from "../../model/http.ts";
import type { HttpVersion } from "./upstreams.ts";

/** A request as it came, an extended CONNECT aside. */
export interface Arrived {
  readonly headers: HeaderList;
  /** Whether it has no body. */
  readonly end: boolean;
  readonly version: HttpVersion;
  /** It came as an extended CONNECT, and is an upgrade from here on. */
  readonly extended?: true;
}
