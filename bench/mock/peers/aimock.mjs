// aimock.mjs PORT ANSWER: aimock, its journal on and as long as keywalk's, made to give ANSWER (a
// chat completion as JSON). A line on standard input empties the journal, and its size is printed.
import { createInterface } from "node:readline";
import { LLMock } from "@copilotkit/aimock";

const [port, text] = process.argv.slice(2);
const answer = JSON.parse(text);
const mock = new LLMock({ port: Number(port), logLevel: "silent", journalMaxEntries: 100_000 });
mock.onMessage(/./, {
  content: answer.choices[0].message.content,
  id: answer.id,
  created: answer.created,
  model: answer.model,
  usage: answer.usage,
});
await mock.start();
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "quit") break;
  console.log(`journal ${mock.getRequests().length}`);
  mock.clearRequests();
}
await mock.stop();
