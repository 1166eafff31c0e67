/** Rules for connections that are not read as HTTP. */
import type { StreamRoute, StreamRule } from "../../model/route_set.ts";
import { compareAge } from "./precedence.ts";

export type StreamMatch =
  | {
    readonly kind: "rule";
    readonly rule: StreamRule;
    readonly route: StreamRoute;
  }
  /** Routes there are, but none takes it: the connection is to be reset. */
  | { readonly kind: "not-found" };

/** TCPRoutes, or TLSRoutes by server name. Only the first rule of a route can be reached. */
export class StreamIndex {
  readonly #byName = new Map<string, StreamRoute>();
  #forAny: StreamRoute | undefined;

  constructor(routes: readonly StreamRoute[]) {
    for (const route of routes.toSorted(compareAge)) this.#add(route);
  }

  /** The exact name, else the longest wildcard, else a route without names. */
  find(serverName: string | undefined): StreamMatch {
    const route = this.#named(serverName?.toLowerCase()) ?? this.#forAny;
    const rule = route?.rules[0];
    return route === undefined || rule === undefined
      ? { kind: "not-found" }
      : { kind: "rule", rule, route };
  }

  #named(name: string | undefined): StreamRoute | undefined {
    if (name === undefined) return undefined;
    const exact = this.#byName.get(name);
    if (exact !== undefined) return exact;
    for (
      let dot = name.indexOf(".");
      dot >= 0;
      dot = name.indexOf(".", dot + 1)
    ) {
      const route = this.#byName.get(`*${name.slice(dot)}`);
      if (route !== undefined) return route;
    }
    return undefined;
  }

  #add(route: StreamRoute): void {
    if (route.hostnames.length === 0) this.#forAny ??= route;
    for (const name of route.hostnames) {
      if (!this.#byName.has(name)) this.#byName.set(name, route);
    }
  }
}
