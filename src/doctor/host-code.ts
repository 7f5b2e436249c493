/** The parts of `process` that code of the host may use. */
type ProcessParts = Pick<NodeJS.Process, 'exit'> & {
  readonly stdout: Pick<NodeJS.WritableStream, 'write'>;
  readonly stderr: Pick<NodeJS.WritableStream, 'write'>;
};

type Write = (text: string, onWritten?: () => void) => void;

/** The outputs and the exit of the process, for the command line alone. */
export interface OwnProcess {
  readonly print: Write;
  readonly printError: Write;
  exit(code?: number): never;
}

/** Code of the host tried to end the process. */
class ProcessExitCalled extends Error {
  override readonly name = 'process.exit was called';
}

/**
 * Takes the outputs and the exit away from the code of the host: from the file of `doctor --config`, and from what it
 * imports. That code may print a secret, or print into the JSON of a script, and its `process.exit(0)` would look like
 * success. What it prints is dropped; its `process.exit` throws.
 */
export function takeProcess(parts: ProcessParts): OwnProcess {
  const own: OwnProcess = {
    print: ownWrite(parts.stdout),
    printError: ownWrite(parts.stderr),
    exit: parts.exit.bind(parts),
  };
  parts.exit = () => {
    throw new ProcessExitCalled('The file of --config must not end the process');
  };
  return own;
}

function ownWrite(stream: ProcessParts['stdout']): Write {
  const write = stream.write.bind(stream);
  stream.write = (...args: unknown[]): boolean => {
    const onWritten = args.at(-1);
    if (typeof onWritten === 'function') process.nextTick(onWritten);
    return true;
  };
  return (text, onWritten) => void write(text, onWritten);
}
