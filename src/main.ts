/** Process entry: arguments in, exit code out. */

import { processHost, runToExit } from './cli/process-host.js';
import { packageVersion } from './version.js';

// Which Node.js we run on is nothing that users of a project can see to. Functions do not have it.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const host = processHost(process.env);

void runToExit(host, async () => {
  const version = packageVersion();
  // The parser takes longer to load than anything else; scripts ask for the version often.
  if (host.argv.length === 1 && host.argv[0] === '--version') {
    host.stdout.write(`${version}\n`);
    return 0;
  }
  const [{ runProgram }, { realParts }] = await Promise.all([
    import('./cli/run.js'),
    import('./cli/real-parts.js'),
  ]);
  return runProgram(host, { version, parts: realParts });
});
