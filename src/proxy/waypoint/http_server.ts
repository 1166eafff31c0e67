/** The HTTP side of a client's connection at a waypoint. */
import { messageOf } from "../../base/errors.ts";
import { upgradeOfConnect } from "../../decide/http/upgrade.ts";
import type { HeaderList } from "../../model/http.ts";
import type { ByteStream } from "../../net/byte_stream.ts";
import { H2Session } from "../../net/h2_session.ts";
import { Http1Session } from "../../net/http1_session.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import { StreamTransport } from "../../net/transport.ts";
import type { WaypointCall } from "./call.ts";
import { CLIENT_STREAMS_MAX } from "./limits.ts";
import { serveRequest } from "./request.ts";
import { ClientConnect } from "./upgrade/client_connect.ts";
import { WEB_SOCKET_KEY_OCTETS } from "./upgrade/web_socket_accept.ts";
import type { HttpVersion } from "./upstreams.ts";

/** Serves requests until the client leaves. */
export function serveHttp(
  call: WaypointCall,
  stream: ByteStream,
  version: HttpVersion,
): void {
  const transport = new StreamTransport(stream);
  const onRequest = (
    request: MessageStream,
    headers: HeaderList,
    end: boolean,
  ) => {
    const connecting = headers.some(([name]) => name === ":protocol");
    const serving = connecting
      ? serveConnect(call, request, headers)
      : serveRequest(call, request, { headers, end, version });
    serving.catch((reason) => {
      request.reset();
      call.context.log("proxy::waypoint").error("cannot serve a request", {
        error: messageOf(reason),
      });
    });
  };
  const onClosed = () => call.clients.delete(session);
  const session = version === "http1"
    ? new Http1Session(transport, { role: "server", onRequest, onClosed })
    : new H2Session(transport, {
      role: "server",
      http2: call.context.settings.http2,
      maxConcurrentStreams: CLIENT_STREAMS_MAX,
      extendedConnect: true,
      onRequest,
      onClosed,
    });
  call.clients.add(session);
}

/** An extended CONNECT is judged and routed as the upgrade that it stands for. */
function serveConnect(
  call: WaypointCall,
  request: MessageStream,
  asked: HeaderList,
): Promise<void> {
  const key = call.context.randomBytes(WEB_SOCKET_KEY_OCTETS).toBase64();
  const headers = upgradeOfConnect(asked, key) ?? asked;
  return serveRequest(call, new ClientConnect(request), {
    headers,
    end: true,
    version: "http2",
    extended: true,
  });
}
