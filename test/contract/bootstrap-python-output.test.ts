import { describe, expect, it } from '@jest/globals';
import { BOOTSTRAP_LIMIT_MS as LIMIT_MS, runPython as run } from '../support/bootstrap-run.js';

describe('the Python bootstrap writes', () => {
  it(
    'logging records in Lambda’s form, print as it is',
    async () => {
      const { output } = await run(
        'import logging\nlogging.basicConfig(level=logging.DEBUG)\ndef handler(e, c):\n    logging.warning("hi %s", 1)\n    logging.info("no")\n    print("plain")',
      );
      expect(output).toMatch(
        /^\[WARNING\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\tid-0\thi 1\nplain\n$/,
      );
    },
    LIMIT_MS,
  );

  it(
    'JSON records when asked',
    async () => {
      const { output } = await run(
        'import logging\ndef handler(e, c): logging.getLogger("mine").info("hi", extra={"a": 1})',
        { environment: { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' } },
      );
      expect(JSON.parse(output)).toEqual({
        timestamp: expect.any(String),
        level: 'INFO',
        message: 'hi',
        logger: 'mine',
        requestId: 'id-0',
        a: 1,
      });
    },
    LIMIT_MS,
  );

  it(
    'markers behind init and behind each event, and hides the variable',
    async () => {
      const { output, bodies } = await run(
        'import os, sys\nprint("a")\ndef handler(e, c):\n    sys.stderr.write("b")\n    print("c", end="")\n    return os.environ.get("_ORCHESTRATOR_LOG_MARKER")',
        { environment: { _ORCHESTRATOR_LOG_MARKER: 'token' } },
      );
      expect(output).toBe('a\n\x1etoken init\nc\x1etoken id-0\n');
      expect(bodies).toEqual([null]);
    },
    LIMIT_MS,
  );

  it(
    'both outputs in the order they were written, half lines too',
    async () => {
      const { output } = await run(
        'import sys, os\ndef handler(e, c):\n    print("a", end="")\n    sys.stderr.write("b")\n    os.system("printf c")\n    print("d")',
        { joinsOutputs: true },
      );
      expect(output).toBe('abcd\n');
    },
    LIMIT_MS,
  );

  it(
    'more than the pipe holds, all of it before the marker',
    async () => {
      const { output } = await run(
        'import sys\ndef handler(e, c):\n    print("x" * 1000000)\n    sys.stderr.write("y" * 500000)',
        { joinsOutputs: true, environment: { _ORCHESTRATOR_LOG_MARKER: 'token' } },
      );
      expect(output.length).toBe('\x1etoken init\n'.length + 1_500_001 + '\x1etoken id-0\n'.length);
      expect(output.endsWith('y\x1etoken id-0\n')).toBe(true);
    },
    LIMIT_MS,
  );

  it.each([
    ['replaced', 'sys.stdout = None'],
    ['replaced by something that cannot flush', 'sys.stdout = object()'],
    ['closed', 'sys.stdout.close()'],
    ['closed underneath', 'os.close(1)'],
  ])(
    'markers when the function has its output %s',
    async (_what, code) => {
      const { output, bodies } = await run(
        `import os, sys\ndef handler(e, c):\n    ${code}\n    if e["n"] == 2: raise ValueError()\n    return 7`,
        {
          joinsOutputs: true,
          environment: { _ORCHESTRATOR_LOG_MARKER: 'token' },
          events: [{ n: 1 }],
        },
      );
      expect(bodies).toEqual([7]);
      expect(output).toContain('\x1etoken id-0\n');
    },
    LIMIT_MS,
  );

  it.each([
    [
      'a failure without a message',
      'raise ValueError()',
      /^\[ERROR\] ValueError\rTraceback \(most recent call last\):\r/m,
    ],
    [
      'a failure of the runtime’s, which has no frames',
      'return {1}',
      /^\[ERROR\] Runtime\.MarshalError: Unable to marshal response: Object of type set is not JSON serializable\rTraceback \(most recent call last\):\n/m,
    ],
    [
      'a record with a traceback, ended by a newline',
      'import logging\n    try: 1 / 0\n    except ZeroDivisionError: logging.exception("no")\n    print("next")',
      /\tno\nTraceback \(most recent call last\):\n[^]*\nZeroDivisionError: division by zero\nnext\n$/,
    ],
  ])(
    '%s',
    async (_what, code, expected) => {
      const { output } = await run(`def handler(e, c):\n    ${code}`);
      expect(output).toMatch(expected);
    },
    LIMIT_MS,
  );

  it(
    'text records from the level that is set',
    async () => {
      const { output } = await run('import logging\ndef handler(e, c): logging.debug("hi")', {
        environment: { AWS_LAMBDA_LOG_LEVEL: 'TRACE' },
      });
      expect(output).toMatch(/^\[DEBUG\]\t.*\thi\n$/);
    },
    LIMIT_MS,
  );

  it(
    'JSON records with their fields in Lambda’s order, own levels rounded, fields kept from extras',
    async () => {
      const { output } = await run(
        `
import logging
logging.warning("init")
def handler(e, c):
    try: 1 / 0
    except ZeroDivisionError: logging.log(45, "ü", exc_info=True, extra={"level": "mine", "a": "b"})
`,
        {
          environment: { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' },
          events: [{ payload: '{}', headers: { 'Lambda-Runtime-Aws-Tenant-Id': 'blue' } }],
        },
      );
      const [init = '', line = ''] = output.split('\n');
      expect(JSON.parse(init)).toMatchObject({ message: 'init', requestId: '' });
      const record = JSON.parse(line) as Record<string, unknown>;
      expect(Object.keys(record)).toEqual([
        'timestamp',
        'level',
        'message',
        'logger',
        'stackTrace',
        'errorType',
        'errorMessage',
        'requestId',
        'location',
        'tenantId',
        'a',
      ]);
      expect(record).toMatchObject({
        level: 'ERROR',
        message: 'ü',
        errorType: 'ZeroDivisionError',
        tenantId: 'blue',
        location: expect.stringMatching(/app\.py:handler:6$/),
      });
    },
    LIMIT_MS,
  );

  it(
    'a failure as one JSON object when asked',
    async () => {
      const { output } = await run('def handler(e, c): raise ValueError("no")', {
        environment: { AWS_LAMBDA_LOG_FORMAT: 'JSON' },
      });
      expect(Object.keys(JSON.parse(output) as object)).toEqual([
        'timestamp',
        'log_level',
        'errorMessage',
        'errorType',
        'requestId',
        'stackTrace',
      ]);
    },
    LIMIT_MS,
  );
});
