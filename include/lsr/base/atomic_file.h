// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_atomic_file_h
#define lsr_base_atomic_file_h

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * Write the file @p path as a whole or not at all.
   *
   * The @p writer fills a stream that goes to a temporary file next to
   * @p path. Only when everything has reached the disk does the temporary file
   * take the place of @p path, in one step: a reader finds the old file or the
   * new one, never a part of it. If anything fails - the folder, the disk, or
   * an exception from @p writer - the temporary file is removed and what was
   * at @p path before stays as it was, permissions included. Where @p path is
   * a symbolic link the file that it leads to is replaced; a device or a pipe
   * is written to directly. What a killed program left of the same file is
   * removed.
   *
   * @code
   * lsr::write_atomically("results/table.txt", [&](std::ostream &out) {
   *   table.write_text(out);
   * });
   * @endcode
   *
   * To be called by one process only.
   *
   * @throw Error with the path and the reason that the operating system gives.
   * Exceptions of @p writer are passed on.
   */
  void
  write_atomically(const std::string                         &path,
                   const std::function<void(std::ostream &)> &writer);

  /**
   * Make sure that files can be written into the folder @p path, which is
   * created, together with the folders above it, where it does not exist. The
   * @p files that will be written there, names without a folder, must not be
   * folders, nor be one of the @p inputs, which would be lost. To be called
   * before long work starts, by one process only.
   *
   * @throw Error with the path and the reason if this cannot be done.
   */
  void
  prepare_output_folder(const std::string              &path,
                        const std::vector<std::string> &files  = {},
                        const std::vector<std::string> &inputs = {});

  /**
   * Make sure that write_atomically() can write the file @p path: its folder is
   * created where it does not exist, and the name is not that of a folder, not
   * too long, and not that of one of the @p inputs, which would be lost. To be
   * called before long work starts, by one process only.
   *
   * @throw Error with the path and the reason if this cannot be done.
   */
  void
  prepare_output_file(const std::string              &path,
                      const std::vector<std::string> &inputs = {});

  /**
   * From now on the signals INT, TERM and HUP, and those of crashes, remove the
   * temporary files of write_atomically(), and write one line to the standard
   * error (of a crash with Timer::current_stage()), before they end the process
   * as they would have done. For programs; signals that have a handler already,
   * or are ignored, are left alone. Called again it puts back what the first
   * call has left, for libraries that start later may have taken handlers away:
   * PETSc does, which deal.II starts with MPI.
   */
  void
  clean_up_on_signals();
} // namespace lsr

#endif
