import { TcpStream } from "../../src/net/tcp_stream.ts";
import { byteStreamSuite } from "../suites/byte_stream_suite.ts";
import { makeTcpPair } from "../support/sockets.ts";

byteStreamSuite("TcpStream", async () => {
  const tcp = await makeTcpPair();
  return {
    near: new TcpStream(tcp.client),
    far: new TcpStream(tcp.server),
    [Symbol.asyncDispose]: () => tcp[Symbol.asyncDispose](),
  };
});
