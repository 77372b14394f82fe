/** The image of the services container: moto's server, made in the way of the runtimes' images. */

import type { ImageKind } from './bases.js';

/** Stands where a runtime would. */
export const SERVICES_IMAGE = 'services';

/** Where the server in it listens. */
export const SERVICES_PORT = 5000;

export const SERVICES: ImageKind = {
  id: SERVICES_IMAGE,
  family: 'services',
  publicImage: 'motoserver/moto:5.1.18',
  debian: {
    // Trixie's moto (5.1.1) fails on streams of tables.
    suite: 'forky',
    packages: [
      'ca-certificates',
      'python3-moto',
      'python3-flask',
      'python3-flask-cors',
      // What some services of it cannot be loaded without.
      'python3-joserfc',
      'python3-jsonpath-ng',
      'python3-multipart',
      'python3-pyparsing',
      'python3-yaml',
    ],
  },
};
