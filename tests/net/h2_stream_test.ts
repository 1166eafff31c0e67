import { byteStreamSuite } from "../suites/byte_stream_suite.ts";
import { HTTP2, makeH2Pair } from "../support/h2_pair.ts";

const WINDOWS: [name: string, http2: typeof HTTP2][] = [
  ["the product's windows", HTTP2],
  [
    "small windows",
    { streamWindow: 16_384, connectionWindow: 65_535, frameSize: 16_384 },
  ],
];
for (const [name, http2] of WINDOWS) {
  byteStreamSuite(`H2Stream with ${name}`, async () => {
    const pair = await makeH2Pair({ http2 }, { http2 });
    return {
      ...await pair.stream(),
      [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
    };
  });
}
