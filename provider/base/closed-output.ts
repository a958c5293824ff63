/** A reader that has gone (`| head -1`, a closed terminal) must not end the program that writes. */

/** From now on what cannot be written to standard output or standard error, because nobody reads it any more, is dropped. */
export function outliveReaders(streams: readonly NodeJS.WriteStream[] = [process.stdout, process.stderr]): void {
  for (const stream of streams) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED" && error.code !== "EIO") throw error;
    });
  }
}
