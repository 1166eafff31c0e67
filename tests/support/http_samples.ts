import type { HttpPeer, HttpRequest } from "../../src/model/http.ts";
import { parseIdentity } from "../../src/model/identity.ts";
import { at } from "./sample_mesh.ts";

/** A GET of `/` from nobody in particular. */
export const request = (fields: Partial<HttpRequest> = {}): HttpRequest => ({
  method: "GET",
  scheme: "http",
  authority: "web.shop",
  path: "/",
  headers: [],
  ...fields,
});

/** @param uri The SPIFFE ID that was proved, if any. */
export const peer = (
  uri: string | undefined = "spiffe://cluster.local/ns/shop/sa/client",
  src = "10.0.0.1",
  dst = "10.96.0.1",
  port = 80,
): HttpPeer => ({
  src: at(src, 40_000),
  identity: uri === undefined || uri === "" ? undefined : parseIdentity(uri),
  dst: at(dst, port),
});
