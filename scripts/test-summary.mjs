// Reads jest's result files and prints one line per suite, then `N passed, N failed` over all.
// A suite without a result file, without tests, or that ended badly counts as a failure.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const [folder, ...suites] = process.argv.slice(2);
let passed = 0;
let failed = 0;
const details = [];

for (const suite of suites) {
  const outcome = read(suite);
  passed += outcome.passed;
  failed += outcome.failed;
  const skipped = outcome.skipped > 0 ? `, ${outcome.skipped} skipped` : '';
  const note = outcome.note === undefined ? '' : `   ${outcome.note}`;
  details.push(
    `${suite.padEnd(14)} ${String(outcome.passed).padStart(5)} passed, ${outcome.failed} failed${skipped}${note}`,
  );
  // What a suite has to say besides its counts.
  for (const file of readdirSync(folder)) {
    if (!file.startsWith(`${suite}.`) || !file.endsWith('.note')) continue;
    details.push(`  ${readFileSync(join(folder, file), 'utf8').trim()}`);
  }
}

function read(suite) {
  const file = join(folder, `${suite}.json`);
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0, note: 'did not finish' };
  let result;
  try {
    result = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, note: 'left an unreadable result' };
  }
  for (const { name, status, message, assertionResults } of result.testResults) {
    if (status !== 'failed') continue;
    for (const test of assertionResults.filter((assertion) => assertion.status === 'failed')) {
      details.push(`  failed: ${relative(process.cwd(), name)}: ${test.fullName}`);
    }
    if (!assertionResults.some((assertion) => assertion.status === 'failed')) {
      details.push(`  failed: ${relative(process.cwd(), name)}: ${message.trim().split('\n')[0]}`);
    }
  }
  const outcome = {
    passed: result.numPassedTests,
    // A file that could not be loaded ran no test, and is a failure all the same.
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    skipped: result.numPendingTests + result.numTodoTests,
  };
  if (outcome.failed > 0) return outcome;
  if (outcome.passed === 0) return { ...outcome, failed: 1, note: 'ran no test' };
  const status = join(folder, `${suite}.status`);
  if (!result.success || existsSync(status))
    return { ...outcome, failed: 1, note: 'jest ended with an error' };
  return outcome;
}

console.log(`\n${details.join('\n')}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && suites.length > 0 ? 0 : 1;
