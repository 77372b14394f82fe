/** Where `cdk synth` leaves what it makes; inside lies a file of the folder's own name. */
export const ASSEMBLY = 'cdk.out';
export const MANIFEST = 'manifest.json';
