/** Runs a witness program (the WebAssembly that the circuit compiler writes) and packs what it gives as a .wtns file. */

/** Input signals by name: numbers, field elements, or lists of them. */
export type WitnessInput = Readonly<Record<string, bigint | number | readonly (bigint | number)[]>>;

/** A loaded witness program; one calculation at a time. */
export interface WitnessProgram {
  /** Signals of the witness, the constant 1 included. */
  readonly size: number;
  /** The bytes of a .wtns file. Throws RangeError where no witness exists: the values do not belong together. */
  calculate(input: WitnessInput): Uint8Array<ArrayBuffer>;
}

interface Exports {
  getFieldNumLen32(): number;
  getRawPrime(): void;
  getWitnessSize(): number;
  getInputSize(): number;
  getInputSignalSize(hashHigh: number, hashLow: number): number;
  init(sanityCheck: number): void;
  setInputSignal(hashHigh: number, hashLow: number, index: number): void;
  getWitness(index: number): void;
  readSharedRWMemory(word: number): number;
  writeSharedRWMemory(word: number, value: number): void;
}

/** The platform's WebAssembly; the language's own library does not describe it. */
declare const WebAssembly: {
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<object>;
  instantiate(module: object, imports: Readonly<Record<string, object>>): Promise<{ readonly exports: object }>;
};

/** Magic, version, number of sections; then number and length of the first section. */
const WTNS_HEADER_BYTES = 12 + 12;

/** FNV-1a, 64 bits, of a signal's name: how the program knows its inputs. */
function nameHash(name: string): [high: number, low: number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return [Number(hash >> 32n), Number(hash & 0xffffffffn)];
}

/** Compiles `wasm` once; each calculation after the first takes tens of milliseconds for 12,000 signals. */
export async function loadWitnessProgram(wasm: Uint8Array<ArrayBuffer>): Promise<WitnessProgram> {
  const module = await WebAssembly.compile(wasm);
  const refuse = (code: number): never => {
    throw new RangeError(code === 4 ? "no witness: the values do not satisfy the circuit" : `the witness program stopped with code ${code}`);
  };
  const quiet = () => undefined;
  const runtime = { exceptionHandler: refuse, printErrorMessage: quiet, writeBufferMessage: quiet, showSharedRWMemory: quiet };
  const program = (await WebAssembly.instantiate(module, { runtime })).exports as Exports;
  const words = program.getFieldNumLen32();
  const size = program.getWitnessSize();
  const fieldBytes = words * 4;

  const header = new Uint8Array(WTNS_HEADER_BYTES + 8 + fieldBytes + 12);
  const view = new DataView(header.buffer);
  header.set(new TextEncoder().encode("wtns"));
  const put32 = (at: number, value: number) => {
    view.setUint32(at, value, true);
  };
  put32(4, 2); // version
  put32(8, 2); // sections
  put32(12, 1); // section 1: field and size
  put32(16, 8 + fieldBytes);
  put32(24, fieldBytes);
  program.getRawPrime();
  let prime = 0n;
  for (let word = words - 1; word >= 0; word -= 1) {
    const value = program.readSharedRWMemory(word) >>> 0;
    put32(28 + word * 4, value);
    prime = (prime << 32n) | BigInt(value);
  }
  put32(28 + fieldBytes, size);
  put32(32 + fieldBytes, 2); // section 2: the values
  put32(36 + fieldBytes, size * fieldBytes);

  const setSignal = (name: string, value: WitnessInput[string]): number => {
    const [high, low] = nameHash(name);
    const values = typeof value === "object" ? value : [value];
    if (program.getInputSignalSize(high, low) !== values.length) throw new RangeError(`the circuit has no input ${name} of ${values.length} values`);
    values.forEach((item, index) => {
      let rest = BigInt(item);
      if (rest < 0n || rest >= prime) throw new RangeError(`${name} is not a field element`);
      for (let word = 0; word < words; word += 1) {
        program.writeSharedRWMemory(word, Number(rest & 0xffffffffn));
        rest >>= 32n;
      }
      program.setInputSignal(high, low, index);
    });
    return values.length;
  };

  return {
    size,
    calculate(input) {
      program.init(1);
      let given = 0;
      for (const [name, value] of Object.entries(input)) given += setSignal(name, value);
      if (given !== program.getInputSize()) throw new RangeError(`expected ${program.getInputSize()} input values, got ${given}`);
      const file = new Uint8Array(header.length + size * fieldBytes);
      file.set(header);
      const values = new DataView(file.buffer, header.length);
      for (let index = 0; index < size; index += 1) {
        program.getWitness(index);
        for (let word = 0; word < words; word += 1) values.setUint32(index * fieldBytes + word * 4, program.readSharedRWMemory(word), true);
      }
      return file;
    },
  };
}

/** The values in a .wtns file of 32-byte field elements: those with the given numbers, or all. */
export function witnessValues(wtns: Uint8Array, wanted?: readonly number[]): bigint[] {
  const view = new DataView(wtns.buffer, wtns.byteOffset, wtns.byteLength);
  const from = WTNS_HEADER_BYTES + 8 + 32 + 12;
  const read = (index: number): bigint => {
    let value = 0n;
    for (let word = 3; word >= 0; word -= 1) value = (value << 64n) | view.getBigUint64(from + index * 32 + word * 8, true);
    return value;
  };
  return wanted ? wanted.map(read) : Array.from({ length: (wtns.length - from) / 32 }, (_, index) => read(index));
}
