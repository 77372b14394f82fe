import { describe, expect, it } from '@jest/globals';
import { StateFailed } from '../../../src/step-functions/interpreter/failure.js';
import type { Json } from '../../../src/step-functions/interpreter/json.js';
import { graphOf, type Graph } from '../../../src/step-functions/picture/graph.js';
import { mermaid } from '../../../src/step-functions/picture/mermaid.js';
import { svg } from '../../../src/step-functions/picture/svg.js';
import { FUNCTION, MachineRun } from '../../support/state-machine-run.js';

const MACHINE = {
  StartAt: 'Check',
  States: {
    Check: {
      Type: 'Task',
      Resource: FUNCTION,
      Catch: [{ ErrorEquals: ['Empty'], Next: 'Tell' }],
      Next: 'Large?',
    },
    'Large?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.n', NumericGreaterThan: 100, Next: 'Ask' }],
      Default: 'Each',
    },
    Ask: { Type: 'Wait', Seconds: 60, Next: 'Each' },
    Each: {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemProcessor: {
        StartAt: 'Pack',
        States: { Pack: { Type: 'Task', Resource: FUNCTION, End: true } },
      },
      End: true,
    },
    Tell: { Type: 'Fail', Error: 'Refused' },
  },
};

/** The graph of a run that has come as far as it can without time. */
async function graphAfter(input: Json, work: (input: Json) => Json): Promise<Graph> {
  const run = new MachineRun(MACHINE, { input, work });
  let running = true;
  void run.ended.then(() => {
    running = false;
  });
  await run.settle();
  const events = run.journal.events.map(({ previous, ...event }) => ({
    ...event,
    previousEventId: previous,
  }));
  return graphOf({ definition: MACHINE, events, running });
}

function outcomes(graph: Graph): Record<string, string> {
  return Object.fromEntries(
    graph.states.flatMap(({ name, outcome, visits, inside }) => [
      [name, `${outcome} ${visits}`],
      ...inside.flatMap((inner) => Object.entries(outcomes(inner))),
    ]),
  );
}

describe('the picture of an execution', () => {
  it('says what became of each state, and how often', async () => {
    expect(outcomes(await graphAfter({ n: 1, items: [1, 2] }, (input) => input))).toEqual({
      Check: 'succeeded 1',
      'Large?': 'succeeded 1',
      Ask: 'untouched 0',
      Each: 'succeeded 1',
      Pack: 'succeeded 2',
      Tell: 'untouched 0',
    });
    expect(outcomes(await graphAfter({ n: 101, items: [] }, (input) => input))).toMatchObject({
      'Large?': 'succeeded 1',
      Ask: 'running 1',
      Each: 'untouched 0',
    });
    const caught = await graphAfter({}, () => {
      throw new StateFailed('Empty');
    });
    expect(outcomes(caught)).toMatchObject({ Check: 'caught 1', Tell: 'failed 1' });
    const failed = await graphAfter({ n: 1, items: [1, 2] }, (input) => {
      if (input === 1) throw new StateFailed('Broken');
      return input;
    });
    expect(outcomes(failed)).toMatchObject({ Each: 'failed 1', Pack: 'failed 2' });
  });

  it('marks the ways that were taken', async () => {
    const { states, edges } = await graphAfter({ n: 1, items: [] }, (input) => input);
    const nameOf = (id?: string): string => states.find((state) => state.id === id)?.name ?? '·';
    expect(
      edges.map(({ from, to, label = '', taken }) => [nameOf(from), nameOf(to), label, taken]),
    ).toEqual([
      ['·', 'Check', '', true],
      ['Check', 'Large?', '', true],
      ['Check', 'Tell', 'Empty', false],
      ['Large?', 'Ask', '$.n > 100', false],
      ['Large?', 'Each', 'default', true],
      ['Ask', 'Each', '', false],
      ['Each', '·', '', true],
      ['Tell', '·', '', false],
    ]);
  });

  it('is a Mermaid diagram', async () => {
    const text = mermaid(await graphAfter({ n: 1, items: [1, 2] }, (input) => input));
    expect(text.split('\n').slice(0, 14)).toEqual([
      'stateDiagram-v2',
      '  state "Check" as s1',
      '  state "Large?" as s2',
      '  state "Ask" as s3',
      '  state "Each ✓" as s4 {',
      '    state "Pack ×2" as s6',
      '    [*] --> s6',
      '    s6 --> [*]',
      '  }',
      '  state "Tell" as s5',
      '  [*] --> s1',
      '  s1 --> s2',
      '  s1 --> s5: Empty',
      '  s2 --> s3: $.n › 100',
    ]);
    expect(text).toContain('\n  class s1 succeeded\n');
    expect(text).toContain('\n  class s3 untouched\n');
    expect(text).not.toContain('class s4 ');
  });

  it('is a drawing in which nothing is laid over anything else', async () => {
    const graph = await graphAfter({ n: 1, items: [1] }, (input) => input);
    const text = await svg(graph, { title: 'a <b> & "c"', subtitle: 'one' });
    expect(text).toContain('<title>a &lt;b&gt; &amp; &quot;c&quot;</title>');
    for (const name of ['Check', 'Large?', 'Ask', 'Each · Map', 'Pack', 'Tell']) {
      expect(text).toContain(`>${name}</text>`);
    }
    const boxes = [
      ...text.matchAll(
        /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" rx="8"/g,
      ),
    ].map(
      ([, x, y, width, height]) => [Number(x), Number(y), Number(width), Number(height)] as const,
    );
    expect(boxes).toHaveLength(5);
    for (const [index, [x, y, width, height]] of boxes.entries()) {
      for (const [otherX, otherY, otherWidth, otherHeight] of boxes.slice(index + 1)) {
        const apart =
          x + width <= otherX ||
          otherX + otherWidth <= x ||
          y + height <= otherY ||
          otherY + otherHeight <= y;
        expect(apart).toBe(true);
      }
    }
  });
});
