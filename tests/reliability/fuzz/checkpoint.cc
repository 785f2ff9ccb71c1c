// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Checkpoints: safetensors and the files of torch.save() before archives, byte
// by byte, or archives (state_dict, .npz) by their files.

#include "network/checkpoint.h"

#include "base/zip_archive.h"
#include "fuzz.h"

LSR_FUZZ(checkpoint)
{
  const auto files = fuzz::files_in(bytes);
  if (files.empty())
    {
      lsr::read_checkpoint(bytes, "weights.safetensors");
      return;
    }
  const std::string     image = lsr::make_zip_archive(files);
  const lsr::ZipArchive archive(image, "archive");
  lsr::read_checkpoint(archive, "archive");
}
