/** Keeps web pages, and whoever else is not on this machine, from the admin endpoints. */
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { BODY_MAX, TARGET_MAX } from "./limits.ts";

/** Names under which this machine calls itself; a forwarded port keeps them. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set([
  "localhost",
  "127.0.0.1",
  "[::1]",
]);

/**
 * Refuses requests for a name that is not this machine's own (an attacker's
 * name can be made to resolve to loopback), and changes that a page of another
 * origin asks for.
 */
export const loopbackOnly: MiddlewareHandler = async (c, next) => {
  const { host, origin, site } = {
    host: c.req.header("host"),
    origin: c.req.header("origin"),
    site: c.req.header("sec-fetch-site"),
  };
  const name = host ?? new URL(c.req.url).host;
  if (!isLoopbackName(name)) return c.text("host not allowed\n", 403);
  const changes = c.req.method !== "GET" && c.req.method !== "HEAD";
  if (changes && !isSameOrigin({ name, origin, site })) {
    return c.text("cross-site request not allowed\n", 403);
  }
  await next();
};

/** @param name With or without a port. */
const isLoopbackName = (name: string): boolean =>
  LOOPBACK_NAMES.has(name.replace(/:\d{1,5}$/, "").toLowerCase());

/** Programs send neither header; browsers send what they show to be true. */
function isSameOrigin({ name, origin, site }: {
  name: string;
  origin: string | undefined;
  site: string | undefined;
}): boolean {
  if (origin !== undefined && origin !== `http://${name}`) return false;
  return site === undefined || site === "same-origin" || site === "none";
}

/** Refuses long targets and bodies. */
export const smallRequests: MiddlewareHandler = async (c, next) => {
  if (c.req.url.length > TARGET_MAX) return c.body(null, 414);
  return await limitBody(c, next);
};

const limitBody = bodyLimit({
  maxSize: BODY_MAX,
  onError: (c) => c.body(null, 413),
});

/** Tells browsers to run, frame and guess nothing. */
export const inertResponses: MiddlewareHandler = async (c, next) => {
  await next();
  c.header("x-content-type-options", "nosniff");
  c.header("cache-control", "no-store");
  c.header(
    "content-security-policy",
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
  );
};
