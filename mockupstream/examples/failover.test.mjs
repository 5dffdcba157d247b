// keywalk-mock from Node: the official openai client, turning to its next key.
//
//   npm install openai
//   KEYWALK_BIN=build/bin node --test mockupstream/examples/failover.test.mjs
//
// KEYWALK_SDK: the folder whose node_modules has the client; left out: the current one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

const require = createRequire(join(process.env.KEYWALK_SDK ?? process.cwd(), 'package.json'));
const { OpenAI } = require('openai');

const KEYS = ['sk-example-0-aaaaaaaaaaaaaaaaaaaa', 'sk-example-1-bbbbbbbbbbbbbbbbbbbb'];
const SCRIPT = {
  schema_version: '1.0',
  lanes: {
    [KEYS[0]]: { name: 'k0', steps: [{ respond: 'openai.rate_limited' }] },
    [KEYS[1]]: { name: 'k1', steps: [{ respond: { answer: 'openai.success', text: 'Hello.' } }] },
  },
};

// A mock upstream on a free port.
async function startMock(script) {
  const folder = await mkdtemp(join(tmpdir(), 'keywalk-mock-'));
  const file = join(folder, 'script.json');
  await writeFile(file, JSON.stringify(script));
  const child = spawn(join(process.env.KEYWALK_BIN ?? '', 'keywalk-mock'),
    ['--listen', '127.0.0.1:0', '--script', file, '--log-level', 'warn'],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = line.replace('listening on ', 'http://');
    return { url, stop: () => { child.kill(); return rm(folder, { recursive: true }); } };
  }
  throw new Error('keywalk-mock did not start');
}

// What is tested here: the first key that is not rate limited answers, in pieces if streamed.
async function firstAnswer(url, ask) {
  for (const apiKey of KEYS) {
    try {
      return await ask(new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 }));
    } catch (error) {
      if (!(error instanceof OpenAI.RateLimitError)) throw error;
    }
  }
  throw new Error('every key is rate limited');
}

const REQUEST = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] };

let mock;
before(async () => { mock = await startMock(SCRIPT); });
after(() => mock?.stop());

test('the second key answers', async () => {
  const completion = await firstAnswer(mock.url, (client) =>
    client.chat.completions.create(REQUEST));
  assert.equal(completion.choices[0].message.content, 'Hello.');
});

test('the second key answers a streamed request', async () => {
  const stream = await firstAnswer(mock.url, (client) =>
    client.chat.completions.create({ ...REQUEST, stream: true }));
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
  assert.equal(text, 'Hello.');
});

test('the journal tells which keys were tried', async () => {
  const entries = await (await fetch(`${mock.url}/__mock/journal`)).json();
  assert.deepEqual(entries.map((entry) => entry.lane), ['k0', 'k1', 'k0', 'k1']);
});
