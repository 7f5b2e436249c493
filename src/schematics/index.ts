/** Loaded by the Nest CLI, from the CommonJS build: see schematics/collection.json. */
export { nestAdd } from './nest-add.js';
