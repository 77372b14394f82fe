import { afterEach, describe, expect, it } from '@jest/globals';
import type { LogLine } from '../../src/view.js';
import { startProject, until, type Project, type ProjectFunction } from '../support/project.js';

const LIMIT_MS = 60_000;

/** Waits until what its extension has written down holds every text it is asked for. */
const NODE_FUNCTION = `
import fs from 'node:fs';
const read = (file) => fs.existsSync('/tmp/' + file) ? fs.readFileSync('/tmp/' + file, 'utf8') : '';
export const handler = async (event) => {
  console.log('order ' + (event.order ?? 'none'));
  for (const text of event.await ?? []) {
    while (!read('events').includes(text)) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { events: read('events').trimEnd().split('\\n'), answers: read('answers') };
};
`;

const PYTHON_FUNCTION = `
import logging, os, time
def read(name):
    try:
        with open("/tmp/" + name) as file: return file.read()
    except FileNotFoundError: return ""
def handler(event, context):
    logging.getLogger().warning("order", extra={"order": event.get("order")})
    for text in event.get("await", []):
        while text not in read("events"): time.sleep(0.005)
    return {"events": read("events").rstrip().split("\\n"), "answers": read("answers")}
`;

/**
 * Writes what it is sent to /tmp/events, one line each. \`HOLDS\` in the environment: it asks for its
 * next event only when the runtime is done with the last; \`LATE\`: it tries to subscribe after init.
 */
const PYTHON_LISTENER = `#!/var/lang/bin/python3
import http.client, http.server, json, os, threading
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
def call(method, path, headers, body=None):
    connection = http.client.HTTPConnection(api)
    connection.request(method, path, body if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, response.headers, response.read().decode()
def answered(text):
    with open("/tmp/answers", "a") as file: file.write(text + "\\n")
name = os.path.basename(__file__)
_, headers, _ = call("POST", "/2020-01-01/extension/register", {"Lambda-Extension-Name": name},
                     {"events": ["INVOKE", "SHUTDOWN"]})
me = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
seen = []
came = threading.Condition()
class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open("/tmp/events", "a") as file:
            for event in events: file.write(json.dumps(event) + "\\n")
        self.send_response(200)
        self.end_headers()
        with came:
            seen.extend(events)
            came.notify_all()
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("sandbox.localdomain", 8080), Listener)
threading.Thread(target=server.serve_forever, daemon=True).start()
def subscribe(changes={}, path=os.environ.get("API", "/2022-07-01/telemetry"), who=me):
    request = {"schemaVersion": os.environ.get("SCHEMA", "2022-12-13"),
               "types": ["platform", "function", "extension"],
               "buffering": {"timeoutMs": int(os.environ.get("TIMEOUT_MS", "25"))},
               "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080/x"}}
    status, _, text = call("PUT", path, {**who, "Content-Type": "application/json"}, {**request, **changes})
    answered(str(status) + " " + text.strip())
if "TRIES" in os.environ:
    subscribe(who={})
    subscribe(who={"Lambda-Extension-Identifier": "6f1d0d0e-3a60-4e6d-9f43-3f2f3c9b6a11"})
    subscribe({"types": ["metrics"]})
    subscribe({"buffering": {"maxItems": 1}})
subscribe()
if "TRIES" in os.environ: subscribe({"schemaVersion": "2020-08-15"}, "/2020-08-15/logs")
def until(holds):
    with came: came.wait_for(lambda: any(holds(event) for event in seen))
while True:
    event = json.loads(call("GET", "/2020-01-01/extension/event/next", me)[2])
    if "LATE" in os.environ: subscribe()
    if event["eventType"] == "SHUTDOWN": break
    if "HOLDS" in os.environ:
        until(lambda told: told["type"] == "platform.runtimeDone"
              and told["record"]["requestId"] == event["requestId"])
        print("extension saw the end", flush=True)
if "AWAITS" in os.environ:
    until(lambda told: told["type"] == os.environ["AWAITS"])
    print("at the end: " + " ".join(
        told["type"] + ":" + (told["record"].get("status", "") if isinstance(told["record"], dict) else "")
        for told in seen), flush=True)
`;

const NODE_LISTENER = `#!/var/lang/bin/node
const http = require('node:http');
const net = require('node:net');
const fs = require('node:fs');
const path = require('node:path');
const call = (method, route, headers, body) => new Promise((resolve, reject) => {
  const outgoing = http.request('http://' + process.env.AWS_LAMBDA_RUNTIME_API + route, { method, headers, agent: false }, (response) => {
    let text = '';
    response.on('data', (piece) => (text += piece));
    response.on('end', () => resolve({ headers: response.headers, text, status: response.statusCode }));
  });
  outgoing.on('error', reject);
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
});
net.createServer((socket) => {
  socket.on('data', (piece) => fs.appendFileSync('/tmp/events', piece));
}).listen(9000, 'sandbox.localdomain', async () => {
  const name = path.basename(process.argv[1]);
  const { headers } = await call('POST', '/2020-01-01/extension/register', { 'Lambda-Extension-Name': name }, { events: ['INVOKE'] });
  const me = { 'Lambda-Extension-Identifier': headers['lambda-extension-identifier'] };
  const { status, text } = await call('PUT', '/2022-07-01/telemetry', me, {
    schemaVersion: '2022-07-01',
    types: ['platform', 'function'],
    buffering: { timeoutMs: 25 },
    destination: { protocol: 'TCP', port: 9000 },
  });
  fs.appendFileSync('/tmp/answers', status + ' ' + text);
  for (;;) await call('GET', '/2020-01-01/extension/event/next', me);
});
`;

interface Told {
  readonly time: string;
  readonly type: string;
  readonly record: Record<string, unknown> & { requestId?: string; spans?: { name: string }[] };
}

interface Read {
  readonly events: string[];
  readonly answers: string;
}

describe('telemetry on the real engine', () => {
  let project: Project;
  let lines: LogLine[];
  afterEach(() => project.stop(), LIMIT_MS);

  async function start(listener: string, settings: ProjectFunction): Promise<void> {
    const files = { ...settings.files, '../layer/extensions/listener': listener };
    project = await startProject(
      { shop: { timeout: 20, ...settings, files, layers: ['layer'] } },
      { spares: 0 },
    );
    lines = [];
    project.orchestrator.follow({}, (line) => void lines.push(line));
  }

  async function invoke(event: unknown): Promise<{ id: string; told: Told[]; answers: string }> {
    const { headers, json } = await project.invoke('shop', event);
    const { events = [], answers = '' } = json as Partial<Read>;
    return {
      id: String(headers['x-amzn-requestid']),
      told: events.filter((text) => text !== '').map((text) => JSON.parse(text) as Told),
      answers,
    };
  }

  const frozen = (): Promise<void> => until(() => project.states('shop').join() === 'frozen');

  it(
    'reaches an extension by HTTP: init from its beginning, the end of the runtime while it is at work, the report after the thaw',
    async () => {
      await start(PYTHON_LISTENER, {
        files: { 'app.py': PYTHON_FUNCTION },
        environment: { HOLDS: 'yes' },
        logging: { format: 'JSON' },
      });
      const { id } = await invoke({ order: 1 });
      await frozen();
      // What it wrote is read beside what it asks for.
      const ofExtension = () => lines.filter(({ source }) => source === 'extension');
      await until(() => ofExtension().length > 0);
      expect(ofExtension().map(({ text }) => text)).toEqual(['extension saw the end']);
      const { told } = await invoke({ order: 2, await: ['"platform.report"'] });
      const types = told.map(({ type }) => type);
      expect(types.slice(0, 2)).toEqual(['platform.initStart', 'platform.telemetrySubscription']);
      const begin = types.indexOf('platform.start');
      expect(types.slice(2, begin).sort()).toEqual([
        'platform.extension',
        'platform.initReport',
        'platform.initRuntimeDone',
      ]);
      const first = told.slice(begin, types.indexOf('platform.report') + 1);
      expect(first.map(({ type }) => type).filter((type) => type !== 'extension')).toEqual([
        'platform.start',
        'function',
        'platform.runtimeDone',
        'platform.report',
      ]);
      const [started, line] = first;
      expect(started?.record).toMatchObject({ requestId: id, version: '$LATEST' });
      // The function logs JSON and the schema has objects.
      expect(line?.record).toMatchObject({ level: 'WARNING', order: 1, requestId: id });
      const done = first.find(({ type }) => type === 'platform.runtimeDone');
      expect(done?.record).toMatchObject({ requestId: id, status: 'success' });
      expect(done?.record.spans?.map(({ name }) => name)).toEqual([
        'responseLatency',
        'responseDuration',
        'runtimeOverhead',
      ]);
      const report = first.at(-1);
      expect(report?.record).toMatchObject({ requestId: id, status: 'success' });
      expect(report?.record.spans?.map(({ name }) => name)).toEqual(['extensionOverhead']);
    },
    LIMIT_MS,
  );

  it(
    'reaches an extension by TCP, one line for each event, lines of the function as text',
    async () => {
      await start(NODE_LISTENER, { files: { 'index.mjs': NODE_FUNCTION } });
      const { id, answers } = await invoke({ order: 1 });
      expect(answers).toBe('200 "OK"');
      await frozen();
      const { told } = await invoke({ order: 2, await: ['"platform.report"', 'order 2'] });
      const mine = told.filter(({ record }) => record.requestId === id).map(({ type }) => type);
      expect(mine).toEqual(['platform.start', 'platform.runtimeDone', 'platform.report']);
      const written = told.filter(({ type }) => type === 'function');
      expect(written.map(({ record }) => String(record).split('\t').at(-1)?.trim())).toEqual([
        'order 1',
        'order 2',
      ]);
      expect(told.every(({ time }) => !Number.isNaN(Date.parse(time)))).toBe(true);
    },
    LIMIT_MS,
  );

  const atTheEnd = (): string[] => {
    const said = lines.find(({ text }) => text.startsWith('at the end: '));
    return said === undefined ? [] : said.text.split(' ').slice(3);
  };

  it(
    'sends everything that waits when the environment ends, before its extensions have to',
    async () => {
      await start(PYTHON_LISTENER, {
        files: { 'app.py': PYTHON_FUNCTION },
        environment: { TIMEOUT_MS: '30000', AWAITS: 'platform.report' },
      });
      await invoke({ order: 1 });
      await frozen();
      await project.orchestrator.close();
      expect(atTheEnd().filter((told) => told !== 'function:')).toEqual([
        'platform.initStart:',
        'platform.telemetrySubscription:',
        ...atTheEnd().slice(2, 5),
        'platform.start:',
        'platform.runtimeDone:success',
        'platform.report:success',
      ]);
    },
    LIMIT_MS,
  );

  it(
    'tells extensions of a timeout while they shut down',
    async () => {
      await start(PYTHON_LISTENER, {
        files: { 'app.py': PYTHON_FUNCTION },
        timeout: 1,
        environment: { TIMEOUT_MS: '30000', AWAITS: 'platform.report' },
      });
      await invoke({ order: 1, await: ['what never comes'] });
      await until(
        () => atTheEnd().length > 0,
        () => lines.map(({ text }) => text),
      );
      expect(atTheEnd().slice(-2)).toEqual([
        'platform.runtimeDone:timeout',
        'platform.report:timeout',
      ]);
    },
    LIMIT_MS,
  );

  it(
    'refuses what the contract refuses, and subscriptions once init is over',
    async () => {
      await start(PYTHON_LISTENER, {
        files: { 'app.py': PYTHON_FUNCTION },
        environment: { TRIES: 'yes', LATE: 'yes' },
      });
      await invoke({ order: 1 });
      await frozen();
      const { answers } = await invoke({ order: 2 });
      const told = answers
        .trimEnd()
        .split('\n')
        .map((line) => {
          const { errorType } = JSON.parse(line.slice(4).replace('"OK"', '{}')) as {
            errorType?: string;
          };
          return `${line.slice(0, 3)} ${errorType ?? 'OK'}`;
        });
      expect(told.slice(0, 7)).toEqual([
        '403 Extension.MissingExtensionIdentifier',
        '403 Extension.UnknownExtensionIdentifier',
        '400 ValidationError',
        '400 ValidationError',
        '200 OK',
        '400 ValidationError',
        '403 Telemetry.SubscriptionClosed',
      ]);
    },
    LIMIT_MS,
  );

  it(
    'speaks the older Logs API as well',
    async () => {
      await start(PYTHON_LISTENER, {
        files: { 'app.py': PYTHON_FUNCTION },
        environment: { API: '/2020-08-15/logs', SCHEMA: '2021-03-18' },
      });
      const { id, answers } = await invoke({ order: 1 });
      expect(answers).toBe('200 "OK"\n');
      await frozen();
      const { told } = await invoke({ order: 2, await: ['"platform.report"'] });
      expect(told[0]).toMatchObject({
        type: 'platform.logsSubscription',
        record: { name: 'listener', state: 'Subscribed' },
      });
      const mine = told.filter(({ record }) => record.requestId === id).map(({ type }) => type);
      expect(mine).toEqual([
        'platform.start',
        'platform.runtimeDone',
        'platform.end',
        'platform.report',
      ]);
    },
    LIMIT_MS,
  );
});
