import { BareTcpStream } from "../../src/net/bare_tcp_stream.ts";
import { TcpStream } from "../../src/net/tcp_stream.ts";
import { byteStreamSuite } from "../suites/byte_stream_suite.ts";
import { gone, makeAccepted } from "../support/sockets.ts";
import assert from "node:assert/strict";

byteStreamSuite("BareTcpStream", async () => {
  const { client, accepted: { stream } } = await makeAccepted();
  assert.ok(stream instanceof BareTcpStream);
  return {
    near: stream,
    far: new TcpStream(client),
    [Symbol.asyncDispose]: () => {
      stream.reset();
      return gone(client);
    },
  };
});

byteStreamSuite("BareTcpStream, as the far end", async () => {
  const { client, accepted: { stream } } = await makeAccepted();
  return {
    near: new TcpStream(client),
    far: stream,
    [Symbol.asyncDispose]: () => {
      stream.reset();
      return gone(client);
    },
  };
});
