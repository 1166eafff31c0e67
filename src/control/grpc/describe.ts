import { Code, ConnectError } from "@connectrpc/connect";
import { messageOf } from "../../base/errors.ts";
import { ERROR_TEXT_MAX } from "./limits.ts";

/** What a call died of, on one line of limited length, as ztunnel words it. */
export function describeFailure(reason: unknown): string {
  if (!(reason instanceof ConnectError)) return excerpt(messageOf(reason));
  const said = excerpt(messageOf(new Error(reason.rawMessage)));
  const status = `status: ${Code[reason.code]}, message: "${said}"`;
  const hint = hintFor(reason.rawMessage);
  return hint === undefined ? status : `${status} (hint: ${hint})`;
}

const excerpt = (text: string): string =>
  text.length <= ERROR_TEXT_MAX ? text : `${text.slice(0, ERROR_TEXT_MAX)}...`;

function hintFor(message: string): string | undefined {
  if (message.includes("authentication failure")) {
    return "check the control plane logs for more information";
  }
  if (/Temporary failure in name resolution|EAI_AGAIN/.test(message)) {
    return "is the DNS server reachable?";
  }
  return undefined;
}
