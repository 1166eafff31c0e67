/** What routes of all kinds are made of. Fields that are left out here are reported as not supported. */
import * as v from "valibot";
import {
  BACKEND_REFS_MAX,
  CORS_ENTRIES_MAX,
  FILTERS_MAX,
  HEADER_CHANGES_MAX,
  HEADER_NAME_LENGTH_MAX,
  HEADER_VALUE_LENGTH_MAX,
  PARENT_REFS_MAX,
  PATH_LENGTH_MAX,
  RULE_NAME_LENGTH_MAX,
  WEIGHT_MAX,
} from "../routes/limits.ts";
import {
  filled,
  flag,
  hostName,
  listOf,
  open,
  parsed,
  port,
  text,
  whole,
} from "./fields.ts";

/** A list that may be left out, of `max` entries at most. */
export const upTo = <T extends v.GenericSchema>(max: number, item: T) =>
  v.optional(
    v.pipe(listOf(item), v.maxLength(max, `has over ${max} entries`)),
    [],
  );

export const textUpTo = (max: number) =>
  v.pipe(text, v.maxLength(max, `has over ${max} characters`));

export const ruleName = v.exactOptional(textUpTo(RULE_NAME_LENGTH_MAX));

/** A field name, in lower case. @see RFC 9110, section 5.6.2 */
export const headerName = parsed(
  (name) =>
    TOKEN.test(name) && name.length <= HEADER_NAME_LENGTH_MAX
      ? name.toLowerCase()
      : undefined,
  "is not a header name",
);
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Printable ASCII: with a line break, one field could become two. */
export const headerValue = parsed(
  (value) =>
    /^[\t -~]*$/.test(value) &&
      value.length <= HEADER_VALUE_LENGTH_MAX
      ? value
      : undefined,
  "is not a header value",
);

/** One of the parents that a route names. */
export const parentRef = open({
  group: v.optional(text, "gateway.networking.k8s.io"),
  kind: v.optional(filled, "Gateway"),
  namespace: v.exactOptional(filled),
  name: filled,
  port: v.exactOptional(port),
  sectionName: v.exactOptional(text),
});

export const parents = open({
  parentRefs: upTo(PARENT_REFS_MAX, parentRef),
});

const backendName = {
  group: v.optional(text, ""),
  kind: v.optional(filled, "Service"),
  namespace: v.exactOptional(filled),
  name: filled,
  port: v.exactOptional(port),
};
const objectRef = open(backendName);
const weight = v.optional(whole(0, WEIGHT_MAX), 1);

/** A backend of a TCPRoute or TLSRoute. */
const streamBackendRef = open({ ...backendName, weight });

const headerChange = open({ name: headerName, value: headerValue });
const headerFilter = open({
  set: upTo(HEADER_CHANGES_MAX, headerChange),
  add: upTo(HEADER_CHANGES_MAX, headerChange),
  remove: upTo(HEADER_CHANGES_MAX, headerName),
});

const path = parsed(
  (value) =>
    value.length <= PATH_LENGTH_MAX && /^[!"$->@-~]*$/.test(value)
      ? value
      : undefined,
  "is not a path",
);
const pathModifier = open({
  type: text,
  replaceFullPath: v.exactOptional(path),
  replacePrefixMatch: v.exactOptional(path),
});

const corsEntries = upTo(CORS_ENTRIES_MAX, filled);
/** `null` and origins with a wildcard are looked at later: here they are text. */
const cors = open({
  allowOrigins: corsEntries,
  allowCredentials: v.optional(flag, false),
  allowMethods: corsEntries,
  allowHeaders: corsEntries,
  exposeHeaders: corsEntries,
  maxAge: v.optional(whole(1, 2_147_483_647), 5),
});

/** Blocks of the types that are not supported are let through: the type says it. */
export const filter = open({
  type: filled,
  requestHeaderModifier: v.exactOptional(headerFilter),
  responseHeaderModifier: v.exactOptional(headerFilter),
  requestRedirect: v.exactOptional(open({
    scheme: v.exactOptional(text),
    hostname: v.exactOptional(hostName),
    path: v.exactOptional(pathModifier),
    port: v.exactOptional(port),
    statusCode: v.optional(v.number("is not a number"), 302),
  })),
  urlRewrite: v.exactOptional(open({
    hostname: v.exactOptional(hostName),
    path: v.exactOptional(pathModifier),
  })),
  requestMirror: v.exactOptional(open({
    backendRef: objectRef,
    percent: v.exactOptional(whole(0, 100)),
    fraction: v.exactOptional(open({
      numerator: whole(0, 2_147_483_647),
      denominator: v.optional(whole(1, 2_147_483_647), 100),
    })),
  })),
  cors: v.exactOptional(cors),
  externalAuth: v.exactOptional(v.unknown()),
  extensionRef: v.exactOptional(v.unknown()),
});

export const filters = upTo(FILTERS_MAX, filter);

export const backendRefs = upTo(
  BACKEND_REFS_MAX,
  open({ ...backendName, weight, filters }),
);

export const streamBackendRefs = upTo(BACKEND_REFS_MAX, streamBackendRef);

export type ObjectRef = v.InferOutput<typeof objectRef>;
export type ParentRef = v.InferOutput<typeof parentRef>;
export type RouteFilter = v.InferOutput<typeof filter>;
export type PathModifier = v.InferOutput<typeof pathModifier>;
export type HeaderFilter = v.InferOutput<typeof headerFilter>;
export type CorsFilter = v.InferOutput<typeof cors>;
export type BackendRefs = v.InferOutput<typeof backendRefs>;
