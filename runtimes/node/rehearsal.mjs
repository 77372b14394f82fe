// A rehearsal: events of nobody come on a connection to nobody, before anything of the function runs.
// Code that has never run is compiled at its first call; here that costs the first caller nothing.

/** After these V8 has met what each event meets. */
const EVENTS = 16;
const EVENT = response(
  '200 OK',
  'Lambda-Runtime-Aws-Request-Id: 00000000-0000-0000-0000-000000000000\r\n' +
    'Lambda-Runtime-Deadline-Ms: 0\r\nLambda-Runtime-Invoked-Function-Arn: none\r\n',
  '{"key":"value"}',
);
const ACCEPTED = response('202 Accepted', '', '{"status":"OK"}');

/**
 * `client`: one whose connection is `nobody`; `serve(event)` serves one and resolves to the next, as
 * for all events.
 */
export async function rehearse(client, serve) {
  let event = await client.next();
  for (let served = 0; served < EVENTS; served += 1) event = await serve(event);
}

/** Seems to be a socket: its other end takes every response, and has an event for every poll. */
export function nobody({ onread: { buffer, callback } }) {
  let room;
  const come = (text) => {
    room = buffer() ?? room;
    callback(room.latin1Write(text));
  };
  const answer = (message) =>
    queueMicrotask(() => come(message.startsWith('POST') ? ACCEPTED + EVENT : EVENT));
  return {
    on: (event, listener) => event === 'connect' && queueMicrotask(listener),
    ref: () => undefined,
    unref: () => undefined,
    writableLength: 0,
    // What is written before it stands, and all else.
    write: answer,
    _write(message, _encoding, written) {
      written();
      answer(message);
    },
  };
}

/** V8's space for new objects: no more steps than it has at first, of 16 KiB each. */
const MOST_STEPS = 64;
const STEP_ELEMENTS = 2048;
/** A step takes a few; to collect takes hundreds. */
const COLLECTED_NS = 100_000;

/**
 * Fills the space of new objects until it is collected: otherwise that comes in the middle of an event,
 * if the init phase has left it nearly full, and at once in all environments that were made alike.
 * Harmless where the space is larger, or nothing is to be seen of that.
 */
export function emptyNewSpace() {
  const { hrtime } = process;
  // What has never run takes its time for another reason.
  new Array(STEP_ELEMENTS).fill(0);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const [seconds, nanoseconds] = hrtime();
    new Array(STEP_ELEMENTS).fill(0);
    const [now, nanosecondsNow] = hrtime();
    if ((now - seconds) * 1e9 + nanosecondsNow - nanoseconds > COLLECTED_NS) return;
  }
}

function response(status, headers, body) {
  return (
    `HTTP/1.1 ${status}\r\n${headers}Content-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}
