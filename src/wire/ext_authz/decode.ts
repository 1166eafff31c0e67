import { fromBinary } from "@bufbuild/protobuf";
import { messageOf } from "../../base/errors.ts";
import { CheckResponseError } from "./errors.ts";
import {
  type CheckResponse,
  CheckResponseSchema,
  type DeniedHttpResponse,
  type HeaderValue,
  type HeaderValueOption,
  HeaderValueOption_HeaderAppendAction as AppendAction,
  type OkHttpResponse,
} from "./gen/check_pb.ts";
import type {
  CheckVerdict,
  HeaderAction,
  HeaderMutation,
} from "../../model/external_check.ts";

/**
 * Reads a CheckResponse.
 *
 * @throws {CheckResponseError} when it is none, or asks for something unknown.
 */
export function decodeVerdict(octets: Uint8Array): CheckVerdict {
  const { status, httpResponse } = decode(octets);
  // A status that is left out has the code 0, which is OK.
  if ((status?.code ?? OK) === OK) {
    return okVerdict(
      httpResponse.case === "okResponse" ? httpResponse.value : undefined,
    );
  }
  return deniedVerdict(
    httpResponse.case === "deniedResponse" ? httpResponse.value : undefined,
  );
}

/** gRPC's status code of success. */
const OK = 0;

function decode(octets: Uint8Array): CheckResponse {
  try {
    return fromBinary(CheckResponseSchema, octets);
  } catch (cause) {
    throw new CheckResponseError(messageOf(cause), cause);
  }
}

const okVerdict = (ok: OkHttpResponse | undefined): CheckVerdict => ({
  kind: "ok",
  headers: (ok?.headers ?? []).map((option) =>
    mutationOf(option, "replace-or-add")
  ),
  headersToRemove: (ok?.headersToRemove ?? []).map((name) =>
    name.toLowerCase()
  ),
  responseHeaders: (ok?.responseHeadersToAdd ?? []).map((option) =>
    mutationOf(option, "append-or-add")
  ),
  parametersToSet: (ok?.queryParametersToSet ?? []).map(({ key, value }) => ({
    name: key,
    value,
  })),
  parametersToRemove: ok?.queryParametersToRemove ?? [],
});

const deniedVerdict = (
  denied: DeniedHttpResponse | undefined,
): CheckVerdict => ({
  kind: "denied",
  status: denied?.status?.code || undefined,
  headers: (denied?.headers ?? []).map((option) =>
    mutationOf(option, "replace-or-add")
  ),
  body: denied?.body ?? "",
});

/** @param unsaid What holds when neither of the two fields says anything. */
function mutationOf(
  { header, append, appendAction }: HeaderValueOption,
  unsaid: HeaderAction,
): HeaderMutation {
  const name = header?.key.toLowerCase() ?? "";
  if (header === undefined || !FIELD_NAME.test(name)) {
    throw new CheckResponseError(`header name ${JSON.stringify(name)}`);
  }
  return {
    name,
    value: valueOf(header),
    action: append === undefined
      ? actionOf(appendAction, unsaid)
      : append.value
      ? "append-or-add"
      : "replace-or-add",
  };
}

/** What a field may be called: a token in lower case, or a pseudo header field. */
const FIELD_NAME = /^:?[-!#$%&'*+.^_`|~0-9a-z]+$/;

/** Text and octets that a field may hold. @see RFC 9110, section 5.5 */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A code unit for each octet, as in all header lists. */
function valueOf({ key, value, rawValue }: HeaderValue): string {
  const octets = rawValue.length > 0
    ? rawValue
    : new TextEncoder().encode(value);
  const text = Array.from(octets, (octet) => String.fromCharCode(octet))
    .join("");
  if (!FIELD_VALUE.test(text)) {
    throw new CheckResponseError(`value of header ${JSON.stringify(key)}`);
  }
  return text;
}

function actionOf(
  action: AppendAction,
  unsaid: HeaderAction,
): HeaderAction {
  switch (action) {
    case AppendAction.APPEND_IF_EXISTS_OR_ADD:
      return unsaid;
    case AppendAction.ADD_IF_ABSENT:
      return "add-if-absent";
    case AppendAction.OVERWRITE_IF_EXISTS_OR_ADD:
      return "replace-or-add";
    case AppendAction.OVERWRITE_IF_EXISTS:
      return "replace-if-present";
    default:
      // An open enum: a newer authorizer may know more of them.
      throw new CheckResponseError(`append action ${String(action)}`);
  }
}
