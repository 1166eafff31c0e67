// A WebSocket client of an echo server, for tests: ws_client.ts URL COUNT
// Sends so many messages, each when the answer to the one before is there, and
// prints how many came back as they were, and how it ended.

const [url = "", count = ""] = Deno.args;
const socket = new WebSocket(url);
let answered = 0;
const say = () => socket.send(`message ${answered}`);

socket.onopen = say;
socket.onmessage = ({ data }) => {
  if (data !== `message ${answered}`) return socket.close(4000, "changed");
  answered++;
  if (answered === Number(count)) socket.close(1000, "done");
  else setTimeout(say, 10);
};
socket.onclose = ({ code, reason, wasClean }) => {
  console.log(JSON.stringify({ answered, code, reason, wasClean }));
};
