// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_checkpoint_h
#define lsr_network_checkpoint_h

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  class ZipArchive;

  /**
   * The named tensors of a file without code: safetensors, what torch.save
   * writes of dictionaries of tensors, or .npz. Nothing in such a file is
   * executed: see Pickle.
   */
  struct Checkpoint
  {
    struct Entry
    {
      std::string name;
      at::Tensor  tensor;
    };

    /// "safetensors file", say.
    std::string format;

    /// Whether the entries are in the order in which they were written, which
    /// is that of a PyTorch module; if not, the order means nothing.
    bool is_ordered = false;

    /// Which part of the file this is; empty for all of it.
    std::string origin;

    /// Parts of the file that are no tensors, with what they are.
    std::vector<std::string> others;

    std::vector<Entry> tensors;
  };

  /// The checkpoint in the bytes of a file that is not a zip archive; nothing
  /// if it is none. Throws lsr::Error with @p name in front for a damaged one.
  std::optional<Checkpoint>
  read_checkpoint(const std::string &bytes, const std::string &name);

  /// The same for a zip archive: torch.save or .npz.
  std::optional<Checkpoint>
  read_checkpoint(const ZipArchive &archive, const std::string &name);

  /// Whether there is nothing but arrays of NumPy in the archive.
  bool
  is_npz(const ZipArchive &archive);
} // namespace lsr

#endif
