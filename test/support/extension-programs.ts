/** Functions and extensions for tests, as the texts of their files. */

export const NODE_FUNCTION = `
import fs from 'node:fs';
let count = 0;
process.on('SIGTERM', () => { console.log('runtime got SIGTERM'); process.exit(0); });
export const handler = async (event) => {
  count += 1;
  if (event.sleepMs) await new Promise((resolve) => setTimeout(resolve, event.sleepMs));
  if (event.write) fs.writeFileSync('/tmp/' + event.write, '');
  if (event.exit !== undefined) process.exit(event.exit);
  return { count, files: fs.readdirSync('/tmp').sort() };
};
`;

export const PYTHON_FUNCTION = `
import json, os, signal, sys
def ended(*_):
    print("runtime got SIGTERM")
    sys.exit(0)
signal.signal(signal.SIGTERM, ended)
def handler(event, context):
    with open("/tmp/environment") as file: extension = json.load(file)
    return {"runtime": dict(os.environ), "extension": extension}
`;

/** Registers and asks for events; \`act\` is the body of what it does with one. */
export const nodeExtension = (events: string, act: string): string => `#!/var/lang/bin/node
const http = require('node:http');
const fs = require('node:fs');
const path = require('node:path');
const name = path.basename(process.argv[1]);
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2020-01-01/extension/';
const call = (method, route, headers, body) => new Promise((resolve, reject) => {
  const outgoing = http.request(base + route, { method, headers, agent: false }, (response) => {
    let text = '';
    response.on('data', (piece) => (text += piece));
    response.on('end', () => resolve({ headers: response.headers, text, status: response.statusCode }));
  });
  outgoing.on('error', reject);
  outgoing.end(body);
});
const seen = (file) => new Promise((resolve) => {
  const look = () => fs.existsSync(file) ? resolve() : setTimeout(look, 5);
  look();
});
(async () => {
  console.log(name + ' starts');
  const registered = await call('POST', 'register', { 'Lambda-Extension-Name': name }, JSON.stringify({ events: ${events} }));
  const id = { 'Lambda-Extension-Identifier': registered.headers['lambda-extension-identifier'] };
  for (;;) {
    const event = JSON.parse((await call('GET', 'event/next', id)).text);
    console.log(name + ' got ' + event.eventType + ' ' + (event.shutdownReason || event.requestId));
    ${act}
    if (event.eventType === 'SHUTDOWN') process.exit(0);
  }
})();
`;

export const PYTHON_EXTENSION = `#!/var/lang/bin/python3
import json, os, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2020-01-01/extension/"
def call(method, route, headers, body=None):
    request = urllib.request.Request(base + route, data=body, headers=headers, method=method)
    with urllib.request.urlopen(request) as response:
        return response.headers, response.read()
headers, text = call("POST", "register", {"Lambda-Extension-Name": os.path.basename(__file__)},
                     json.dumps({"events": ["INVOKE", "SHUTDOWN"]}).encode())
print("registered", text.decode(), flush=True)
with open("/tmp/environment", "w") as file: json.dump(dict(os.environ), file)
me = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
while True:
    event = json.loads(call("GET", "event/next", me)[1])
    print("got", event["eventType"], event.get("shutdownReason", ""), flush=True)
    if event["eventType"] == "SHUTDOWN": break
`;

/** Registers from within the runtime's own process. */
export const NODE_INTERNAL = `
import http from 'node:http';
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2020-01-01/extension/';
const call = (method, route, headers, body) => new Promise((resolve, reject) => {
  const outgoing = http.request(base + route, { method, headers, agent: false }, (response) => {
    let text = '';
    response.on('data', (piece) => (text += piece));
    response.on('end', () => resolve({ headers: response.headers, text }));
  });
  outgoing.on('error', reject);
  outgoing.end(body);
});
const events = [];
const { headers } = await call('POST', 'register', { 'Lambda-Extension-Name': 'inside' }, '{"events":["INVOKE"]}');
const id = { 'Lambda-Extension-Identifier': headers['lambda-extension-identifier'] };
(async () => {
  for (;;) events.push(JSON.parse((await call('GET', 'event/next', id)).text).requestId);
})().catch(() => undefined);
process.on('SIGTERM', () => { console.log('runtime got SIGTERM'); process.exit(0); });
export const handler = async () => events;
`;

export const PYTHON_INTERNAL = `
import json, os, signal, sys, threading, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2020-01-01/extension/"
def call(method, route, headers, body=None):
    request = urllib.request.Request(base + route, data=body, headers=headers, method=method)
    with urllib.request.urlopen(request) as response:
        return response.headers, response.read()
headers, _ = call("POST", "register", {"Lambda-Extension-Name": "inside"}, b'{"events":["INVOKE"]}')
me = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
events = []
def listen():
    while True: events.append(json.loads(call("GET", "event/next", me)[1])["requestId"])
threading.Thread(target=listen, daemon=True).start()
def ended(*_):
    print("runtime got SIGTERM")
    sys.exit(0)
signal.signal(signal.SIGTERM, ended)
def handler(event, context): return events
`;

export const FAILS_AT_INIT = nodeExtension(
  "[] }));\n  await call('POST', 'init/error', { 'Lambda-Extension-Identifier': registered.headers['lambda-extension-identifier'], 'Lambda-Extension-Function-Error-Type': 'Extension.Broken' });\n  process.exit(1);\n  void (JSON.stringify({ events: []",
  '',
);
