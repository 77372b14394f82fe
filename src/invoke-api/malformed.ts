/** What is answered to bytes that are no request, or not all of one. */

import type { Duplex } from 'node:stream';

/** What could not be read, or did not arrive in time; codes are those of Node's parser. */
export function refuseMalformed(
  error: { readonly code?: string | undefined },
  socket: Duplex,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, text] = malformedStatus(error.code);
  const body = JSON.stringify({ Type: 'User', message: text });
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    'x-amzn-ErrorType: BadRequestException',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  // The other side may never stop sending.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function malformedStatus(code: string | undefined): readonly [string, string] {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return ['431 Request Header Fields Too Large', 'The headers are too large.'];
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return ['408 Request Timeout', 'The request did not arrive in time.'];
  }
  return ['400 Bad Request', 'The request is not valid HTTP.'];
}
