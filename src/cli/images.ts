/** `orchestrator images`: for each runtime the image it runs in, and what that was made from. */

import type { Command } from './command.js';
import { bytes, duration } from './format.js';
import { EXIT } from './host.js';
import type { ImageStatus } from './parts.js';

export const images: Command = {
  name: 'images',
  summary: 'List runtimes, images and their bases',
  examples: [['images', '']],
  async run({ parts, report, clock }) {
    const { RUNTIMES } = await import('../function/runtimes.js');
    const { SERVICES_IMAGE } = await import('../builder/services-image.js');
    const kinds = [...RUNTIMES.keys(), SERVICES_IMAGE];
    const tools = (await parts.openEngine()).images;
    const built = await tools.list();
    const rows = await Promise.all(
      kinds.map(async (runtime) => {
        const own = built.filter((image) => image.runtime === runtime);
        const base = own.length > 0 ? undefined : await tools.presentBase(runtime);
        return { runtime, images: own, ...(base === undefined ? {} : { presentBase: base }) };
      }),
    );
    // Those of functions that are packaged as one.
    const others = built.filter((image) => !kinds.includes(image.runtime));
    if (others.length > 0) rows.push({ runtime: 'image', images: others });
    if (report.json) {
      report.printJson({ runtimes: rows });
      return EXIT.ok;
    }
    report.table({
      columns: [
        { title: 'RUNTIME' },
        { title: 'IMAGE' },
        { title: 'SIZE', align: 'right' },
        { title: 'AGE', align: 'right' },
        { title: 'BASE' },
      ],
      rows: rows.flatMap(({ runtime, images: own, presentBase }) => {
        if (own.length > 0) return own.map((image) => imageRow(image, clock.now()));
        const base = presentBase === undefined ? '' : `${presentBase.reference} is here`;
        return [[runtime, { text: 'not built', style: report.paint.dim }, '', '', base]];
      }),
    });
    return EXIT.ok;
  },
};

function imageRow(image: ImageStatus, now: number): string[] {
  const { runtime, reference, sizeBytes, createdAtMs, base } = image;
  return [runtime, reference, bytes(sizeBytes), duration(Math.max(0, now - createdAtMs)), base];
}
