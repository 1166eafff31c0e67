import type { HeaderList } from "../../model/http.ts";
import type { HttpVersion } from "./upstreams.ts";

/** A request as it came. */
export interface Arrived {
  readonly headers: HeaderList;
  /** Whether it has no body. */
  readonly end: boolean;
  readonly version: HttpVersion;
}
