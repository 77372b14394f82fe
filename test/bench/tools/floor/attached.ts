/** The plain way to show what a container prints: its attach stream, taken apart and written on. */

import Docker from 'dockerode';

const container = new Docker().getContainer(process.argv[2] ?? '');
const stream = await container.attach({ stream: true, stdout: true, stderr: true });
container.modem.demuxStream(stream, process.stdout, process.stderr);
stream.on('end', () => process.exit(0));
process.stderr.write('attached\n');
