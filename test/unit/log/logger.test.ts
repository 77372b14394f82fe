import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { openLogger, type LoggerOptions } from '../../../src/log/logger.js';

function written(
  options: Partial<LoggerOptions>,
  write: (logger: ReturnType<typeof openLogger>) => void,
): string[] {
  const output = new PassThrough();
  write(openLogger({ level: 'info', json: false, color: false, output, ...options }));
  return String(output.read() ?? '')
    .split('\n')
    .slice(0, -1);
}

describe('the logger', () => {
  it('writes one line for people, without what is below its level', () => {
    const lines = written({}, (logger) => {
      logger.debug('unseen');
      logger.warn('engine is slow', { tookMs: 12, image: 'base' });
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[\d:.]{12} warn {2}engine is slow tookMs=12 image=base$/);
  });

  it('writes one JSON object a line when asked', () => {
    const [text] = written({ json: true }, (logger) => logger.error('failed', { code: 'x' }));
    expect(JSON.parse(text ?? '')).toMatchObject({
      level: 'error',
      message: 'failed',
      fields: { code: 'x' },
    });
  });

  it('puts the fields of every ancestor on the lines of a child', () => {
    const [line] = written({}, (logger) =>
      logger.child({ run: 'r' }).child({ env: 'e' }).info('hello', { env: 'own' }),
    );
    expect(line).toMatch(/ hello run=r env=own$/);
  });

  it('shows errors, cycles and fields named like its own', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const lines = written({}, (logger) =>
      logger.info('hello', { error: new Error('broken'), cycle, message: 'mine', level: 'mine' }),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      / info {2}hello error=broken cycle=.*Circular.* message=mine level=mine$/,
    );
  });

  it('colours only where it is told to', () => {
    const [plain] = written({ color: false }, (logger) => logger.warn('x'));
    const [painted] = written({ color: true }, (logger) => logger.warn('x'));
    expect(plain).not.toContain('\x1b[');
    expect(painted).toContain('\x1b[33m');
  });
});
