// What the providers answer, as lane steps of the mock's script (mockupstream/README.md).

const MODEL = 'model-1';

const data = (value) => ({ data: JSON.stringify(value) });
const event = (value) => ({ event: value.type, data: JSON.stringify(value) });

export const openai = {
  rateLimited: (seconds) => ({
    status: 429,
    headers: { 'Retry-After': String(seconds) },
    json: { error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' } },
  }),
  chat: (text) => ({
    json: {
      id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: MODEL,
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: text } }],
    },
  }),
  chatStream: (parts) => ({
    sse: [
      ...parts.map((content) => data({
        id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: MODEL,
        choices: [{ index: 0, delta: { content }, finish_reason: null }],
      })),
      { data: '[DONE]' },
    ],
  }),
  response: (text) => ({ json: responseObject('completed', text) }),
  responseStream: (parts) => ({
    sse: [
      event({
        type: 'response.created', sequence_number: 0, response: responseObject('in_progress'),
      }),
      ...parts.map((delta, i) => event({
        type: 'response.output_text.delta', sequence_number: i + 1,
        item_id: 'msg_1', output_index: 0, content_index: 0, delta,
      })),
      event({
        type: 'response.completed', sequence_number: parts.length + 1,
        response: responseObject('completed', parts.join('')),
      }),
    ],
  }),
};

function responseObject(status, text) {
  const message = {
    id: 'msg_1', type: 'message', role: 'assistant', status,
    content: [{ type: 'output_text', text, annotations: [] }],
  };
  return {
    id: 'resp_1', object: 'response', created_at: 1, model: MODEL, status,
    output: text === undefined ? [] : [message],
  };
}

export const anthropic = {
  rateLimited: (seconds) => ({
    status: 429,
    headers: { 'Retry-After': String(seconds) },
    json: { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } },
  }),
  message: (text) => ({ json: messageObject([{ type: 'text', text }], 'end_turn') }),
  messageStream: (parts) => ({
    sse: [
      event({ type: 'message_start', message: messageObject([], null) }),
      event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      ...parts.map((text) => event({
        type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text },
      })),
      event({ type: 'content_block_stop', index: 0 }),
      event({
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 3 },
      }),
      event({ type: 'message_stop' }),
    ],
  }),
};

function messageObject(content, stopReason) {
  return {
    id: 'msg_1', type: 'message', role: 'assistant', model: MODEL, content,
    stop_reason: stopReason, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 3 },
  };
}
