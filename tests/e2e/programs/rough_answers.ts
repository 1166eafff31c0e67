/** What rough_server.ts does, by the first segment of the path. */

/** One request and what can be done with its connection. */
export interface Answer {
  readonly connection: Deno.Conn;
  /** Request line and fields, as they came. */
  readonly head: string;
  /** Header lines that name the connection and the request on it. */
  readonly tag: string;
  say(text: string): Promise<void>;
  /** Reads the request's body; its length. */
  body(): Promise<number>;
  /** Reads until the client ends its half. */
  rest(): Promise<string>;
}

type Answerer = (answer: Answer) => Promise<"keep" | "close">;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const respond = (
  { say, tag }: Answer,
  body: string,
  status = "200 OK",
  more = "",
) =>
  say(
    `HTTP/1.1 ${status}\r\n${tag}${more}content-length: ${body.length}\r\n\r\n${body}`,
  );

let flaky = 0;

export const ANSWERS: Readonly<Record<string, Answerer>> = {
  /** The length of the body. */
  async ""(answer) {
    const length = await answer.body();
    console.log(`body ${length} of ${answer.head.split(" ")[1]}`);
    await respond(answer, `${length}`);
    return "keep";
  },
  async "cut-length"({ say, tag }) {
    await say(`HTTP/1.1 200 OK\r\n${tag}content-length: 1000\r\n\r\nbegun`);
    return "close";
  },
  async "cut-chunks"({ say, tag }) {
    await say(`HTTP/1.1 200 OK\r\n${tag}transfer-encoding: chunked\r\n\r\n`);
    await say("5\r\nbegun\r\n");
    return "close";
  },
  /** 403 before the body is read; then it is read away. */
  async early(answer) {
    await respond(answer, "too early", "403 Forbidden");
    await answer.body();
    return "keep";
  },
  async "early-close"(answer) {
    const more = "connection: close\r\n";
    await respond(answer, "too early", "403 Forbidden", more);
    return "close";
  },
  async hints(answer) {
    await answer.say("HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n");
    await respond(answer, "hinted");
    return "keep";
  },
  async trailers({ say, tag, body }) {
    await body();
    await say(`HTTP/1.1 200 OK\r\n${tag}transfer-encoding: chunked\r\n\r\n`);
    await say("4\r\nbody\r\n0\r\nx-sum: 42\r\n\r\n");
    return "keep";
  },
  async continue(answer) {
    await answer.say("HTTP/1.1 100 Continue\r\n\r\n");
    await respond(answer, `${await answer.body()}`);
    return "keep";
  },
  async "not-modified"({ say, tag }) {
    await say(
      `HTTP/1.1 304 Not Modified\r\n${tag}etag: "a"\r\ncontent-length: 9\r\n\r\n`,
    );
    return "keep";
  },
  /** Says nothing until the client leaves. */
  async hang({ rest }) {
    await rest();
    return "close";
  },
  async silent() {
    await pause(0);
    return "close";
  },
  /** Never ends. */
  async drip({ say, tag }) {
    await say(`HTTP/1.1 200 OK\r\n${tag}transfer-encoding: chunked\r\n\r\n`);
    for (;;) {
      await say("5\r\ndrop\n\r\n");
      await pause(20);
    }
  },
  /** Its body is there after 400 ms. */
  async slow(answer) {
    await pause(400);
    await respond(answer, "slow");
    return "keep";
  },
  /** Head at once, the rest after 600 ms. */
  async "slow-body"({ say, tag }) {
    await say(`HTTP/1.1 200 OK\r\n${tag}content-length: 4\r\n\r\n`);
    await pause(600);
    await say("slow");
    return "keep";
  },
  /** Closes the connection without a word after a whole answer. */
  async stale(answer) {
    await respond(answer, "last");
    await pause(30);
    return "close";
  },
  /** Two failures, then success, and again. */
  async flaky(answer) {
    const { length } = await answer.body().then(String);
    const failed = ++flaky % 3 !== 0;
    const status = failed ? "503 Service Unavailable" : "200 OK";
    await respond(answer, `attempt ${flaky} of ${length} digits`, status);
    return "keep";
  },
  /** Another protocol: echoes, and says goodbye when the client has ended. */
  async upgrade({ say, rest }) {
    await say("HTTP/1.1 101 Switching Protocols\r\n");
    await say("connection: upgrade\r\nupgrade: rough\r\n\r\nswitched\n");
    await say(`${await rest()}goodbye\n`);
    return "close";
  },
  /** A WebSocket's answer to somebody else's question. */
  async "other-accept"({ say, rest }) {
    await say("HTTP/1.1 101 Switching Protocols\r\n");
    await say("connection: upgrade\r\nupgrade: websocket\r\n");
    await say("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    await rest();
    return "close";
  },
};
