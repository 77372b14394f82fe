// The runtime of the bare relay: one socket, one write for an answer and the next poll.
import net from 'node:net';
import { handler } from '/var/task/index.mjs';

const NEXT = 'GET /next HTTP/1.1\r\n\r\n';
const socket = net.connect('/relay/socket');
socket.write(NEXT);
socket.on('data', async (chunk) => {
  const start = chunk.indexOf('\r\n\r\n') + 4;
  const result = JSON.stringify(await handler(JSON.parse(chunk.utf8Slice(start))));
  socket.write(
    `POST /response/1 HTTP/1.1\r\nContent-Length: ${result.length}\r\n\r\n${result}${NEXT}`,
    'latin1',
  );
});
