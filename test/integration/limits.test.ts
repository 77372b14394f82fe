import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProject, type Project } from '../support/project.js';

const LIMIT_MS = 60_000;

/** Runs the text of an event as Python in the function and returns what it leaves in `result`. */
const RUNS = `
import os, socket, subprocess, errno, threading, time
kept = {}
def handler(event, context):
    scope = {"os": os, "socket": socket, "subprocess": subprocess, "errno": errno, "time": time, "kept": kept, "result": None}
    exec(event["code"], scope)
    return scope["result"]
`;

describe('the limits of an environment', () => {
  let project: Project;
  const runs = async (code: string, name = 'runs'): Promise<unknown> =>
    (await project.invoke(name, { code })).json;

  beforeAll(async () => {
    const files = { 'app.py': RUNS };
    project = await startProject(
      {
        runs: { files, timeout: 120 },
        other: { files, timeout: 60 },
        large: { files, timeout: 60, memory: 884 },
      },
      { spares: 0, freezeAfter: 'never' },
    );
  }, LIMIT_MS);
  afterAll(() => project.stop(), LIMIT_MS);

  it(
    'hold 400 MB in a 512 MB /tmp of a 128 MB function, and no more than its size',
    async () => {
      const code = (megabytes: number): string => `
block = b"x" * (1 << 20)
try:
    with open("/tmp/large", "wb") as f:
        for _ in range(${megabytes}): f.write(block)
        f.flush(); os.fsync(f.fileno())
    result = os.path.getsize("/tmp/large") >> 20
except OSError as e:
    result = errno.errorcode[e.errno]
os.unlink("/tmp/large")
`;
      expect(await runs(code(400))).toBe(400);
      expect(await runs(code(600))).toBe('ENOSPC');
    },
    LIMIT_MS,
  );

  it(
    'kill what takes more memory than it has, swap or not',
    async () => {
      const answer = await runs('x = bytearray(200 << 20)\nresult = len(x)');
      expect(answer).toMatchObject({ errorType: 'Runtime.ExitError' });
    },
    LIMIT_MS,
  );

  it(
    'do not count file cache as memory used',
    async () => {
      const answer = await project.invoke(
        'runs',
        {
          code: `
block = b"x" * (1 << 20)
with open("/tmp/file", "wb") as f:
    for _ in range(300): f.write(block)
n = 0
with open("/tmp/file", "rb") as f:
    while True:
        d = f.read(1 << 20)
        if not d: break
        n += len(d)
os.unlink("/tmp/file")
result = n >> 20`,
        },
        { tail: true },
      );
      expect(answer.json).toBe(300);
      const used = Number(/Max Memory Used: (\d+) MB/.exec(answer.tail)?.[1]);
      expect(used).toBeGreaterThan(2);
      expect(used).toBeLessThan(64);
    },
    LIMIT_MS,
  );

  it(
    'report memory that was used and given back',
    async () => {
      const answer = await project.invoke(
        'large',
        { code: 'x = bytearray(200 << 20)\nresult = len(x)\ndel x' },
        { tail: true },
      );
      const used = Number(/Max Memory Used: (\d+) MB/.exec(answer.tail)?.[1]);
      expect(used).toBeGreaterThanOrEqual(200);
      expect(used).toBeLessThan(300);
    },
    LIMIT_MS,
  );

  it(
    'give half a processor to 884 MB',
    async () => {
      const share = (await runs(
        `
import time
until = time.monotonic() + 2
while time.monotonic() < until: pass
result = time.process_time()
`,
        'large',
      )) as number;
      // Processor seconds over two seconds of wanting them all; init was not limited.
      expect(share).toBeLessThan(1.6);
    },
    LIMIT_MS,
  );

  it(
    'stop a fork bomb',
    async () => {
      const forked = await runs(
        `
pids = []
try:
    while len(pids) < 5000:
        pid = os.fork()
        if pid == 0:
            time.sleep(60); os._exit(0)
        pids.append(pid)
    result = "no limit"
except OSError as e:
    result = [errno.errorcode[e.errno], len(pids) <= 1024]
for pid in pids: os.kill(pid, 9)
for pid in pids: os.waitpid(pid, 0)
`,
        'large',
      );
      expect(forked).toEqual(['EAGAIN', true]);
    },
    LIMIT_MS,
  );

  it(
    'allow 1,024 open files',
    async () => {
      const opened = await runs(`
files = []
try:
    while True: files.append(os.open("/dev/null", os.O_RDONLY))
except OSError as e:
    result = [errno.errorcode[e.errno], 900 < len(files) <= 1024]
for f in files: os.close(f)
`);
      expect(opened).toEqual(['EMFILE', true]);
    },
    LIMIT_MS,
  );

  it.each(['/var/task/x', '/opt/x', '/var/runtime/x', '/etc/x', '/x'])(
    'refuse to write %s',
    async (path) => {
      const written = await runs(`
try:
    open("${path}", "w"); result = "written"
except OSError as e:
    result = errno.errorcode[e.errno]
`);
      expect(['EROFS', 'EACCES', 'ENOENT']).toContain(written);
    },
    LIMIT_MS,
  );

  it(
    'run as an unprivileged user without capabilities and with filtered system calls',
    async () => {
      const facts = (await runs(`
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
result = {"uid": os.getuid(), "caps": status["CapEff"].strip(), "bounding": status["CapBnd"].strip(), "nnp": status["NoNewPrivs"].strip(), "seccomp": status["Seccomp"].strip(), "unshare": subprocess.run(["unshare", "-U", "true"], capture_output=True).returncode != 0}
`)) as Record<string, unknown>;
      expect(facts).toEqual({
        uid: 993,
        caps: '0000000000000000',
        bounding: '0000000000000000',
        nnp: '1',
        seccomp: '2',
        unshare: true,
      });
    },
    LIMIT_MS,
  );

  it(
    'let no traffic through from one environment to another',
    async () => {
      const address = await runs(`
s = socket.socket(); s.bind(("0.0.0.0", 7777)); s.listen(1); kept["s"] = s
result = socket.gethostbyname(socket.gethostname())
`);
      const reached = await runs(
        `
s = socket.socket(); s.settimeout(2)
try:
    s.connect(("${String(address)}", 7777)); result = "reached"
except OSError as e:
    result = "refused"
`,
        'other',
      );
      expect(reached).toBe('refused');
      const own = await runs(`
s = socket.socket(); s.settimeout(2); s.connect(("${String(address)}", 7777)); result = "reached"
`);
      expect(own).toBe('reached');
    },
    LIMIT_MS,
  );

  it(
    'keep the Runtime API of others closed to whoever guesses',
    async () => {
      const statuses = await runs(`
import http.client
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
address = socket.gethostbyname(host)
result = []
for name in ["0" * 32 + ".runtime", "localhost", address, "x" + host]:
    for method, path in [("GET", "/2018-06-01/runtime/invocation/next"), ("POST", "/2018-06-01/runtime/init/error")]:
        c = http.client.HTTPConnection(address, int(port), timeout=5)
        c.request(method, path, body=b"{}" if method == "POST" else None, headers={"Host": name + ":" + port})
        result.append(c.getresponse().status)
`);
      expect(statuses).toEqual([403, 403, 403, 403, 403, 403, 403, 403]);
    },
    LIMIT_MS,
  );
});
