// Does a container engine answer where clients look for it (DOCKER_HOST or the default socket)?
// Exit status: 0 yes, 2 there is one and this user may not use it, 1 no. Needs no installed package.
import { request } from 'node:http';
import { connect } from 'node:net';

const TIMEOUT_MS = 3000;
const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';

function finish(code) {
  process.exit(code);
}

function failed(error) {
  finish(error.code === 'EACCES' || error.code === 'EPERM' ? 2 : 1);
}

if (host.startsWith('unix://')) {
  request(
    { socketPath: host.slice('unix://'.length), path: '/_ping', timeout: TIMEOUT_MS },
    (response) => finish(response.statusCode === 200 ? 0 : 1),
  )
    .on('timeout', () => finish(1))
    .on('error', failed)
    .end();
} else {
  // With TLS or SSH the handshake is the client's affair; that something listens is enough here.
  const { hostname, port, protocol } = new URL(host);
  connect({
    host: hostname,
    port: Number(port || (protocol === 'ssh:' ? 22 : 2375)),
    timeout: TIMEOUT_MS,
  })
    .on('connect', () => finish(0))
    .on('timeout', () => finish(1))
    .on('error', failed);
}
