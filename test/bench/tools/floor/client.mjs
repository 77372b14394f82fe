// The floor's runtime client for Node.js: node:http, one keep-alive connection, nothing clever.
import http from 'node:http';
import { handler } from '/var/task/index.mjs';

const [hostname, port] = process.env.FLOOR_RELAY.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, method, path, agent }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(pieces) }));
    });
    request.on('error', reject);
    if (body !== undefined) request.setHeader('Content-Length', Buffer.byteLength(body));
    request.end(body);
  });
}

for (;;) {
  const next = await call('GET', '/next');
  const id = next.headers['lambda-runtime-aws-request-id'];
  const result = await handler(JSON.parse(next.body.toString()));
  await call('POST', `/response/${id}`, JSON.stringify(result));
}
