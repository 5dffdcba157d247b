// Goal: the official clients take the answers of the mock's catalogue for the provider's own.
// Method: openai (also as AzureOpenAI) and @anthropic-ai/sdk straight against keywalk-mock, a lane
// for each case: results blocking and streamed, errors as the clients' classes, waits obeyed.
// Run with KEYWALK_BIN (folder of the binaries) and KEYWALK_SDK (folder with node_modules).
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Servers } from './servers.mjs';

const require = createRequire(join(process.env.KEYWALK_SDK, 'package.json'));
const { AzureOpenAI, OpenAI } = require('openai');
const { Anthropic } = require('@anthropic-ai/sdk');

const TEXT = 'one two  three';
const MODEL = 'model-1';
const MESSAGES = [{ role: 'user', content: 'hello there' }];
const CHAT = { model: MODEL, messages: MESSAGES };
const MESSAGE = { ...CHAT, max_tokens: 100 };
const ONCE = { maxRetries: 0, timeout: 15_000 };

const success = (provider) => [{ respond: { answer: `${provider}.success`, text: TEXT } }];

// Clients of the mock, by provider: the key chooses the lane.
const clientOf = {
  openai: (apiKey, options = ONCE) =>
    new OpenAI({ apiKey, baseURL: `${servers.mock.url}/v1`, ...options }),
  groq: (apiKey) => new OpenAI({ apiKey, baseURL: `${servers.mock.url}/openai/v1`, ...ONCE }),
  mistral: (apiKey) => new OpenAI({ apiKey, baseURL: `${servers.mock.url}/v1`, ...ONCE }),
  openrouter: (apiKey) => new OpenAI({ apiKey, baseURL: `${servers.mock.url}/api/v1`, ...ONCE }),
  azure: (apiKey) => new AzureOpenAI({
    apiKey, endpoint: servers.mock.url, apiVersion: '2024-10-21', deployment: MODEL, ...ONCE,
  }),
  anthropic: (apiKey, options = ONCE) =>
    new Anthropic({ apiKey, baseURL: servers.mock.url, ...options }),
};

async function chat(client) {
  const completion = await client.chat.completions.create(CHAT);
  assert.equal(completion.model, MODEL);
  assert.equal(completion.choices[0].finish_reason, 'stop');
  assert.equal(completion.usage.completion_tokens, 3);
  return completion.choices[0].message.content;
}

async function streamedChat(client) {
  const stream = await client.chat.completions.create(
    { ...CHAT, stream: true, stream_options: { include_usage: true } });
  let text = '';
  let usage;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? '';
    usage = chunk.usage ?? usage;
  }
  assert.equal(usage.completion_tokens, 3);
  return text;
}

const RESULTS = [
  ...['openai', 'groq', 'mistral', 'openrouter', 'azure'].flatMap((provider) => [
    { name: `${provider} chat`, provider, call: chat },
    { name: `${provider} chat streamed`, provider, call: streamedChat },
  ]),
  {
    name: 'openai responses', provider: 'openai',
    async call(client) {
      const response = await client.responses.create({ model: MODEL, input: 'hello' });
      assert.equal(response.model, MODEL);
      assert.equal(response.status, 'completed');
      return response.output_text;
    },
  },
  {
    name: 'openai responses streamed', provider: 'openai',
    async call(client) {
      const stream = client.responses.stream({ model: MODEL, input: 'hello' });
      const response = await stream.finalResponse();
      assert.equal(response.status, 'completed');
      return response.output_text;
    },
  },
  {
    name: 'openai legacy completions', provider: 'openai',
    call: async (client) =>
      (await client.completions.create({ model: MODEL, prompt: 'x' })).choices[0].text,
  },
  {
    name: 'anthropic messages', provider: 'anthropic',
    async call(client) {
      const message = await client.messages.create(MESSAGE);
      assert.equal(message.model, MODEL);
      assert.equal(message.stop_reason, 'end_turn');
      assert.equal(message.usage.output_tokens, 3);
      return message.content[0].text;
    },
  },
  {
    name: 'anthropic messages streamed', provider: 'anthropic',
    async call(client) {
      const message = await client.messages.stream(MESSAGE).finalMessage();
      assert.equal(message.model, MODEL);
      assert.equal(message.usage.output_tokens, 3);
      return message.content[0].text;
    },
  },
];

// What each answer is to the client.
const openaiError = (answer, type, code) =>
  ({ provider: 'openai', answer: `openai.${answer}`, type: OpenAI[type], code });
const anthropicError = (answer, type, status) =>
  ({ provider: 'anthropic', answer: `anthropic.${answer}`, type: Anthropic[type], status });
const ERRORS = [
  openaiError('rate_limited', 'RateLimitError', 'rate_limit_exceeded'),
  openaiError('quota_exhausted', 'RateLimitError', 'insufficient_quota'),
  openaiError('invalid_key', 'AuthenticationError', 'invalid_api_key'),
  openaiError('forbidden', 'PermissionDeniedError', 'model_not_found'),
  openaiError(
    'unsupported_region', 'PermissionDeniedError', 'unsupported_country_region_territory'),
  openaiError('overloaded', 'InternalServerError', 'server_is_overloaded'),
  openaiError('server_error', 'InternalServerError', null),
  openaiError('model_not_found', 'NotFoundError', 'model_not_found'),
  openaiError('context_length', 'BadRequestError', 'context_length_exceeded'),
  { ...openaiError('rate_limited', 'RateLimitError', '429'), provider: 'azure',
    answer: 'azure.rate_limited' },
  { ...openaiError('', 'RateLimitError', '1300'), provider: 'mistral',
    answer: 'mistral.rate_limited', notNested: true },
  anthropicError('rate_limited', 'RateLimitError', 429),
  anthropicError('quota_exhausted', 'RateLimitError', 429),
  anthropicError('invalid_key', 'AuthenticationError', 401),
  anthropicError('forbidden', 'PermissionDeniedError', 403),
  anthropicError('overloaded', 'InternalServerError', 529),
  anthropicError('server_error', 'InternalServerError', 500),
  anthropicError('not_found', 'NotFoundError', 404),
  anthropicError('spend_limit', 'BadRequestError', 400),
  anthropicError('too_large', 'APIError', 413),
];

// A rate limit, then a success: the client's retry comes after the wait that was told. Its own
// backoff would be over sooner, after half a second at most.
const WAITS = [
  { provider: 'openai', waitMs: 700 },     // in retry-after-ms; retry-after says 1
  { provider: 'anthropic', waitMs: 1000 },
];

const laneName = (name) => `mock/${name.replaceAll(' ', '-')}`;
const keyOf = (name) => `sk-of-${laneName(name).replaceAll('/', '-')}`;
const errorName = ({ answer, provider }) => `${provider} error ${answer}`;
const ask = (provider, client) => (provider === 'anthropic'
  ? client.messages.create(MESSAGE) : client.chat.completions.create(CHAT));

let servers;

before(async () => {
  const lanes = {};
  const addLane = (name, steps) => {
    lanes[keyOf(name)] = { name: laneName(name), steps, at_end: 'fail_loud' };
  };
  for (const { name, provider } of RESULTS) addLane(name, success(provider));
  for (const error of ERRORS) addLane(errorName(error), [{ respond: error.answer }]);
  for (const { provider, waitMs } of WAITS) {
    addLane(`wait ${provider}`, [
      { respond: { answer: `${provider}.rate_limited`, retry_after_ms: waitMs } },
      ...success(provider),
    ]);
  }
  addLane('openai stream error', [{ respond: 'openai.stream_error' }]);
  addLane('anthropic stream error', [{ respond: 'anthropic.stream_error' }]);
  addLane('openai pages', [{ respond: 'openai', times: 4 }]);
  addLane('anthropic pages', [{ respond: 'anthropic', times: 2 }]);
  servers = await Servers.start(process.env.KEYWALK_BIN, { schema_version: '1.0', lanes });
});

after(async () => {
  const codes = await servers?.stop();
  assert.deepEqual(new Set(codes), new Set([0]), 'every server stops with status 0');
});

for (const { name, provider, call } of RESULTS) {
  test(`${name}: the client reads the text`, async () => {
    assert.equal(await call(clientOf[provider](keyOf(name))), TEXT);
  });
}

for (const expected of ERRORS) {
  test(`${expected.answer}: the client throws ${expected.type.name}`, async () => {
    const client = clientOf[expected.provider](keyOf(errorName(expected)));
    await assert.rejects(ask(expected.provider, client), (error) => {
      assert.ok(error instanceof expected.type, `${error?.constructor?.name}: ${error?.message}`);
      if (expected.status) assert.equal(error.status, expected.status);
      if (expected.code !== undefined && !expected.notNested) {
        assert.equal(error.code, expected.code);
      }
      return true;
    });
  });
}

for (const { provider, waitMs } of WAITS) {
  test(`${provider}: the client retries after the wait that was told`, async () => {
    const name = `wait ${provider}`;
    const client = clientOf[provider](keyOf(name), { maxRetries: 1, timeout: 15_000 });
    assert.ok(await ask(provider, client));
    const [first, second, ...more] = await servers.journalOf(laneName(name));
    assert.deepEqual(more, []);
    assert.equal(first.status, 429);
    assert.equal(second.status, 200);
    assert.ok(second.time_ms - first.time_ms >= waitMs, `${second.time_ms - first.time_ms} ms`);
  });
}

test('an error inside a stream is the client\'s error', async () => {
  const chunks = await clientOf.openai(keyOf('openai stream error')).chat.completions.create(
    { ...CHAT, stream: true });
  await assert.rejects(async () => { for await (const chunk of chunks) assert.ok(chunk.id); },
    OpenAI.APIError);
  const events = clientOf.anthropic(keyOf('anthropic stream error')).messages.stream(MESSAGE);
  await assert.rejects(events.finalMessage(), (error) => {
    assert.ok(error instanceof Anthropic.APIError, String(error));
    assert.match(error.message, /overloaded_error/);
    return true;
  });
});

test('the smaller pages: models, embeddings, token counts', async () => {
  const openai = clientOf.openai(keyOf('openai pages'));
  assert.ok((await openai.models.list()).data.length > 0);
  assert.equal((await openai.models.retrieve(MODEL)).id, MODEL);
  const vector = async (format) => (await openai.embeddings.create(
    { model: MODEL, input: 'x', ...format })).data[0].embedding;
  assert.deepEqual(await vector({}), await vector({ encoding_format: 'float' }));
  const anthropic = clientOf.anthropic(keyOf('anthropic pages'));
  assert.ok((await anthropic.messages.countTokens(CHAT)).input_tokens > 0);
  assert.ok((await anthropic.models.list()).data.length > 0);
});
