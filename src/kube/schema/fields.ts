/** The small schemas that every kind is made of; each message finishes the sentence "VALUE …". */
import * as v from "valibot";
import {
  type Cidr,
  type Ip,
  parseCidr,
  parseIp,
  parsePort,
} from "../../model/address.ts";
import { HOST_NAME_LENGTH_MAX, LABEL_LENGTH_MAX } from "../limits.ts";

const NOT_A_MAPPING = "is not a mapping";

const isMapping = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const mapping = v.custom<Record<string, unknown>>(isMapping, NOT_A_MAPPING);

/** A mapping whose other fields are ignored, as an API server's client would. */
export const open = <const T extends v.ObjectEntries>(entries: T) =>
  v.pipe(mapping, v.object(entries, NOT_A_MAPPING));

/** A mapping in which a field that is not listed is an error. */
export const closed = <const T extends v.ObjectEntries>(entries: T) =>
  v.pipe(mapping, v.strictObject(entries, NOT_A_MAPPING));

/** A mapping kept as it is, for whoever reads it later. */
export const anyMapping = mapping;

export const text = v.string("is not text (quote it if it is meant as text)");
export const flag = v.boolean("is not true or false");

export const listOf = <T extends v.GenericSchema>(item: T) =>
  v.array(item, "is not a list");

/** A list that may be left out. */
export const someOf = <T extends v.GenericSchema>(item: T) =>
  v.optional(listOf(item), []);

export const mapOf = <T extends v.GenericSchema>(value: T) =>
  v.pipe(mapping, v.record(v.string(), value));

export const oneOf = <const T extends readonly string[]>(...values: T) =>
  v.picklist(values, `is not one of ${values.join(", ")}`);

/** Text that `read` understands, as what `read` makes of it. */
export const parsed = <T>(
  read: (text: string) => T | undefined,
  why: string,
) =>
  v.pipe(
    v.string(why),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const value = read(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: why });
      return NEVER;
    }),
  );

export const filled = v.pipe(text, v.minLength(1, "is empty"));

export const ip = parsed<Ip>(parseIp, "is not an IP address");
export const cidr = parsed<Cidr>(parseCidr, "is not an IP address or CIDR");
/** A port written as text, as AuthorizationPolicy wants it. */
export const portText = parsed<number>(
  parsePort,
  'is not a port (0 to 65535, as text: "8080")',
);

export const whole = (min: number, max: number) => {
  const why = `is not a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(why),
    v.integer(why),
    v.minValue(min, why),
    v.maxValue(max, why),
  );
};

export const port = whole(1, 65_535);

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/;

/** An object's name: an RFC 1123 subdomain. */
export const objectName = parsed(
  (name) =>
    DNS_SUBDOMAIN.test(name) && name.length <= HOST_NAME_LENGTH_MAX
      ? name
      : undefined,
  "is not a Kubernetes name",
);

/** A namespace's name: an RFC 1123 label. */
const namespaceName = parsed(
  (name) =>
    DNS_LABEL.test(name) && name.length <= LABEL_LENGTH_MAX ? name : undefined,
  "is not a namespace name",
);

/** A host name, with a leading `*.` where that is given. */
export const hostName = parsed(
  (name) =>
    HOST_NAME.test(name) && name.length <= HOST_NAME_LENGTH_MAX
      ? name.toLowerCase()
      : undefined,
  "is not a host name",
);
const HOST_NAME =
  /^(\*|(\*\.)?[a-zA-Z0-9_]([-a-zA-Z0-9_]*)(\.[a-zA-Z0-9_][-a-zA-Z0-9_]*)*\.?)$/;

export const labels = v.optional(mapOf(text), {});

/** What every object carries; fields that hairpin does not use are ignored. */
export const metadata = open({
  name: objectName,
  namespace: v.exactOptional(namespaceName),
  uid: v.exactOptional(text),
  generateName: v.exactOptional(text),
  labels,
  annotations: labels,
  creationTimestamp: v.exactOptional(text),
  deletionTimestamp: v.exactOptional(text),
  ownerReferences: someOf(open({
    kind: text,
    name: text,
    controller: v.exactOptional(flag),
  })),
});

export const labelSelector = open({
  matchLabels: labels,
  matchExpressions: someOf(open({
    key: filled,
    operator: oneOf("In", "NotIn", "Exists", "DoesNotExist"),
    values: someOf(text),
  })),
});

export type Metadata = v.InferOutput<typeof metadata>;
export type LabelSelector = v.InferOutput<typeof labelSelector>;
