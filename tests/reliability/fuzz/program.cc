// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Programs of torch.export (.pt2), by the files in their archives.

#include "fuzz.h"
#include "network/exported_program.h"

LSR_FUZZ(program)
{
  const std::string     image = lsr::make_zip_archive(fuzz::files_in(bytes));
  const lsr::ZipArchive archive(image, "archive");
  if (lsr::is_exported_program(archive))
    lsr::read_exported_program(archive, "archive");
}
