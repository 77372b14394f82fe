/** What Python functions do and what comes of it, by version where versions differ (contract 3.7, 5.2, 6). */

import type { DifferentialCase } from '../../support/differential.js';

export interface PythonCase extends DifferentialCase {
  /** The body of the last post, as text; the same for each version unless it is a function of it. */
  readonly body?: string | RegExp | ((minor: number) => string | RegExp);
  readonly output?: RegExp;
}

type Rest = Partial<Omit<PythonCase, 'name' | 'files'>>;

/** `def handler(event, context):` with this body, after `before`. */
function handler(name: string, body: string, rest: Rest, before = ''): PythonCase {
  const lines = body.split('\n').map((line) => `    ${line}`);
  return module_(name, `${before}\ndef handler(event, context):\n${lines.join('\n')}\n`, rest);
}

function module_(name: string, code: string, rest: Rest): PythonCase {
  return { name, files: { 'app.py': code }, handler: 'app.handler', expects: 'response', ...rest };
}

const result = (
  name: string,
  expression: string,
  body: NonNullable<PythonCase['body']>,
  before = '',
) => handler(`result: ${name}`, `return ${expression}`, { body }, before);

const refused = (name: string, expression: string, text: string, before = '') =>
  handler(
    `result: ${name}`,
    `return ${expression}`,
    {
      expects: 'error',
      body: `{"errorMessage": "Unable to marshal response: ${text}", "errorType": "Runtime.MarshalError", "requestId": "id-0", "stackTrace": []}`,
    },
    before,
  );

/** From 3.12 on characters beyond ASCII are kept. */
const text = (kept: string, escaped: string) => (minor: number) => (minor >= 12 ? kept : escaped);

const initError = (errorType: string, errorMessage: RegExp): Rest => ({
  expects: 'init/error, exit 1',
  body: new RegExp(
    `^\\{"errorMessage": "${errorMessage.source}", "errorType": "${errorType.replace('.', '\\.')}", "requestId": "", "stackTrace": \\[`,
  ),
  output: /\[WARNING\]\t<time with ms>\t\tLAMBDA_WARNING: Unhandled exception\. .*\n\[ERROR\] /,
});

const DECIMAL = 'from decimal import Decimal';
const LOG = 'import logging\nlog = logging.getLogger("shop")';
const JSON_LOGS = { AWS_LAMBDA_LOG_FORMAT: 'JSON' };

const LEVELS = 'for level in (10, 20, 25, 30, 40, 50): log.log(level, "at %d", level)';

export const PYTHON: readonly PythonCase[] = [
  result('None', 'None', 'null'),
  result('numbers', '[1, 1.5, 10**30, -0.0, 1e16]', `[1, 1.5, 1${'0'.repeat(30)}, -0.0, 1e+16]`),
  result('no numbers', '[float("nan"), float("inf"), -float("inf")]', '[NaN, Infinity, -Infinity]'),
  result(
    'a Decimal',
    '{"price": Decimal("1.10"), "all": [Decimal("1E+5"), Decimal("NaN")]}',
    '{"price": 1.10, "all": [1E+5, NaN]}',
    DECIMAL,
  ),
  result(
    'a named tuple',
    'P(1, [P(2, 3)])',
    '{"x": 1, "y": [{"x": 2, "y": 3}]}',
    'from collections import namedtuple\nP = namedtuple("P", "x y")',
  ),
  result('bytes', 'b"as \\xff they are"', 'as \ufffd they are'),
  result('bytes inside', '{"a": b"text", b"key": 1}', '{"a": "text", "key": 1}'),
  result('keys', '{1: "a", None: "b", True: "c", 1.5: "d"}', '{"1": "c", "null": "b", "1.5": "d"}'),
  result('beyond ASCII', '"größer 😀"', text('"größer 😀"', '"gr\\u00f6\\u00dfer \\ud83d\\ude00"')),
  result(
    'DEL and control characters',
    '"\\x7f\\x00\\t"',
    text('"\x7f\\u0000\\t"', '"\\u007f\\u0000\\t"'),
  ),
  result('a tuple', '(1, (2,))', '[1, [2]]'),
  result('an enumeration of numbers', 'A.B', '1', 'import enum\nclass A(enum.IntEnum):\n    B = 1'),
  result('5 MB', '"x" * 5_000_000', /^"x{5000000}"$/),
  refused(
    'a datetime',
    'datetime.datetime(2026, 1, 5)',
    'Object of type datetime is not JSON serializable',
    'import datetime',
  ),
  refused('a set', '{1}', 'Object of type set is not JSON serializable'),
  refused('an object', 'A()', 'Object of type A is not JSON serializable', 'class A: pass'),
  refused('a ring', 'a', 'Circular reference detected', 'a = []\na.append(a)'),
  refused(
    'bytes that are no text',
    '{"a": b"\\xff"}',
    "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
  ),
  refused(
    'a key that cannot be one',
    '{(1, 2): 3}',
    'keys must be str, int, float, bool or None, not tuple',
  ),
  handler('event: beyond ASCII and numbers', 'return [type(v).__name__ for v in event]', {
    events: [{ payload: '["ü", 1, 1.0, 1e400, null, true, {}]' }],
    body: '["str", "int", "float", "float", "NoneType", "bool", "dict"]',
  }),
  handler('event: no JSON', 'return event', {
    expects: 'error',
    events: [{ payload: '{"a":' }],
    body: /^\{"errorMessage": "Unable to unmarshal input: Expecting value: line 1 column 6 \(char 5\)", "errorType": "Runtime\.UnmarshalError"/,
  }),
  handler('event: another content type', 'return [type(event).__name__, len(event)]', {
    events: [{ payload: 'any bytes', headers: { 'Content-Type': 'text/plain' } }],
    body: '["bytes", 9]',
  }),
  module_('handler: a path of packages', '', {
    handler: 'pkg/sub/mod.handler',
    files: { 'pkg/sub/mod.py': 'def handler(event, context): return __name__' },
    body: '"pkg.sub.mod"',
  } as Rest),
  module_('handler: dots', '', {
    handler: 'pkg.sub.mod.handler',
    files: { 'pkg/sub/mod.py': 'def handler(event, context): return __name__' },
    body: '"pkg.sub.mod"',
  } as Rest),
  module_(
    'handler: a class that can be called',
    'class H:\n    def __call__(self, event, context): return "called"\nhandler = H()',
    { body: '"called"' },
  ),
  module_('handler: a lambda with defaults', 'handler = lambda event, context, extra=3: extra', {
    body: '3',
  }),
  module_(
    'init: a syntax error',
    'def handler(event, context)\n    return 1\n',
    initError('Runtime.UserCodeSyntaxError', /Syntax error in module 'app': .*\(app\.py, line 1\)/),
  ),
  module_(
    'init: a missing module',
    'import nowhere',
    initError(
      'Runtime.ImportModuleError',
      /Unable to import module 'app': No module named 'nowhere'/,
    ),
  ),
  module_(
    'init: a missing name in a module',
    'from os import nowhere',
    initError(
      'Runtime.ImportModuleError',
      /Unable to import module 'app': cannot import name 'nowhere' from 'os' .*/,
    ),
  ),
  module_(
    'init: no such function',
    'x = 1',
    initError('Runtime.HandlerNotFound', /Handler 'handler' missing on module 'app'/),
  ),
  module_(
    'init: an error of its own',
    'raise KeyError("größer")',
    initError('KeyError', /'gr(ö|\\u00f6)(ß|\\u00df)er'/),
  ),
  module_('init: sys.exit', 'import sys\nsys.exit(3)', { expects: 'exit 3', waitsForExit: true }),
  module_('init: os._exit', 'import os\nos._exit(4)', { expects: 'exit 4', waitsForExit: true }),
  handler(
    'error: with a cause',
    'try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError("größer") from error',
    {
      expects: 'error',
      body: text(
        '{"errorMessage": "größer", "errorType": "ValueError", "requestId": "id-0", "stackTrace": ["  File \\"$ROOT/app.py\\", line 6, in handler\\n    raise ValueError(\\"größer\\") from error\\n"]}',
        '{"errorMessage": "gr\\u00f6\\u00dfer", "errorType": "ValueError", "requestId": "id-0", "stackTrace": ["  File \\"$ROOT/app.py\\", line 6, in handler\\n    raise ValueError(\\"gr\\u00f6\\u00dfer\\") from error\\n"]}',
      ),
      output:
        /^\[ERROR\] ValueError: größer\rTraceback \(most recent call last\):\r\u00a0\u00a0File ".*\/app\.py", line 6, in handler\r\u00a0{4}raise ValueError\("größer"\) from error\n$/,
    },
  ),
  handler('error: without a message', 'raise RuntimeError()', {
    expects: 'error',
    body: /^\{"errorMessage": "", "errorType": "RuntimeError", "requestId": "id-0"/,
    output: /^\[ERROR\] RuntimeError\rTraceback/,
  }),
  handler('error: the cause for X-Ray', 'raise LookupError("lost")', {
    expects: 'error',
    body: /"errorType": "LookupError"/,
  }),
  handler('exit: sys.exit', 'import sys; sys.exit(7)', { expects: 'exit 7', waitsForExit: true }),
  handler('exit: sys.exit with a text', 'import sys; sys.exit("gone")', {
    expects: 'exit 1',
    waitsForExit: true,
    output: /gone\n$/,
  }),
  handler('exit: os._exit', 'import os; print("last words"); os._exit(9)', {
    expects: 'exit 9',
    waitsForExit: true,
    output: /^last words\n$/,
  }),
  handler('exit: a signal', 'import os; os.kill(os.getpid(), 11)', {
    expects: 'signal SIGSEGV',
    waitsForExit: true,
  }),
  handler(
    'threads: one that goes on',
    'import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\nreturn threading.active_count()',
    {
      expects: 'response, response',
      events: [1, 2],
      body: '3',
    },
  ),
  handler(
    'threads: one that raises',
    'import threading\nt = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()\nreturn "went on"',
    {
      body: '"went on"',
      output: /Exception in thread Thread-1[\s\S]*ZeroDivisionError/,
    },
  ),
  handler(
    'signals: a handler of SIGTERM',
    'import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nreturn seen',
    { body: '["SIGTERM"]' },
    'import signal\nseen = []\nsignal.signal(signal.SIGTERM, lambda number, frame: seen.append(signal.Signals(number).name))',
  ),
  handler(
    'signals: SIGTERM while it waits for the next event',
    'threading.Thread(target=kill_when_waiting, daemon=True).start()\nreturn 1',
    { expects: 'response, exit 0', waitsForExit: true, body: '1', output: /^clearing up\n$/ },
    `
import os, signal, sys, threading

def end(number, frame):
    print("clearing up")
    sys.exit(0)

def kill_when_waiting():
    main = threading.main_thread().ident
    while sys._current_frames()[main].f_code.co_name != "_more":
        pass
    os.kill(os.getpid(), signal.SIGTERM)

signal.signal(signal.SIGTERM, end)`,
  ),
  handler(
    'print: lines',
    'print("one\\ntwo", "größer 😀", end="")\nimport sys; print("err", file=sys.stderr)',
    { body: 'null', output: /^one\ntwo größer 😀err\n$/ },
  ),
  handler(
    'text: levels',
    `log.setLevel(10)\n${LEVELS}`,
    {
      body: 'null',
      output:
        /^\[DEBUG\]\t<time with ms>\tid-0\tat 10\n\[INFO\]\t<time with ms>\tid-0\tat 20\n\[Level 25\]\t.*\tat 25\n\[WARNING\]\t.*\tat 30\n\[ERROR\]\t.*\tat 40\n\[CRITICAL\]\t.*\tat 50\n$/,
    },
    LOG,
  ),
  handler(
    'text: WARNING unless told otherwise',
    LEVELS,
    { body: 'null', output: /^\[WARNING\]\t.*\n\[ERROR\]\t.*\n\[CRITICAL\]\t.*\n$/ },
    LOG,
  ),
  handler(
    'text: a level from the configuration',
    LEVELS,
    {
      body: 'null',
      environment: { AWS_LAMBDA_LOG_LEVEL: 'ERROR' },
      output: /^\[ERROR\]\t.*\n\[CRITICAL\]\t.*\n$/,
    },
    LOG,
  ),
  handler(
    'text: an exception',
    'try:\n    1 / 0\nexcept ZeroDivisionError:\n    log.exception("caught")',
    {
      body: 'null',
      output: /^\[ERROR\]\t<time with ms>\tid-0\tcaught\nTraceback \(most recent call last\):\n/,
    },
    LOG,
  ),
  handler(
    'text: basicConfig does nothing',
    'logging.basicConfig(level=logging.DEBUG, format="mine")\nlog.debug("unseen")\nlog.warning("seen")',
    { body: 'null', output: /^\[WARNING\]\t.*\tseen\n$/ },
    LOG,
  ),
  handler(
    'JSON: levels',
    LEVELS,
    {
      body: 'null',
      environment: { ...JSON_LOGS, AWS_LAMBDA_LOG_LEVEL: 'INFO' },
      output:
        /^\{"timestamp": "<time>", "level": "INFO", "message": "at 20", "logger": "shop", "requestId": "id-0"\}\n.*"level": "INFO", "message": "at 25".*\n.*"level": "WARNING".*\n.*"level": "ERROR".*\n.*"level": "CRITICAL".*\n$/,
    },
    LOG,
  ),
  handler(
    'JSON: TRACE is DEBUG',
    LEVELS,
    {
      body: 'null',
      environment: { ...JSON_LOGS, AWS_LAMBDA_LOG_LEVEL: 'TRACE' },
      output: /^\{"timestamp": "<time>", "level": "DEBUG", "message": "at 10"/,
    },
    LOG,
  ),
  handler(
    'JSON: extra, a tenant and lines',
    'log.warning("one\\ntwo ü", extra={"order": {"id": 7}, "none": None})',
    {
      body: 'null',
      environment: JSON_LOGS,
      events: [{ payload: '{}', headers: { 'Lambda-Runtime-Aws-Tenant-Id': 'tenant-1' } }],
      output:
        /^\{"timestamp": "<time>", "level": "WARNING", "message": "one\\ntwo ü", "logger": "shop", "requestId": "id-0", "tenantId": "tenant-1", "order": \{"id": 7\}\}\n$/,
    },
    LOG,
  ),
  handler(
    'JSON: an exception',
    'try:\n    1 / 0\nexcept ZeroDivisionError:\n    log.exception("caught")',
    {
      body: 'null',
      environment: JSON_LOGS,
      output:
        /^\{"timestamp": "<time>", "level": "ERROR", "message": "caught", "logger": "shop", "stackTrace": \["  File .*"\], "errorType": "ZeroDivisionError", "errorMessage": "division by zero", "requestId": "id-0", "location": ".*\/app\.py:handler:7"\}\n$/,
    },
    LOG,
  ),
  handler('JSON: an error nobody catches', 'raise ValueError("größer")', {
    expects: 'error',
    environment: JSON_LOGS,
    output:
      /^\{"timestamp": "<time>", "log_level": "ERROR", "errorMessage": "gr.*er", "errorType": "ValueError", "requestId": "id-0", "stackTrace": \[.*\]\}\n$/,
  }),
  handler(
    'context: what it holds',
    'return [context.function_name, context.memory_limit_in_mb, context.identity.cognito_identity_id, context.client_context, context.tenant_id, 20_000 < context.get_remaining_time_in_millis() <= 30_000, __import__("os").environ["_X_AMZN_TRACE_ID"]]',
    {
      body: '["f", "128", null, null, null, true, "Root=1-2-3"]',
    },
  ),
  handler(
    'context: a client context',
    'c = context.client_context\nreturn [c.custom, c.env, c.client.app_title, c.client.installation_id]',
    {
      events: [
        {
          payload: '{}',
          headers: {
            'Lambda-Runtime-Client-Context':
              '{"custom":{"a":1},"env":{"b":"2"},"client":{"app_title":"t"}}',
          },
        },
      ],
      body: '[{"a": 1}, {"b": "2"}, "t", null]',
    },
  ),
];
