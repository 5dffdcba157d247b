// mockttp.mjs PORT ANSWER: mockttp with its record of requests on. A line on standard input empties
// that record, which has no bound, and its size is printed.
import { createInterface } from "node:readline";
import { getLocal } from "mockttp";

const [port, answer] = process.argv.slice(2);
const server = getLocal({ recordTraffic: true });

async function begin() {
  // It sends these as they are: without a length it would close the connection to end the body.
  const headers = {
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(answer)),
  };
  return [
    await server.forPost("/v1/chat/completions").thenReply(200, answer, headers),
    await server.forGet("/v1/models").thenReply(200, answer, headers),
  ];
}

await server.start(Number(port));
let rules = await begin();
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "quit") break;
  let seen = 0;
  for (const rule of rules) seen += (await rule.getSeenRequests()).length;
  console.log(`journal ${seen}`);
  server.reset();
  rules = await begin();
}
await server.stop();
