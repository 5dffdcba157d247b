// Goal: the official OpenAI and Anthropic clients use the pool through keywalk-proxy unchanged.
// Method: keywalk-mock is the provider; its first key answers 429, so that each call, blocking or
// streamed, needs failover; the mock's journal tells which keys were tried.
// Run with KEYWALK_BIN (folder of the binaries) and KEYWALK_SDK (folder with node_modules).
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Servers } from './servers.mjs';

const require = createRequire(join(process.env.KEYWALK_SDK, 'package.json'));
const { OpenAI } = require('openai');
const { Anthropic } = require('@anthropic-ai/sdk');

const CLIENT_TOKEN = 'client-token-of-the-sdk-test';
const OWN_KEY = 'sk-brought-along-by-the-client';
// What is tested is the proxy's failover, not the clients' own retries.
const CALL_LIMITS = { maxRetries: 0, timeout: 15_000 };
const TEXT = 'failover is invisible';
const MESSAGES = [{ role: 'user', content: 'hello' }];

const baseOf = {
  openai: { provider: 'openai', basePath: '/v1' },
  anthropic: { provider: 'anthropic', basePath: '' },
};

// Steps of the mock's script (mockupstream/README.md): what the provider itself answers.
const limited = ({ provider }, seconds) => ({
  respond: { answer: `${provider}.rate_limited`, retry_after_ms: seconds * 1000 },
});
const success = ({ provider }) => ({ respond: { answer: `${provider}.success`, text: TEXT } });
const limitedThenSuccess = (base) => [limited(base, 5), success(base)];

async function textOf(stream, partOf) {
  let text = '';
  for await (const item of stream) text += partOf(item) ?? '';
  return text;
}

// Each case: a pool of its own, whose first key is rate limited and whose second answers.
const CASES = [
  {
    name: 'openai-chat', base: baseOf.openai,
    steps: limitedThenSuccess(baseOf.openai),
    async call(url) {
      const completion = await openaiClient(url).chat.completions.create(
        { model: 'model-1', messages: MESSAGES });
      return completion.choices[0].message.content;
    },
  },
  {
    name: 'openai-chat-streamed', base: baseOf.openai,
    steps: limitedThenSuccess(baseOf.openai),
    async call(url) {
      const stream = await openaiClient(url).chat.completions.create(
        { model: 'model-1', messages: MESSAGES, stream: true });
      return textOf(stream, (chunk) => chunk.choices[0]?.delta?.content);
    },
  },
  {
    name: 'openai-responses', base: baseOf.openai,
    steps: limitedThenSuccess(baseOf.openai),
    async call(url) {
      const response = await openaiClient(url).responses.create(
        { model: 'model-1', input: 'hello' });
      return response.output_text;
    },
  },
  {
    name: 'openai-responses-streamed', base: baseOf.openai,
    steps: limitedThenSuccess(baseOf.openai),
    async call(url) {
      const stream = await openaiClient(url).responses.create(
        { model: 'model-1', input: 'hello', stream: true });
      return textOf(stream, (e) => (e.type === 'response.output_text.delta' ? e.delta : ''));
    },
  },
  {
    name: 'anthropic-messages', base: baseOf.anthropic,
    steps: limitedThenSuccess(baseOf.anthropic),
    async call(url) {
      const message = await anthropicClient(url, { apiKey: CLIENT_TOKEN }).messages.create(
        { model: 'model-1', max_tokens: 10, messages: MESSAGES });
      return message.content[0].text;
    },
  },
  {
    name: 'anthropic-messages-streamed', base: baseOf.anthropic,
    steps: limitedThenSuccess(baseOf.anthropic),
    // The client's other way to authenticate: a bearer token.
    async call(url) {
      const client = anthropicClient(url, { apiKey: null, authToken: CLIENT_TOKEN });
      const stream = client.messages.stream(
        { model: 'model-1', max_tokens: 10, messages: MESSAGES });
      return stream.finalText();
    },
  },
];

// Both keys are rate limited, for 10 and for 3 seconds.
const EXHAUSTED = [
  {
    name: 'openai-exhausted', base: baseOf.openai, error: OpenAI.RateLimitError,
    steps: [limited(baseOf.openai, 10), limited(baseOf.openai, 3)],
    call: (url) => openaiClient(url).chat.completions.create(
      { model: 'model-1', messages: MESSAGES }),
  },
  {
    name: 'anthropic-exhausted', base: baseOf.anthropic, error: Anthropic.RateLimitError,
    steps: [limited(baseOf.anthropic, 10), limited(baseOf.anthropic, 3)],
    call: (url) => anthropicClient(url, { apiKey: CLIENT_TOKEN }).messages.create(
      { model: 'model-1', max_tokens: 10, messages: MESSAGES }),
  },
];

function openaiClient(url) {
  return new OpenAI({ apiKey: CLIENT_TOKEN, baseURL: url, ...CALL_LIMITS });
}

function anthropicClient(url, credential) {
  return new Anthropic({ ...credential, baseURL: url, ...CALL_LIMITS });
}

const keyOf = (name, index) => `sk-upstream-of-${name}-k${index}`;

let servers;

before(async () => {
  const lanes = {};
  for (const { name, steps } of [...CASES, ...EXHAUSTED]) {
    steps.forEach((step, i) => {
      lanes[keyOf(name, i)] = { name: `${name}/k${i}`, steps: [step], at_end: 'fail_loud' };
    });
  }
  lanes[OWN_KEY] = { name: 'byok/own', steps: [limited(baseOf.openai, 5)], at_end: 'fail_loud' };
  servers = await Servers.start(process.env.KEYWALK_BIN, { schema_version: '1.0', lanes });
});

after(async () => {
  const codes = await servers?.stop();
  assert.deepEqual(new Set(codes), new Set([0]), 'every server stops with status 0');
});

async function proxyFor({ name, base, steps }) {
  const keys = steps.map((_, i) => keyOf(name, i));
  return servers.proxy({ name, ...base, keys, clientToken: CLIENT_TOKEN });
}

for (const testCase of CASES) {
  test(`${testCase.name}: a rate-limited first key is not seen by the client`, async () => {
    const proxy = await proxyFor(testCase);
    assert.equal(await testCase.call(proxy.url), TEXT);
    const { name } = testCase;
    assert.deepEqual(await servers.lanesServed(`${name}/`), [`${name}/k0`, `${name}/k1`]);
  });
}

for (const testCase of EXHAUSTED) {
  test(`${testCase.name}: the client gets its RateLimitError with the soonest wait`, async () => {
    const proxy = await proxyFor(testCase);
    await assert.rejects(testCase.call(proxy.url), (error) => {
      assert.ok(error instanceof testCase.error, `${error?.constructor?.name}: ${error?.message}`);
      assert.equal(error.status, 429);
      assert.equal(error.headers.get('retry-after'), '3');
      assert.match(error.message, /all configured keys are rate-limited/);
      return true;
    });
    const { name } = testCase;
    assert.deepEqual(await servers.lanesServed(`${name}/`), [`${name}/k0`, `${name}/k1`]);
  });
}

test('a key that the client brings itself goes to the provider as it is, once', async () => {
  const proxy = await proxyFor({ name: 'byok', base: baseOf.openai, steps: ['unused'] });
  const client = new OpenAI({ apiKey: OWN_KEY, baseURL: proxy.url, ...CALL_LIMITS });
  await assert.rejects(
    client.chat.completions.create({ model: 'model-1', messages: MESSAGES }),
    OpenAI.RateLimitError);
  assert.deepEqual(await servers.lanesServed('byok/'), ['byok/own']);
});
