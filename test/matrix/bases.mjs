/* The applications that cells share. They are made and installed once, and copied without their packages. */
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { APPLICATIONS } from './cells.mjs';
import { addNudge } from './host.mjs';
import { environment, run } from './processes.mjs';
import { QUIET } from './workshop.mjs';

const NOT_COPIED = new Set(['node_modules', 'dist', 'package-lock.json']);

export class Bases {
  #workshop;
  #made = new Map();
  #extras = new Map();

  constructor(workshop) {
    this.#workshop = workshop;
  }

  /** The application with this package installed. */
  async get(name) {
    if (!this.#made.has(name)) this.#made.set(name, this.#make(name));
    return this.#made.get(name);
  }

  async #make(name) {
    const { folder, tarball, peersOf } = this.#workshop;
    const definition = APPLICATIONS[name];
    await mkdir(join(folder, 'bases'), { recursive: true });
    const application = await this.#workshop.generate(name, definition, join(folder, 'bases'));
    await run('npm', ['install', ...QUIET, tarball, ...(await peersOf(definition.nest))], {
      cwd: application,
    });
    await addNudge(application, definition);
    return application;
  }

  /** Adds packages to a base once. */
  async install(name, packages) {
    const application = await this.get(name);
    const present = this.#extras.get(name) ?? new Set();
    const missing = packages.filter((one) => !present.has(one));
    if (missing.length > 0) await run('npm', ['install', ...QUIET, ...missing], { cwd: application });
    this.#extras.set(name, new Set([...present, ...missing]));
    return application;
  }

  /** A copy of a base for a cell that changes it. Without `ownPackages` it shares the packages of the base. */
  async copy(name, cell, { ownPackages = false } = {}) {
    const application = await this.get(name);
    const copied = join(this.#workshop.folder, 'cells', cell.title.replaceAll(/\W+/g, '-'));
    await cp(application, copied, {
      recursive: true,
      filter: (path) => !NOT_COPIED.has(basename(path)),
    });
    if (!ownPackages) await symlink(join(application, 'node_modules'), join(copied, 'node_modules'));
    return copied;
  }

  /** A new application without this package. */
  async fresh(name, cell) {
    const parent = join(this.#workshop.folder, 'cells', cell.title.replaceAll(/\W+/g, '-'));
    await mkdir(parent, { recursive: true });
    return this.#workshop.generate(name, APPLICATIONS[name], parent);
  }

  /** Runs a program that an application has installed. */
  async run(application, command, args, { node, nodeOptions, more }) {
    const nodeFolder = this.#workshop.nodeFolder(node);
    const env = environment({ nodeFolder, cwd: application, nodeOptions, more });
    return run(command, args, { cwd: application, env });
  }

  /** The version of a package that an application has installed. */
  async version(application, packageName) {
    const manifest = join(application, 'node_modules', packageName, 'package.json');
    return JSON.parse(await readFile(manifest, 'utf8')).version;
  }
}
